import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { EventStore, IncomingBatch } from '../../server/store/event-store.ts';
import { DAY_MS, FrameMaker, type Patterns, START } from './store-events.ts';
import { type Answers, askAll, type Waits } from './store-questions.ts';

/** A store that is measured. */
export interface Side {
  readonly name: string;
  readonly events: EventStore;
  /** Batches under way at once. */
  readonly senders: number;
  /** Bytes on disk. */
  bytes(): Promise<number>;
}

/** What a store was like when it had so many events. */
export interface Growth {
  readonly events: number;
  /** Since the figure before. */
  readonly eventsPerSecond: number;
  readonly bytesPerEvent: number;
  readonly milliseconds: Waits;
}

/** What a store did. */
export interface SideFigures {
  readonly stored: number;
  readonly eventsPerSecond: number;
  readonly cpuMicrosecondsPerEvent: number;
  readonly bytesPerEvent: number;
  readonly frameBytesPerEvent: number;
  readonly eventLoopDelayP99Ms: number;
  readonly peakRssMib: number;
  readonly milliseconds: Waits;
  /** At a tenth, half and all of the events. */
  readonly growth: readonly Growth[];
  readonly compaction?: {
    readonly seconds: number;
    readonly cpuMicrosecondsPerEvent: number;
    readonly bytesPerEvent: number;
    readonly milliseconds: Waits;
  };
}

/** Frames made before the clock runs. */
const CHUNK = 60;
const PARTS = [0.1, 0.5, 1];

/** Puts `total` events into a store, and asks; gives what was measured, and what it answered when all was in it. */
export async function measureSide(
  side: Side,
  total: number,
  patterns: Patterns,
): Promise<{ readonly figures: SideFigures; readonly answers: Answers }> {
  const { events, name } = side;
  const maker = new FrameMaker(total, patterns);
  const load = new Load(side);
  const growth: Growth[] = [];
  let answers: Answers = {};
  let before = { made: 0, seconds: 0 };
  let reported = performance.now();
  for (const part of PARTS) {
    while (maker.made < total * part) {
      const frames: IncomingBatch[] = [];
      while (frames.length < CHUNK && maker.made < total * part) frames.push(maker.next());
      await load.append(frames);
      if (performance.now() - reported < 10_000) continue;
      reported = performance.now();
      console.error(`${name}: ${maker.made} of ${total} events, ${Math.round(maker.made / load.seconds)} a second`);
    }
    // The events fill the week evenly: these are the days that are there.
    const until = START + Math.max(DAY_MS, Math.ceil(part * 7) * DAY_MS);
    const asked = await askAll(events, until, part === 1 ? 7 : 3);
    answers = asked.answers;
    growth.push({
      events: maker.made,
      eventsPerSecond: Math.round((maker.made - before.made) / (load.seconds - before.seconds)),
      bytesPerEvent: Math.round((await side.bytes()) / maker.made),
      milliseconds: asked.milliseconds,
    });
    before = { made: maker.made, seconds: load.seconds };
  }
  const stored = (await events.days()).reduce((sum, day) => sum + day.events, 0);
  const last = growth.at(-1) as Growth;
  const figures = {
    stored,
    eventsPerSecond: Math.round(total / load.seconds),
    cpuMicrosecondsPerEvent: Math.round((load.cpuMs / total) * 1e5) / 100,
    bytesPerEvent: last.bytesPerEvent,
    frameBytesPerEvent: Math.round(load.frameBytes / total),
    eventLoopDelayP99Ms: load.delayP99Ms,
    peakRssMib: Math.round(process.resourceUsage().maxRSS / 1024),
    milliseconds: last.milliseconds,
    growth,
    ...(await compacted(side, total)),
  };
  return { figures, answers };
}

/** A store that makes closed days smaller does so, and is asked again. */
async function compacted({ events, bytes }: Side, total: number): Promise<Pick<SideFigures, 'compaction'>> {
  const from = performance.now();
  const cpu = process.cpuUsage();
  let isDone = false;
  for (const { day } of await events.days()) isDone = (await events.compactDay(day)) !== undefined || isDone;
  if (!isDone) return {};
  const used = process.cpuUsage(cpu);
  const seconds = Math.round((performance.now() - from) / 100) / 10;
  const cpuMicrosecondsPerEvent = Math.round((10 * (used.user + used.system)) / total) / 10;
  const bytesPerEvent = Math.round((await bytes()) / total);
  const { milliseconds } = await askAll(events);
  return { compaction: { seconds, cpuMicrosecondsPerEvent, bytesPerEvent, milliseconds } };
}

/** Appends frames, and counts what that costs; making them does not count. */
class Load {
  seconds = 0;
  cpuMs = 0;
  frameBytes = 0;
  readonly #side: Side;
  readonly #delay = monitorEventLoopDelay({ resolution: 5 });

  constructor(side: Side) {
    this.#side = side;
  }

  get delayP99Ms(): number {
    return Math.round(this.#delay.percentile(99) / 1e5) / 10;
  }

  async append(frames: IncomingBatch[]): Promise<void> {
    for (const { body } of frames) this.frameBytes += body.byteLength;
    this.#delay.enable();
    const cpu = process.cpuUsage();
    const from = performance.now();
    const sender = async () => {
      for (let batch = frames.shift(); batch; batch = frames.shift()) {
        const { stored } = await this.#side.events.append(batch);
        if (stored === 0) throw new Error('A frame was not stored.');
      }
    };
    await Promise.all(Array.from({ length: this.#side.senders }, sender));
    this.seconds += (performance.now() - from) / 1_000;
    const used = process.cpuUsage(cpu);
    this.cpuMs += (used.user + used.system) / 1_000;
    this.#delay.disable();
  }
}
