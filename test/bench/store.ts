/**
 * The store with many events: how fast it appends, what they take, how long an analyst waits, and how that grows. Events are
 * real ones where `../shared/data` lies beside the project, else written here, each made different: seven days, 150
 * agencies, 3,000 hosts, 20,000 addresses. With `--opensearch` the same events and questions go to an OpenSearch node as
 * well (`OPENSEARCH_URL`, else one is started), and its bulk path is compared with a bare bulk loop. Prints one JSON document;
 * each part is told on standard error as soon as it is measured.
 * Usage: npm run bench:store [-- EVENTS [FOLDER] [--opensearch]]
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { utcDay } from '../../ecs/event-id.ts';
import { openEmbeddedStore } from '../../server/store/embedded/open.ts';
import type { IncomingBatch } from '../../server/store/event-store.ts';
import { openOpenSearchStore } from '../../server/store/opensearch/open.ts';
import { startOpenSearch, type TestNode } from '../server/store/opensearch-node.ts';
import { measureShare, type ShareFigures } from './bulk-share.ts';
import { divideCores } from './divide-cores.ts';
import { END, FrameMaker, patterns, START } from './store-events.ts';
import { type Answers, compareAnswers } from './store-questions.ts';
import { measureSide, type SideFigures } from './store-side.ts';

const { values, positionals } = parseArgs({
  options: { opensearch: { type: 'boolean', default: Boolean(process.env['OPENSEARCH_URL']) } },
  allowPositionals: true,
});
const total = Math.max(10_000, Number(positionals[0] ?? 1_000_000));
const given = positionals[1];
/** Events of one day for the comparison with the bare loop. */
const SHARE_EVENTS = Math.min(60_000, total);
const SHARE_ROUNDS = 4;
/** On a machine that is busy with more than this, fewer rounds. */
const SHARE_SECONDS = 240;
const quiet = { info: () => {}, warn: console.error, error: console.error };
const limits = { milliseconds: 60_000 };
const sources = patterns();

interface Measured {
  readonly figures: SideFigures & { readonly dayDropMs: number; readonly loading?: object };
  readonly answers: Answers;
}

/** While events are loaded nobody searches: the cluster makes nothing ready for that; the store does before each question. */
const LOADING = { refresh: 'off', replicas: 0, shards: 1, durability: 'request' };

async function embedded(): Promise<Measured> {
  const folder = given ?? (await mkdtemp(join(tmpdir(), 'haidang-bench-')));
  const { events, records } = await openEmbeddedStore({ folder, log: quiet, now: () => END, limits });
  const files = () => readdirSync(join(folder, 'events')).map((name) => join(folder, 'events', name));
  const bytes = async () => files().reduce((sum, file) => sum + statSync(file).size, 0);
  try {
    const { figures, answers } = await measureSide({ name: 'embedded', events, senders: 16, bytes }, total, sources);
    const dayDropMs = await timedDrop(() => events.deleteDay(utcDay(START)));
    return { figures: { ...figures, dayDropMs }, answers };
  } finally {
    await events.close();
    await records.close();
    if (!given) rmSync(folder, { recursive: true });
  }
}

async function openSearch(node: TestNode): Promise<Measured> {
  const prefix = `haidang-bench-${process.pid}`;
  const { events, records } = await openOpenSearchStore({
    url: node.url,
    prefix,
    log: quiet,
    now: () => END,
    limits,
    events: { shards: LOADING.shards, replicas: LOADING.replicas, settings: { refresh_interval: '-1' } },
  });
  const bytes = async () => {
    await node.ask('POST', `/${prefix}-*/_flush`);
    const { body } = await node.ask('GET', `/${prefix}-*/_stats/store`);
    return (body as { _all: { total: { store: { size_in_bytes: number } } } })._all.total.store.size_in_bytes;
  };
  try {
    const { figures, answers } = await measureSide({ name: 'opensearch', events, senders: 16, bytes }, total, sources);
    const dayDropMs = await timedDrop(() => events.deleteDay(utcDay(START)));
    return { figures: { ...figures, loading: LOADING, dayDropMs }, answers };
  } finally {
    await Promise.all([events.close(), records.close()]);
    await node.ask('DELETE', `/${prefix}-*`);
    await node.ask('DELETE', `/_index_template/${prefix}-events`);
  }
}

async function share(node: TestNode): Promise<ShareFigures> {
  // A week so full that so many frames are of its first day.
  const maker = new FrameMaker(SHARE_EVENTS * 8, sources);
  const frames: IncomingBatch[] = [];
  while (maker.made < SHARE_EVENTS) frames.push(maker.next());
  return measureShare({ node, frames, now: END, rounds: SHARE_ROUNDS, seconds: SHARE_SECONDS, senders: 16 });
}

async function timedDrop(drop: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await drop();
  return Math.round((performance.now() - from) * 10) / 10;
}

const figures: Record<string, unknown> = { events: total, of: sources.from };
/** Each part is told as it is measured, and what there is where the run is broken off. */
const note = (name: string, part: unknown) => {
  figures[name] = part;
  console.error(JSON.stringify({ [name]: part }));
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    console.log(JSON.stringify({ ...figures, brokenOff: true }));
    process.exit(1);
  });
}
const own = await embedded();
note('embedded', own.figures);
if (values.opensearch) {
  const node = await startOpenSearch();
  try {
    const other = await openSearch(node);
    note('opensearch', other.figures);
    note('answers', compareAnswers(own.answers, other.answers));
    const compared = await share(node);
    note('bulk', compared);
    figures['bulkShareOfBare'] = compared.bulkShareOfBare;
    try {
      await divideCores(node);
      note('bulkWithOwnCores', await share(node));
    } catch (error) {
      note('bulkWithOwnCores', String(error));
    }
  } finally {
    await node.stop();
  }
}
console.log(JSON.stringify(figures));
