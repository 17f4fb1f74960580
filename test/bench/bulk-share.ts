import type { IncomingBatch } from '../../server/store/event-store.ts';
import { openOpenSearchStore } from '../../server/store/opensearch/open.ts';
import type { TestNode } from '../server/store/opensearch-node.ts';
import { BareLoop, type BareRequests, bareRequests } from './bare-bulk.ts';

/** What is compared. */
export interface ShareSetup {
  readonly node: TestNode;
  /** All of one day; the first quarter warms up. */
  readonly frames: readonly IncomingBatch[];
  /** The server's clock, milliseconds. */
  readonly now: number;
  readonly rounds: number;
  /** Frames that collectors send at the same time. */
  readonly senders: number;
}

/** CPU of this process, and of the node, for one event. */
interface Figures {
  readonly perSecond: number;
  readonly own: number;
  readonly node: number;
}

/** Medians of a way to write. */
export interface WayFigures {
  readonly eventsPerSecond: number;
  readonly cpuMicrosecondsPerEvent: { readonly own: number; readonly node: number };
}

/** The store's way beside bare loops. */
export interface ShareFigures {
  readonly events: number;
  readonly rounds: number;
  readonly store: WayFigures;
  readonly bare: Readonly<Record<string, WayFigures>>;
  /** Of the medians, against the better of the bare loops. */
  readonly bulkShareOfBare: number;
  /** The median of what each round gave, against the better one of that round. */
  readonly medianShareOfRounds: number;
  /** What store and bare loop cost the processors, both processes: how much of the bare loop's cost the store's is, turned over. */
  readonly cpuShareOfBare: number;
}

/** Bulk requests of a bare loop under way at once. */
const BARE_LANES = [2, 4];
const quiet = { info: () => {}, warn: console.error, error: console.error };

/** Measures the store's way and the bare loops in turns, so that a busy machine slows all of them. */
export async function measureShare(setup: ShareSetup): Promise<ShareFigures> {
  const { frames, now, rounds } = setup;
  const warm = Math.ceil(frames.length / 4);
  const requests = { warm: bareRequests(frames.slice(0, warm), now), rest: bareRequests(frames.slice(warm), now) };
  const ways = new Ways(setup, requests, warm);
  const found = { store: [] as Figures[], bare: BARE_LANES.map(() => [] as Figures[]) };
  const shares: number[] = [];
  // A node that was just started is slow: the first round does not count.
  for (let round = 0; round <= rounds; round++) {
    const before = await ways.bare(BARE_LANES[round % 2] as number);
    const store = await ways.store();
    const after = await ways.bare(BARE_LANES[(round + 1) % 2] as number);
    console.error([before, store, after].map(({ perSecond }) => Math.round(perSecond)).join(' '));
    if (round === 0) continue;
    found.bare[round % 2]?.push(before);
    found.bare[(round + 1) % 2]?.push(after);
    found.store.push(store);
    shares.push(store.perSecond / Math.max(before.perSecond, after.perSecond));
  }
  const store = summary(found.store);
  const bare = found.bare.map(summary);
  const best = Math.max(...bare.map(({ eventsPerSecond }) => eventsPerSecond));
  const cost = ({ cpuMicrosecondsPerEvent: { own, node } }: WayFigures) => own + node;
  return {
    events: requests.rest.events,
    rounds,
    store,
    bare: Object.fromEntries(BARE_LANES.map((lanes, at) => [`lanes${lanes}`, bare[at] as WayFigures])),
    bulkShareOfBare: thousandths(store.eventsPerSecond / best),
    medianShareOfRounds: thousandths(median(shares)),
    cpuShareOfBare: thousandths(Math.min(...bare.map(cost)) / cost(store)),
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

  async bare(lanes: number): Promise<Figures> {
    const { warm, rest } = this.#requests;
    const loop = new BareLoop(this.#setup.node.url, this.#prefix(), rest.day);
    await loop.open();
    try {
      await loop.run(warm, lanes);
      return await this.#measured(() => loop.run(rest, lanes));
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

  #prefix(): string {
    return `haidang-bench-${process.pid}-${++this.#run}`;
  }

  async #measured(work: () => Promise<unknown>): Promise<Figures> {
    const { events } = this.#requests.rest;
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

function summary(figures: readonly Figures[]): WayFigures {
  const rounded = (of: (one: Figures) => number) => Math.round(median(figures.map(of)) * 10) / 10;
  return {
    eventsPerSecond: Math.round(median(figures.map(({ perSecond }) => perSecond))),
    cpuMicrosecondsPerEvent: { own: rounded(({ own }) => own), node: rounded(({ node }) => node) },
  };
}

function thousandths(figure: number): number {
  return Math.round(figure * 1_000) / 1_000;
}
