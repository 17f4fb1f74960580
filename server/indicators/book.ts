import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { DetectionRule } from '../../rules/rule.ts';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { Log } from '../log.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { BuiltTable } from './build-table.ts';
import type { FromIndicators, IndicatorWork } from './indicator-thread.ts';
import { listFile, sweepListFiles } from './list-files.ts';
import { type ReadList, TLP } from './read/read-list.ts';
import type { IndicatorListRecord } from './record.ts';
import { ruleIdOf, ruleOfList } from './rule-of-list.ts';
import type { IndicatorList, IndicatorLists, ListImport, ListOptions } from './schema.ts';
import type { SharedIndicators } from './watch.ts';

/** The rules that stand for lists, and what they look for. */
export interface IndicatorRules {
  readonly rules: readonly DetectionRule[];
  readonly indicators: SharedIndicators | undefined;
}

/** Lists of indicators: kept in the data folder, built into one table in a thread, in force with the next rules. */
export interface IndicatorBook {
  /** A folder for a file that is sent; what lies there goes with the next start. */
  readonly folder: string;
  current(): IndicatorRules;
  lists(): IndicatorLists;
  /** `discard`: the path is a file that was sent, and goes when it was read. @throws HaidangError `HD_TOO_MANY`, `HD_RECORD_EXISTS` */
  start(request: ListRequest): ListImport;
  /** The import that runs, or the last one. */
  job(): ListImport | undefined;
  cancel(): Promise<ListImport | undefined>;
  /** @throws HaidangError `HD_NOT_FOUND` */
  remove(id: string, by: string): Promise<IndicatorListRecord>;
  /** Who is told that the rules are to be read again. */
  attach(reload: (by: string) => Promise<unknown>): void;
  stop(): Promise<void>;
}

export interface ListRequest {
  readonly options: ListOptions;
  readonly path: string;
  readonly from: string;
  readonly by: string;
  readonly discard: boolean;
}

const DAY_SECONDS = 86_400;
const MOST_LISTS = 200;
const SHOWN_PROBLEMS = 200;
/** JSON is read whole; a table of millions takes hundreds of MiB outside of this. */
const HEAP = { maxOldGenerationSizeMb: 1_536 };

/** Opens the book and builds the table of the lists that are there. */
export async function openIndicators(options: {
  readonly data: string;
  readonly records: RecordStore;
  readonly log: Log;
}): Promise<IndicatorBook> {
  const { data, records, log } = options;
  const view = records.as(SYSTEM);
  let lists = new Map<string, IndicatorListRecord>();
  let problems = new Map<string, string>();
  let rules: IndicatorRules = { rules: [], indicators: undefined };
  let reload: (by: string) => Promise<unknown> = async () => undefined;
  let job: ListImport | undefined;
  let running: Promise<void> = Promise.resolve();
  let worker: Worker | undefined;

  const run = async (work: IndicatorWork, onProgress?: (done: number) => void): Promise<FromIndicators> => {
    const thread = new Worker(new URL('./indicator-thread.ts', import.meta.url), {
      name: 'indicators',
      workerData: work,
      resourceLimits: HEAP,
    });
    worker = thread;
    return new Promise((resolve, reject) => {
      thread.on('message', (message: FromIndicators) => {
        if (message.kind === 'progress') onProgress?.(message.done);
        else if (message.kind === 'failed') reject(new Error(message.reason));
        else resolve(message);
      });
      thread.on('error', reject);
      thread.on('exit', () => reject(new Error('The thread of indicators ended too early.')));
    });
  };
  const build = async (next: ReadonlyMap<string, IndicatorListRecord>): Promise<void> => {
    const ids = [...next.keys()];
    let built: BuiltTable | undefined;
    if (ids.length > 0) {
      const files = [...next].map(([id, { content }]) => listFile(data, id, content));
      const answer = await run({ kind: 'build', files, now: Math.floor(Date.now() / 1_000) });
      if (answer.kind !== 'built') throw new Error('The thread of indicators gave another answer.');
      built = answer.built;
    }
    lists = new Map(next);
    problems = new Map(built?.failed.map(({ list, reason }) => [ids[list] ?? '', reason]));
    for (const [id, reason] of problems) log.error({ list: id, reason }, 'A list of indicators cannot be read.');
    rules = {
      rules: [...next].map(([id, record], place) => ruleOfList(id, record, built?.known[place])),
      indicators: built && { table: built.table, lists: ids },
    };
  };
  const readAll = async (): Promise<Map<string, IndicatorListRecord>> => {
    const page = await view.find('indicator-list', { limit: MOST_LISTS });
    return new Map(page.records.map(({ id, document }) => [id, document]));
  };
  const save = async (id: string, record: IndicatorListRecord): Promise<void> => {
    const before = await view.get('indicator-list', id);
    if (before) await view.replace('indicator-list', id, record, before.version);
    else await view.create('indicator-list', id, record);
  };
  /** Puts other lists in force: the table first, then the rules, and then what nobody reads any more goes. */
  const put = async (next: ReadonlyMap<string, IndicatorListRecord>, by: string): Promise<void> => {
    await build(next);
    await reload(by);
    await sweepListFiles(data, new Set([...next].map(([id, { content }]) => listFile(data, id, content))));
  };

  await build(await readAll());

  const importList = async ({ options: asked, path, by }: ListRequest, id: string, own: ListImport): Promise<void> => {
    const change = (part: Partial<ListImport>): void => {
      if (job?.id === own.id) job = { ...job, ...part };
    };
    const now = Date.now();
    const expires = asked.days === undefined ? 0 : Math.floor(now / 1_000) + asked.days * DAY_SECONDS;
    const defaults = { expires, confidence: asked.confidence ?? 50 };
    const answer = await run({ kind: 'read', data, id, path, format: asked.format, defaults }, (done) =>
      change({ done }),
    );
    if (answer.kind !== 'read') throw new Error('The thread of indicators gave another answer.');
    const { list, format, content } = answer;
    if (list.count === 0) throw new Error(nothingIn(list));
    const record = recordOf(asked, list, { format, content, by, at: new Date(now).toISOString() });
    await save(id, record);
    await put(new Map([...lists, [id, record]]), by);
    const { refused, refusedTotal, skipped, count } = list;
    change({
      state: 'done',
      done: count,
      count,
      refused: refusedTotal,
      skipped,
      problems: refused.slice(0, SHOWN_PROBLEMS),
    });
    log.info({ list: id, count, refused: refusedTotal }, 'A list of indicators is in force.');
  };

  return {
    folder: join(data, 'incoming'),
    current: () => rules,
    lists: () => ({
      lists: [...lists].map(([id, record]) => shown(id, record, problems.get(id))),
      indicators: rules.indicators?.table.count ?? 0,
      bytes: bytesOf(rules.indicators),
    }),
    start(request) {
      if (job?.state === 'running')
        throw new HaidangError('HD_TOO_MANY', `The list "${job.list}" is being imported; cancel it or wait.`, {
          retryAfter: 5,
        });
      const id = request.options.id ?? randomBytes(6).toString('hex');
      if (!lists.has(id) && lists.size >= MOST_LISTS)
        throw new HaidangError('HD_TOO_LARGE', `There are ${MOST_LISTS} lists already; remove one first.`);
      const own: ListImport = {
        id: randomBytes(6).toString('hex'),
        list: id,
        from: request.from,
        state: 'running',
        startedAt: new Date().toISOString(),
        done: 0,
        count: 0,
        refused: 0,
        skipped: 0,
        problems: [],
        error: null,
      };
      job = own;
      running = importList(request, id, own)
        .catch((error: unknown) => {
          if (job?.id !== own.id || job.state !== 'running') return;
          const reason = error instanceof Error ? error.message : String(error);
          job = { ...job, state: 'failed', error: reason };
          log.warn({ list: id, reason }, 'A list of indicators was not imported; the one before it stays.');
        })
        .finally(() => (request.discard ? rm(request.path, { force: true }) : undefined));
      return own;
    },
    job: () => job,
    async cancel() {
      if (job?.state !== 'running') return job;
      job = { ...job, state: 'cancelled' };
      await worker?.terminate();
      await running;
      return job;
    },
    async remove(id, by) {
      await running;
      const record = lists.get(id);
      if (!record) throw new HaidangError('HD_NOT_FOUND', `There is no list "${id}".`);
      await view.remove('indicator-list', id);
      await put(new Map([...lists].filter(([one]) => one !== id)), by);
      return record;
    },
    attach(to) {
      reload = to;
    },
    async stop() {
      await worker?.terminate();
      await running;
    },
  };
}

function nothingIn({ refused, refusedTotal, skipped }: ReadList): string {
  const [first] = refused;
  const why = first ? ` The first of ${refusedTotal} that were refused (${first.at}): ${first.what}` : '';
  return `The file holds no indicator that can be looked for${skipped > 0 ? `; ${skipped} were left out` : ''}.${why}`;
}

function recordOf(
  { name, source, tlp = 'amber', severity = 'high' }: ListOptions,
  list: ReadList,
  made: Pick<IndicatorListRecord, 'format' | 'content' | 'by' | 'at'>,
): IndicatorListRecord {
  const strictest = list.tlp && TLP.indexOf(list.tlp) > TLP.indexOf(tlp) ? list.tlp : tlp;
  const expires = list.lastExpires === 0 ? null : new Date(list.lastExpires * 1_000).toISOString();
  const counted = { count: list.count, refused: list.refusedTotal, skipped: list.skipped };
  return { name, source, severity, tlp: strictest, expires, ...counted, ...made };
}

function shown(id: string, { content: _, ...record }: IndicatorListRecord, problem: string | undefined): IndicatorList {
  return { ...record, id, rule: ruleIdOf(id), problem: problem ?? null };
}

function bytesOf(indicators: SharedIndicators | undefined): number {
  if (!indicators) return 0;
  const { slots, filter, keys, starts, lists, expires, confidence } = indicators.table;
  return [slots, filter, keys, starts, lists, expires, confidence].reduce((sum, { byteLength }) => sum + byteLength, 0);
}
