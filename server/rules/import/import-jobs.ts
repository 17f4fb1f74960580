import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { HaidangError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { EventStore } from '../../store/event-store.ts';
import { inParts } from '../../system/in-parts.ts';
import type { RuleRegistry } from '../registry.ts';
import type { FromImport, ImportSetup, ToImport } from './import-thread.ts';
import { ruleFileName, takenFolder } from './imported-files.ts';
import { sampleEvents } from './sample-events.ts';
import type { ImportCounts, ImportJob, ImportReport, ImportRow, TakeOver } from './schema.ts';

/** Imports of rules, one at a time, in a thread of their own: read and judged first, taken over by choice. */
export interface RuleImports {
  /** A folder for a file that is sent; what lies there goes with the next start. */
  readonly folder: string;
  /** @throws HaidangError `HD_TOO_MANY` */
  start(request: ImportRequest): ImportJob;
  /** The one that runs, or the last one. */
  current(): ImportJob | undefined;
  report(question: {
    readonly state?: ImportRow['state'];
    readonly offset: number;
    readonly limit: number;
  }): ImportReport;
  /** Ends the one that runs, or forgets what it found. */
  cancel(): Promise<ImportJob | undefined>;
  /** Moves rules into the data folder and puts them in force, or lays them down as drafts. @throws HaidangError `HD_BAD_REQUEST` */
  take(choice: TakeOver, by: string): Promise<ImportJob>;
  stop(): Promise<void>;
}

export interface ImportRequest {
  readonly path: string;
  /** What people call it. */
  readonly from: string;
  readonly by: string;
  /** The path is a file that was sent, and goes when it was read. */
  readonly discard: boolean;
}

export interface RuleImportsOptions {
  readonly data: string;
  readonly folders: readonly string[];
  readonly registry: Pick<RuleRegistry, 'plain' | 'reload'>;
  readonly events: EventStore;
  readonly log: Log;
}

/** A rule takes some kilobytes; an import of tens of thousands must not take the server with it. */
const HEAP = { maxOldGenerationSizeMb: 768 };
const MOVED_AT_ONCE = 32;

/** Opens the book of imports. */
export function openRuleImports({ data, folders, registry, events, log }: RuleImportsOptions): RuleImports {
  const folder = join(data, 'incoming');
  // Of a process that ended in between: the data folder is this process's alone.
  rmSync(folder, { recursive: true, force: true });
  let job: ImportJob | undefined;
  let rows: readonly ImportRow[] = [];
  let filters: readonly string[] = [];
  let worker: Worker | undefined;
  let ending: AbortController | undefined;
  let staging = '';

  const change = (part: Partial<ImportJob>): void => {
    if (job) job = { ...job, ...part };
  };
  const fail = (error: string): void => {
    if (job?.state !== 'running') return;
    change({ state: 'failed', error });
    log.warn({ from: job?.from, reason: error }, 'An import of rules failed; nothing of it is in force.');
  };
  const feed = async (thread: Worker, signal: AbortSignal): Promise<void> => {
    const send = (message: ToImport): void => thread.postMessage(message);
    let looked = 0;
    await inParts(registry.plain, (some) => send({ kind: 'existing', rules: some }));
    try {
      for await (const some of sampleEvents(events, Date.now(), signal)) {
        looked += some.length;
        await inParts(some, (part) => send({ kind: 'events', events: part }));
        change({ looked });
      }
    } catch (err) {
      log.warn({ err }, 'Stored events could not be looked at for an import of rules.');
    }
    send({ kind: 'no-more' });
  };
  const ready = (found: Extract<FromImport, { kind: 'report' }>): void => {
    ({ rows, filters } = found);
    change({ state: 'ready', counts: countsOf(rows) });
    log.info({ from: job?.from, ...job?.counts }, 'Rules to import are read and judged.');
  };
  const mayBegin = (): void => {
    if (job?.state !== 'running' && job?.state !== 'taking') return;
    throw new HaidangError('HD_TOO_MANY', `An import from ${job.from} is under way; cancel it or wait.`, {
      retryAfter: 5,
    });
  };

  return {
    folder,
    start({ path, from, by, discard }) {
      mayBegin();
      if (staging !== '') rmSync(staging, { recursive: true, force: true });
      const id = randomBytes(6).toString('hex');
      staging = join(folder, `rules-${id}`);
      rows = [];
      filters = [];
      const startedAt = new Date().toISOString();
      const progress = { files: 0, done: 0 };
      job = { id, from, by, startedAt, progress, state: 'running', counts: null, looked: 0, taken: null, error: null };
      const workerData: ImportSetup = { path, from, folders, staging };
      const thread = new Worker(new URL('./import-thread.ts', import.meta.url), {
        name: 'rule-import',
        workerData,
        resourceLimits: HEAP,
      });
      worker = thread;
      const stop = new AbortController();
      ending = stop;
      thread.on('message', (message: FromImport) => {
        if (worker !== thread) return;
        if (message.kind === 'progress') change({ progress: { files: message.files, done: message.done } });
        else if (message.kind === 'sample') void feed(thread, stop.signal);
        else if (message.kind === 'report') ready(message);
        else fail(message.reason);
      });
      thread.on('error', (error) => worker === thread && fail(`The thread of the import failed: ${error.message}`));
      thread.on('exit', () => {
        stop.abort();
        if (discard) void rm(path, { force: true });
        if (worker === thread) fail('The thread of the import ended too early.');
      });
      return job;
    },
    current: () => job,
    report({ state, offset, limit }) {
      const asked = state === undefined ? rows : rows.filter((row) => row.state === state);
      return { total: asked.length, rows: asked.slice(offset, offset + limit) };
    },
    async cancel() {
      if (job?.state !== 'running' && job?.state !== 'ready') return job;
      change({ state: 'cancelled' });
      ending?.abort();
      const before = worker;
      worker = undefined;
      rows = [];
      await before?.terminate();
      await rm(staging, { recursive: true, force: true });
      return job;
    },
    async take({ as, states, ids }, by) {
      if (job?.state !== 'ready')
        throw new HaidangError('HD_BAD_REQUEST', 'There is no import that was read and not taken over yet.');
      const wanted = ids && new Set(ids);
      const chosen = rows.filter(
        ({ state, id }) => states.some((one) => one === state) && id !== null && (wanted?.has(id) ?? true),
      );
      if (chosen.length === 0) throw new HaidangError('HD_BAD_REQUEST', 'None of the rules is of that kind.');
      change({ state: 'taking' });
      try {
        const names = chosen.map(({ id }) => ruleFileName(id ?? ''));
        // A filter works on other rules as soon as it is there: a draft of one would not be one.
        if (as === 'enabled') names.push(...filters.map((id) => ruleFileName(`filter-${id}`)));
        await move(staging, names, takenFolder(data, as), takenFolder(data, as === 'draft' ? 'enabled' : 'draft'));
        await registry.reload(by);
        change({ state: 'taken', taken: { rules: chosen.length, as } });
      } catch (error) {
        change({ state: 'ready' });
        throw error;
      }
      await rm(staging, { recursive: true, force: true });
      return job;
    },
    async stop() {
      ending?.abort();
      await worker?.terminate();
    },
  };
}

function countsOf(rows: readonly ImportRow[]): ImportCounts {
  const counts = { runs: 0, 'no-data': 0, present: 0, refused: 0 };
  for (const { state } of rows) counts[state]++;
  return counts;
}

/** Moves files by name from one folder to another, and deletes what has the same name in a third. */
async function move(from: string, names: readonly string[], to: string, instead: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  const there = new Set(await readdir(instead).catch(() => []));
  for (let at = 0; at < names.length; at += MOVED_AT_ONCE) {
    await Promise.all(
      names.slice(at, at + MOVED_AT_ONCE).map(async (name) => {
        const moved = await rename(join(from, name), join(to, name)).catch(() => access(join(to, name)));
        if (there.has(name)) await rm(join(instead, name), { force: true });
        return moved;
      }),
    );
  }
}
