import { zstdDecompressSync } from 'node:zlib';
import { CorrectedClock } from '../../collector/clock.ts';
import { Intake, type Source, unparsed } from '../../collector/intake.ts';
import { Ledger } from '../../collector/ledger.ts';
import type { Log } from '../../collector/log.ts';
import { Spool } from '../../collector/spool/spool.ts';
import type { EcsEvent } from '../../ecs/event.ts';
import { ForgetfulDisk, seeded } from './forgetful-disk.ts';
import { quietLog } from './receiver.ts';

export const FOLDER = '/spool';

/** One start of a spool and its intake on a simulated disk. */
export interface Life {
  readonly spool: Spool;
  readonly intake: Intake;
  readonly ledger: Ledger;
  readonly source: Source;
}

/** Opens what is on the disk, as a start of the collector does. */
export async function live(
  disk: ForgetfulDisk,
  options: { maxBytes?: number; segmentBytes?: number; keepMs?: number; log?: Log } = {},
): Promise<Life> {
  const log = options.log ?? (quietLog() as unknown as Log);
  const spool = await Spool.open({
    folder: FOLDER,
    files: disk.files(),
    segmentBytes: 16_384,
    maxBytes: 1024 ** 3,
    ...options,
    log,
  });
  const ledger = new Ledger(spool.restored);
  const intake = new Intake('c0test01', spool, ledger, new CorrectedClock(), log);
  const source = intake.open('file:/log', (line, now) => ({
    ...unparsed(line, now, 'test'),
    event: { kind: 'event', original: line },
  }));
  return { spool, intake, ledger, source };
}

/** Lines by their numbers, each different. */
export function numberedLines(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `line ${from + i} ${'x'.repeat((from + i) % 90)}`);
}

/** Puts lines to the source, with the position behind them. */
export function put(life: Life, from: number, to: number): void {
  const batch = numberedLines(from, to);
  life.source.put({ lines: batch, empty: 0, bytes: batch.join('\n').length, position: { offset: to } });
}

function readFrame(payload: Buffer): EcsEvent[] {
  const [, ...events] = zstdDecompressSync(payload).toString('utf8').trimEnd().split('\n');
  return events.map((event) => JSON.parse(event) as EcsEvent);
}

/** Takes every frame there is, as the server would: texts by event id. */
export async function deliver(life: Life, received: Map<string, string>): Promise<void> {
  let at = life.spool.acked;
  for (;;) {
    const frame = await life.spool.frameAfter(at);
    if (!frame) return;
    for (const event of readFrame(frame.payload)) received.set(String(event.event.id), String(event.event.original));
    life.spool.ack(frame);
    at = frame.number;
  }
}

/** What is wrong with the counters now; undefined where they balance. */
function imbalance({ ledger }: Life): string | undefined {
  for (const source of ledger.all()) {
    const { durable, read, framed, droppedTotal } = source;
    const dropped = Object.values(durable.dropped).reduce((a, b) => a + b, 0);
    if (read !== framed + droppedTotal) return `read ${read}, in frames ${framed}, dropped ${droppedTotal}`;
    if (durable.read !== durable.spooled + dropped) return `on disk: read ${durable.read}, spooled ${durable.spooled}`;
    if (framed < durable.spooled) return `in frames ${framed}, on disk ${durable.spooled}`;
  }
  return undefined;
}

/** What came of a number of power cuts. */
export interface PowerCutResult {
  readonly cuts: number;
  readonly written: number;
  readonly unique: number;
  readonly doubled: number;
  readonly lost: number;
  /** Broken promises on the way: counters that did not balance, lines announced as spooled and not there. */
  readonly faults: readonly string[];
}

const never = new Promise<never>(() => undefined);
const SLOW_MS = 3_000;

/**
 * Cuts the power at random operations of a disk that forgets what was not synced, `cuts` times and once more to the end;
 * every line must arrive once, and what was announced as spooled must be there after each cut.
 */
export async function cutPower(seed: number, cuts = 25, total = 6_000): Promise<PowerCutResult> {
  const random = seeded(seed * 7_919);
  const disk = new ForgetfulDisk(random);
  const received = new Map<string, string>();
  const faults: string[] = [];
  let made = 0;
  let announced = 0;

  const work = async (isLast: boolean): Promise<'done'> => {
    // With every other seed segments go as soon as they are acknowledged, so that the power also goes in between.
    const alive = await live(disk, seed % 2 === 0 ? { keepMs: -1, segmentBytes: 4_096 } : {});
    const restored = alive.source.ledger;
    if (restored.durable.spooled < announced) faults.push(`${announced} spooled, then ${restored.durable.spooled}`);
    let at = (restored.position as { offset: number } | undefined)?.offset ?? 0;
    if (restored.framed !== at) faults.push(`${restored.framed} counted at position ${at}`);
    while (at < total) {
      if (disk.crashed) return never;
      const to = Math.min(total, at + 1 + Math.floor(random() * 120));
      put(alive, at, to);
      at = to;
      if (random() < 0.5) await alive.intake.flush();
      const wrong = imbalance(alive);
      if (wrong !== undefined) faults.push(wrong);
      announced = restored.durable.spooled;
      if (random() < 0.5) await deliver(alive, received);
    }
    await alive.intake.flush();
    await deliver(alive, received);
    if (!isLast) {
      // All is written before enough cuts: the power goes now, or this life would wait for nothing.
      if (!disk.crashed) disk.crash();
      return never;
    }
    await alive.spool.close();
    return 'done';
  };

  for (let life = 0; life < 16 * cuts; life++) {
    const isLast = made >= cuts;
    disk.crashAt = isLast ? 0 : disk.operations + 1 + Math.floor(random() * 90);
    const cut = new Promise<'cut'>((resolve) => {
      const look = setInterval(() => {
        if (!disk.crashed) return;
        clearInterval(look);
        resolve('cut');
      }, 1);
      setTimeout(() => clearInterval(look), 20_000).unref();
    });
    const slow = isLast ? never : new Promise<'slow'>((resolve) => setTimeout(() => resolve('slow'), SLOW_MS));
    const end = await Promise.race([work(isLast), cut, slow]);
    if (end === 'done') break;
    if (end === 'slow') disk.crash();
    made++;
  }
  const texts = [...received.values()];
  const unique = new Set(texts).size;
  return { cuts: made, written: total, unique, doubled: texts.length - unique, lost: total - unique, faults };
}
