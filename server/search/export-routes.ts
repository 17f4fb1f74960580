import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { questionOf, whileThere } from './asking.ts';
import { CSV_COLUMNS } from './csv.ts';
import { type ExportRequest, type ExportTally, exportText, tooLarge } from './export.ts';
import { ExportQuery } from './schema.ts';

/** Exports under way at once: each keeps a reader of the store busy. */
const MOST_AT_ONCE = { user: 2, all: 6 } as const;
const MOST_COLUMNS = 100;
const TYPES = { csv: 'text/csv; charset=utf-8', ndjson: 'application/x-ndjson; charset=utf-8' } as const;

/** A search as a file. What is taken out, by whom and how much of it, stands in the audit trail. */
export function exportRoutes(app: App, services: Services): void {
  const { events, accounts, log, settings } = services;
  const underWay = new Map<string, number>();

  app.get(
    '/api/v1/events/export',
    {
      config: { access: 'events.export' },
      // A look at the head alone would read everything.
      exposeHeadRoute: false,
      schema: {
        tags: ['search'],
        querystring: ExportQuery,
        response: {
          200: {
            description: 'The events, newest first',
            content: {
              'text/csv': { schema: Type.String() },
              'application/x-ndjson': { schema: Type.String() },
            },
          },
          ...problems(400, 401, 413, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      const { format, fields } = request.query;
      const wanted: ExportRequest = {
        ...questionOf(request.query),
        format,
        columns: columnsOf(fields),
        limit: settings.exportEvents,
      };
      const release = take(underWay, identity.name);
      const { signal, done } = whileThere(request);
      try {
        const { count } = await events.as(identity).count(wanted, signal);
        if (count > wanted.limit) throw tooLarge(wanted.limit, count);
        const id = randomBytes(8).toString('hex');
        const { kql = '' } = request.query;
        await accounts.audit.record({
          actor: identity.name,
          act: 'events.export',
          target: id,
          detail: { kql, ...wanted.range, format, ...(format === 'csv' ? { columns: wanted.columns } : {}) },
        });
        const end = async (tally: ExportTally) => {
          done();
          release();
          const detail = { events: tally.events, whole: tally.whole };
          // The file is out: that its end is not recorded must not make it fail.
          await accounts.audit
            .record({ actor: identity.name, act: 'events.exported', target: id, detail })
            .catch((error: unknown) => log.error({ err: error, export: id, ...detail }, 'an export was not recorded'));
        };
        const name = `haidang-${wanted.range.to.replaceAll(/\D/g, '').slice(0, 14)}.${format}`;
        return await reply
          .type(TYPES[format])
          .header('content-disposition', `attachment; filename="${name}"`)
          // For types, a stream is the text it brings.
          .send(streamOf(services, identity, wanted, signal, end) as unknown as string);
      } catch (error) {
        done();
        release();
        throw error;
      }
    },
  );
}

/** Takes text only as fast as the client does: a stream of one page at most. */
function streamOf(
  { events }: Services,
  identity: Identity,
  wanted: ExportRequest,
  signal: AbortSignal,
  end: (tally: ExportTally) => Promise<void>,
): Readable {
  const tally: ExportTally = { events: 0, whole: false };
  const text = exportText(events.as(identity), wanted, tally, signal);
  const stream = Readable.from(text, { objectMode: false, highWaterMark: 1 });
  stream.once('close', () => end(tally));
  return stream;
}

/** @throws HaidangError `HD_BAD_REQUEST` */
function columnsOf(fields: string | undefined): readonly string[] {
  if (fields === undefined) return CSV_COLUMNS;
  const columns = [...new Set(fields.split(',').map((name) => name.trim()))].filter((name) => name !== '');
  if (columns.length > 0 && columns.length <= MOST_COLUMNS) return columns;
  throw new HaidangError('HD_BAD_REQUEST', `An export has 1 to ${MOST_COLUMNS} columns; list their names by commas.`);
}

/** Counts an export in; gives what counts it out, once. @throws HaidangError `HD_TOO_MANY` */
function take(underWay: Map<string, number>, user: string): () => void {
  const own = underWay.get(user) ?? 0;
  const all = [...underWay.values()].reduce((sum, count) => sum + count, 0);
  if (own >= MOST_AT_ONCE.user || all >= MOST_AT_ONCE.all) {
    throw new HaidangError('HD_TOO_MANY', 'Other exports are under way; wait until one of them has ended.', {
      retryAfter: 10,
    });
  }
  underWay.set(user, own + 1);
  let released = false;
  return () => {
    if (released) return;
    released = true;
    const left = (underWay.get(user) ?? 1) - 1;
    if (left > 0) underWay.set(user, left);
    else underWay.delete(user);
  };
}
