import { statfs as statfsOf } from 'node:fs/promises';
import type { Log } from '../log.ts';

export type DiskState = 'ok' | 'warning' | 'stopped';

/** Fill of the disk under the store; bytes. */
export interface DiskFill {
  readonly path: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly usedPercent: number;
  readonly state: DiskState;
  /** At the rate of the last day; null where nothing is known yet, or nothing grows. */
  readonly daysLeft: number | null;
}

export interface DiskWatch {
  state(): DiskFill;
  /** Looks now; for tests, and before a decision that must not be late. */
  check(): Promise<DiskFill>;
  stop(): void;
}

export interface DiskOptions {
  readonly path: string;
  /** Default 85: warn. */
  readonly warnPercent?: number;
  /** Default 95: take no more events, so that triage keeps working. */
  readonly stopPercent?: number;
  readonly log: Log;
  /** Bytes and events by id day, from the store: tells how fast it grows. */
  readonly days: () => Promise<readonly { readonly day: string; readonly bytes: number }[]>;
  readonly statfs?: (path: string) => Promise<{ bsize: number; blocks: number; bfree: number; bavail: number }>;
  readonly now?: () => number;
  /** Milliseconds between looks; default 5,000. */
  readonly every?: number;
}

const DAY_MS = 86_400_000;
const GROWTH_EVERY_MS = 60_000;
/** Below a threshold by this many points before a state is left: no flapping at the border. */
const BACK_OFF_POINTS = 0.5;

/** Watches the disk; the state changes at the thresholds, and is logged once at each change. */
export async function watchDisk(options: DiskOptions): Promise<DiskWatch> {
  const { path, log } = options;
  const warnPercent = options.warnPercent ?? 85;
  const stopPercent = options.stopPercent ?? 95;
  const now = options.now ?? Date.now;
  const statfs = options.statfs ?? ((at: string) => statfsOf(at));
  let fill: DiskFill = { path, totalBytes: 0, freeBytes: 0, usedPercent: 0, state: 'ok', daysLeft: null };
  let growth: number | undefined;
  let growthAt = Number.NEGATIVE_INFINITY;

  const check = async (): Promise<DiskFill> => {
    try {
      const { bsize, blocks, bfree, bavail } = await statfs(path);
      if (now() - growthAt >= GROWTH_EVERY_MS) {
        growthAt = now();
        growth = growthPerDay(await options.days(), now());
      }
      // As `df` counts: what only root may use is not free to us.
      const used = blocks - bfree;
      const usedPercent = used + bavail === 0 ? 100 : (100 * used) / (used + bavail);
      const freeBytes = bavail * bsize;
      const state = nextState(fill.state, usedPercent, warnPercent, stopPercent);
      const untilStop = Math.max(0, freeBytes - ((100 - stopPercent) / 100) * (used + bavail) * bsize);
      const daysLeft = growth ? Math.round((untilStop / growth) * 10) / 10 : null;
      const changed = state !== fill.state;
      fill = {
        path,
        totalBytes: blocks * bsize,
        freeBytes,
        usedPercent: Math.round(usedPercent * 10) / 10,
        state,
        daysLeft,
      };
      if (changed) report(fill, log);
    } catch (error) {
      log.error({ err: error, path }, 'The disk of the store cannot be looked at; its last known state holds.');
    }
    return fill;
  };

  await check();
  const timer = setInterval(() => void check(), options.every ?? 5_000);
  timer.unref();
  return { state: () => fill, check, stop: () => clearInterval(timer) };
}

function nextState(before: DiskState, percent: number, warn: number, stop: number): DiskState {
  if (percent >= stop || (before === 'stopped' && percent >= stop - BACK_OFF_POINTS)) return 'stopped';
  if (percent >= warn || (before !== 'ok' && percent >= warn - BACK_OFF_POINTS)) return 'warning';
  return 'ok';
}

/** Bytes a day: of yesterday, or of today so far where it is the first day and an hour of it is over. */
function growthPerDay(
  days: readonly { readonly day: string; readonly bytes: number }[],
  now: number,
): number | undefined {
  const name = (time: number) => new Date(time).toISOString().slice(0, 10).replaceAll('-', '');
  const bytesOf = (day: string) => days.find((one) => one.day === day)?.bytes ?? 0;
  const today = bytesOf(name(now));
  const share = (now % DAY_MS) / DAY_MS;
  const projected = share >= 1 / 24 ? today / share : 0;
  const growth = Math.max(bytesOf(name(now - DAY_MS)), projected);
  return growth > 0 ? growth : undefined;
}

function report({ state, usedPercent, daysLeft, path }: DiskFill, log: Log): void {
  const fields = { path, usedPercent, daysLeft };
  if (state === 'stopped')
    log.error(fields, 'The disk is almost full: events wait at the collectors until there is space.');
  else if (state === 'warning') log.warn(fields, 'The disk fills up: add space or shorten retention.');
  else log.info(fields, 'The disk has space again.');
}
