import type { IncomingBatch } from '../../server/store/event-store.ts';
import { LANES } from '../../server/store/opensearch/cluster.ts';
import { openOpenSearchStore } from '../../server/store/opensearch/open.ts';
import type { TestNode } from '../server/store/opensearch-node.ts';
import { BareLoop, type BareRequests, bareRequests } from './bare-bulk.ts';

/** What is compared. */
export interface ShareSetup {
  readonly node: TestNode;
  /** All of one day; the first third fills the index before the clock runs. */
  readonly frames: readonly IncomingBatch[];
  /** The server's clock, milliseconds. */
  readonly now: number;
  readonly rounds: number;
  /** After these no round is begun; half as long again for warming up at the most. */
  readonly seconds: number;
  /** Frames that collectors send at the same time. */
  readonly senders: number;
}

/** One run: CPU is that of this process, and of the node, for one event, microseconds. */
interface Figures {
  readonly perSecond: number;
  readonly own: number;
  readonly node: number;
}

/** Medians of a way to write. */
export interface WayFigures {
  readonly eventsPerSecond: number;
  readonly cpuMicrosecondsPerEvent: { readonly own: number; readonly node: number };
  /** Processors that both kept busy: of as many as the machine has, where neither waited for the other, nor for others. */
  readonly processorsBusy: number;
  /** Those that the node kept busy: of as many as it has, where it had work all the time. */
  readonly nodeBusy: number;
}

/** The store's way beside a bare loop. */
export interface ShareFigures {
  readonly events: number;
  readonly rounds: number;
  readonly store: WayFigures;
  readonly bare: WayFigures;
  /** Of events a second: the median of what each round gave. */
  readonly bulkShareOfBare: number;
  readonly sharesOfRounds: readonly number[];
  /** The same of CPU, both processes: the bare loop's cost as a share of the store's. */
  readonly cpuShareOfBare: number;
  /** The same of the node's CPU alone. */
  readonly nodeCpuShareOfBare: number;
}

/** Longest wait for merges, milliseconds. */
const MERGE_MS = 30_000;
const quiet = { info: () => {}, warn: console.error, error: console.error };

/** Rounds before the first that counts, at the least and at the most: a node that was just started gets faster for minutes. */
const WARM_ROUNDS = { least: 2, most: 5 };
/** From one round to the next the node's CPU for an event changed by less: it is warm. */
const STEADY = 0.05;

/**
 * Measures the store's way and the bare loop, as many requests at once by both. A round is bare, store, store, bare: what
 * drifts evenly, as a node that still gets faster or a machine that gets busier, falls on both alike.
 */
export async function measureShare(setup: ShareSetup): Promise<ShareFigures> {
  const { frames, now } = setup;
  const warm = Math.ceil(frames.length / 3);
  const requests = { warm: bareRequests(frames.slice(0, warm), now), rest: bareRequests(frames.slice(warm), now) };
  const ways = new Ways(setup, requests, warm);
  const tell = (round: number | string, bare: Figures, store: Figures) =>
    console.error(JSON.stringify({ round, bare: rounded(bare), store: rounded(store) }));
  const begun = performance.now();
  let before = Number.POSITIVE_INFINITY;
  for (let round = 1; round <= WARM_ROUNDS.most; round++) {
    const bare = await ways.bare();
    const store = await ways.store();
    tell(`warm ${round}`, bare, store);
    const cost = (bare.node + store.node) / 2;
    const isSteady = Math.abs(before / cost - 1) < STEADY;
    before = cost;
    const isLate = performance.now() - begun > (setup.seconds * 1_000) / 2;
    if ((round >= WARM_ROUNDS.least && isSteady) || isLate) break;
  }
  const found = { store: [] as Figures[], bare: [] as Figures[] };
  const until = performance.now() + setup.seconds * 1_000;
  for (let round = 1; round <= setup.rounds && (round === 1 || performance.now() < until); round++) {
    const first = await ways.bare();
    const store = together(await ways.store(), await ways.store());
    const bare = together(first, await ways.bare());
    tell(round, bare, store);
    found.bare.push(bare);
    found.store.push(store);
  }
  const [store, bare] = [summary(found.store), summary(found.bare)];
  const perRound = (share: (store: Figures, bare: Figures) => number) => {
    const shares = found.store.map((one, at) => share(one, found.bare[at] as Figures));
    return { median: thousandths(median(shares)), all: shares.map(thousandths) };
  };
  const shares = perRound((own, other) => own.perSecond / other.perSecond);
  return {
    events: requests.rest.events,
    rounds: found.store.length,
    store,
    bare,
    bulkShareOfBare: shares.median,
    sharesOfRounds: shares.all,
    cpuShareOfBare: perRound((own, other) => (other.own + other.node) / (own.own + own.node)).median,
    nodeCpuShareOfBare: perRound((own, other) => other.node / own.node).median,
  };
}

/** Two runs of one way as one: as long as both. */
function together(one: Figures, other: Figures): Figures {
  const middle = (of: (figures: Figures) => number) => (of(one) + of(other)) / 2;
  return {
    perSecond: 2 / (1 / one.perSecond + 1 / other.perSecond),
    own: middle(({ own }) => own),
    node: middle(({ node }) => node),
  };
}

class Ways {
  readonly #setup: ShareSetup;
  readonly #requests: { readonly warm: BareRequests; readonly rest: BareRequests };
  readonly #warm: number;
  #run = 0;

  constructor(setup: ShareSetup, requests: { warm: BareRequests; rest: BareRequests }, warm: number) {
    this.#setup = setup;
    this.#requests = requests;
    this.#warm = warm;
  }

  async bare(): Promise<Figures> {
    const { warm, rest } = this.#requests;
    const loop = new BareLoop(this.#setup.node.url, this.#prefix(), rest.day);
    await loop.open();
    try {
      await loop.run(warm, LANES);
      return await this.#measured(() => loop.run(rest, LANES));
    } finally {
      await loop.close();
    }
  }

  async store(): Promise<Figures> {
    const { node, frames, now, senders } = this.#setup;
    const prefix = this.#prefix();
    const options = { url: node.url, prefix, log: quiet, now: () => now };
    const { events, records } = await openOpenSearchStore(options);
    const send = (some: readonly IncomingBatch[]) => {
      const queue = [...some];
      const sender = async () => {
        for (let frame = queue.shift(); frame; frame = queue.shift()) await events.append(frame);
      };
      return Promise.all(Array.from({ length: senders }, sender));
    };
    try {
      await send(frames.slice(0, this.#warm));
      const figures = await this.#measured(() => send(frames.slice(this.#warm)));
      const stored = (await events.recount(0)).reduce((sum, source) => sum + source.stored, 0);
      const expected = this.#requests.warm.events + this.#requests.rest.events;
      if (stored !== expected) throw new Error(`${stored} of ${expected} events are stored.`);
      return figures;
    } finally {
      await Promise.all([events.close(), records.close()]);
      await node.ask('DELETE', `/${prefix}-*`);
      await node.ask('DELETE', `/_index_template/${prefix}-events`);
    }
  }

  /** Waits until nothing of what was written before is still being merged: that would be counted to what comes. */
  async #merged(): Promise<void> {
    const until = performance.now() + MERGE_MS;
    for (;;) {
      const { body } = await this.#setup.node.ask('GET', '/_stats/merge');
      const { current } = (body as { _all: { total: { merges: { current: number } } } })._all.total.merges;
      if (current === 0 || performance.now() > until) return;
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  #prefix(): string {
    return `haidang-bench-${process.pid}-${++this.#run}`;
  }

  async #measured(work: () => Promise<unknown>): Promise<Figures> {
    const { events } = this.#requests.rest;
    await this.#merged();
    const cpu = process.cpuUsage();
    const nodeBefore = await nodeCpu(this.#setup.node);
    const from = performance.now();
    await work();
    const seconds = (performance.now() - from) / 1_000;
    const used = process.cpuUsage(cpu);
    const nodeUsed = (await nodeCpu(this.#setup.node)) - nodeBefore;
    return { perSecond: events / seconds, own: (used.user + used.system) / events, node: nodeUsed / events };
  }
}

/** CPU time of a node, microseconds. */
async function nodeCpu(node: TestNode): Promise<number> {
  const { body } = await node.ask('GET', '/_nodes/stats/process');
  const nodes = Object.values(body['nodes'] as Record<string, { process: { cpu: { total_in_millis: number } } }>);
  return nodes.reduce((sum, one) => sum + one.process.cpu.total_in_millis * 1_000, 0);
}

function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

function rounded({ perSecond, own, node }: Figures): WayFigures {
  const tenths = (figure: number) => Math.round(figure * 10) / 10;
  return {
    eventsPerSecond: Math.round(perSecond),
    cpuMicrosecondsPerEvent: { own: tenths(own), node: tenths(node) },
    processorsBusy: thousandths((perSecond * (own + node)) / 1e6),
    nodeBusy: thousandths((perSecond * node) / 1e6),
  };
}

function summary(figures: readonly Figures[]): WayFigures {
  const middle = (of: (one: Figures) => number) => median(figures.map(of));
  const ways = { perSecond: middle(({ perSecond }) => perSecond), own: middle(({ own }) => own) };
  const busy = middle(({ perSecond, own, node }) => (perSecond * (own + node)) / 1e6);
  const nodeBusy = middle(({ perSecond, node }) => (perSecond * node) / 1e6);
  const both = { processorsBusy: thousandths(busy), nodeBusy: thousandths(nodeBusy) };
  return { ...rounded({ ...ways, node: middle(({ node }) => node) }), ...both };
}

function thousandths(figure: number): number {
  return Math.round(figure * 1_000) / 1_000;
}
