import { HaidangError } from '../errors.ts';
import type { App, Services } from '../services.ts';
import type { Versioned } from '../store/record-store.ts';
import { problems } from '../system/answers.ts';
import type { AuditRecord } from './record.ts';
import { type AuditEntry, AuditPage, AuditQuery } from './schema.ts';

/** Pages looked through for one answer: a rare act is found over several questions, each of them short. */
const MOST_PAGES = 10;

/** Reading the audit log. There is no route that changes it. */
export function auditRoutes(app: App, { records }: Services): void {
  app.get(
    '/api/v1/audit',
    {
      config: { access: 'audit.read' },
      schema: {
        tags: ['audit'],
        querystring: AuditQuery,
        response: { 200: AuditPage, ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      if (identity.agencies !== 'all')
        throw new HaidangError(
          'HD_FORBIDDEN',
          'The audit log tells of all agencies; this takes an account that sees all.',
        );
      const { actor, act, from, to, limit = 100 } = request.query;
      const [begin, end] = [timeOf(from, '0000'), timeOf(to, '9999')];
      const view = records.as(identity);
      const entries: AuditEntry[] = [];
      let after = request.query.after;
      for (let pages = 0; pages < MOST_PAGES && entries.length < limit; pages++) {
        const page = await view.find('audit', {
          ...(actor === undefined ? {} : { where: { actor: [actor] } }),
          orderBy: { field: 'at', descending: true },
          limit: limit - entries.length,
          ...(after === undefined ? {} : { after }),
        });
        const fitting = page.records.filter(({ document }) => fits(document, act) && within(document.at, begin, end));
        entries.push(...fitting.map(entryOf));
        after = page.next ?? undefined;
        const last = page.records.at(-1)?.document.at;
        if (after === undefined || (last !== undefined && last < begin)) return { entries, next: null };
      }
      return { entries, next: after ?? null };
    },
  );
}

function fits({ act }: AuditRecord, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  return act === wanted || act.startsWith(wanted.endsWith('.') ? wanted : `${wanted}.`);
}

function within(at: string, begin: string, end: string): boolean {
  return at >= begin && at < end;
}

/** @throws HaidangError `HD_TIME_RANGE` */
function timeOf(text: string | undefined, otherwise: string): string {
  if (text === undefined) return otherwise;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new HaidangError('HD_TIME_RANGE', `"${text}" is no time like 2026-11-22T08:00:00Z.`);
  return new Date(time).toISOString();
}

function entryOf({ id, document }: Versioned<AuditRecord>): AuditEntry {
  const { at, actor, act, target, detail, chain, number } = document;
  const place = chain === undefined || number === undefined ? {} : { chain, number };
  return { id, at, actor, act, target, detail: { ...detail }, ...place };
}
