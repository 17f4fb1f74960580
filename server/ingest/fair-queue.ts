import { HaidangError } from '../errors.ts';
import { RoundRobin, type Waiting } from './round-robin.ts';

/** Bounds of the queue; batches, events, milliseconds. */
export interface QueueBounds {
  /** Batches that wait; past it the newest of who keeps most waiting is sent back. */
  readonly waiting: number;
  /** With the store at the same time: enough to keep it busy, and few, as nobody overtakes what is there. */
  readonly batchesAtStore: number;
  readonly eventsAtStore: number;
  /** What a collector, and an agency, may spend at each visit; events. */
  readonly quantum: number;
}

/** How long the batches of one collector waited since the start. */
export interface QueueWait {
  readonly agency: string;
  readonly batches: number;
  readonly seconds: number;
  /** Sent back with 429. */
  readonly sentBack: number;
}

/** Who a batch is from, how many events it has, and how much they weigh. */
export interface QueuePlace {
  readonly agency: string;
  readonly collector: string;
  readonly events: number;
  readonly bytes: number;
  /** 2 gets twice the share of 1. */
  readonly weight: number;
}

/** Lets batches to the store in a fair order. */
export interface FairQueue {
  /**
   * Begins the work when its turn has come, and gives what it gives. Works of one collector begin in the order of the
   * calls. @throws HaidangError `HD_TOO_MANY` where it has to make room
   */
  run<T>(place: QueuePlace, work: () => Promise<T>): Promise<T>;
  /** Notes that a batch was sent back before it came here. */
  sentBack(place: Pick<QueuePlace, 'agency' | 'collector'>): void;
  /** Batches that wait now. */
  readonly waiting: number;
  waits(): ReadonlyMap<string, QueueWait>;
}

/** The bounds in use. */
export const QUEUE_BOUNDS: QueueBounds = {
  waiting: 256,
  batchesAtStore: 40,
  eventsAtStore: 16_000,
  quantum: 2_000,
};

/** Each batch takes some time of its own, and large events take longer. */
const BATCH_COST = 20;
const BYTES_AN_EVENT = 100;
const MOST_COST = 50_000;
/** Collectors give a request up after 30 seconds: nobody should wait longer for the store than about half of it. */
const LONGEST_WAIT_SECONDS = 10;
/** So many events may wait with any store. */
const LEAST_QUEUED = 10_000;
const RATE_OVER_MS = 1_000;

interface Job extends Waiting {
  /** Events, with what the batch costs of its own. */
  readonly size: number;
  readonly at: number;
  begin(): void;
  refuse(error: HaidangError): void;
}

/**
 * A queue before the store. `mayGo` says whether the store should get more now, and is asked again by `wake`; while it
 * says no, what is with the store goes on.
 */
export function createFairQueue(
  bounds: QueueBounds,
  now: () => number,
  mayGo: () => boolean = () => true,
): FairQueue & { wake(): void } {
  const ring = new RoundRobin<Job>(bounds.quantum);
  const totals = new Map<string, { agency: string; batches: number; milliseconds: number; sentBack: number }>();
  let batches = 0;
  let events = 0;
  let queued = 0;
  const rate = measureRate(now);

  const totalOf = (collector: string, agency: string) => {
    const known = totals.get(collector) ?? { agency, batches: 0, milliseconds: 0, sentBack: 0 };
    totals.set(collector, known);
    return known;
  };
  const wake = () => {
    while (batches < bounds.batchesAtStore && events < bounds.eventsAtStore && ring.size > 0 && mayGo()) {
      ring.take()?.begin();
    }
  };
  /** Whether more wait than the store will take in time, as fast as it was of late. */
  const isTooLong = () =>
    ring.size > bounds.waiting ||
    queued > Math.max(LEAST_QUEUED, (rate.perSecond() ?? Infinity) * LONGEST_WAIT_SECONDS);
  return {
    wake,
    run: (place, work) =>
      new Promise((resolve, reject) => {
        const { agency, collector, weight } = place;
        const size = Math.max(1, place.events, place.bytes / BYTES_AN_EVENT) + BATCH_COST;
        const total = totalOf(collector, agency);
        const job: Job = {
          agency,
          collector,
          cost: Math.min(MOST_COST, Math.max(1, size / weight)),
          size,
          at: now(),
          begin() {
            batches++;
            events += size;
            queued -= size;
            total.batches++;
            total.milliseconds += Math.max(0, now() - job.at);
            const done = () => {
              batches--;
              events -= size;
              rate.done(size);
              wake();
            };
            work().then(
              (value) => {
                resolve(value);
                done();
              },
              (error) => {
                reject(error);
                done();
              },
            );
          },
          refuse: reject,
        };
        if (batches === 0 && ring.size === 0) rate.begin();
        queued += size;
        ring.add(job);
        // First to the store: nobody is sent back from a queue that is about to move.
        wake();
        if (!isTooLong()) return;
        const last = ring.takeFromLongest();
        if (!last) return;
        queued -= last.size;
        totalOf(last.collector, last.agency).sentBack++;
        const what = 'Too many batches wait for the store, and most of them are of this agency.';
        last.refuse(new HaidangError('HD_TOO_MANY', what, { retryAfter: 1 }));
      }),
    sentBack: ({ agency, collector }) => void totalOf(collector, agency).sentBack++,
    get waiting() {
      return ring.size;
    },
    waits: () =>
      new Map(
        [...totals].map(([collector, { milliseconds, ...rest }]) => [
          collector,
          { ...rest, seconds: milliseconds / 1_000 },
        ]),
      ),
  };
}

/** Events per second that the store takes, measured while it has something to do. */
function measureRate(now: () => number) {
  let since = now();
  let events = 0;
  let known: number | undefined;
  return {
    begin() {
      since = now();
      events = 0;
    },
    done(size: number) {
      events += size;
      const passed = now() - since;
      if (passed < RATE_OVER_MS) return;
      const latest = (1_000 * events) / passed;
      known = known === undefined ? latest : (known + latest) / 2;
      since = now();
      events = 0;
    },
    perSecond: () => known,
  };
}
