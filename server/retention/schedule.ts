import { everyNight } from '../leases/every-night.ts';
import type { Turn } from '../leases/membership.ts';
import type { Log } from '../log.ts';
import type { Retention } from './retention.ts';

/** The nightly run. */
export interface Schedule {
  /** When it runs next, ISO 8601; null where it does not. */
  next(): string | null;
  stop(): Promise<void>;
}

export interface ScheduleOptions {
  readonly retention: Pick<Retention, 'lastRun' | 'run'>;
  /** `HH:MM` in the time zone. */
  readonly at: string;
  readonly timeZone: string;
  readonly log: Log;
  readonly now?: () => number;
  /** Milliseconds after the start before a missed run is made up for; default one minute. */
  readonly catchUpMs?: number;
  /** Where several servers share the store: one of them runs it a night. */
  readonly turn?: Turn;
}

/** Who runs it, as its records say. */
export const JOB = 'retention';
const DAY_MS = 86_400_000;
/** A run that began this shortly before is that of another server for the same night. */
const SAME_NIGHT_MS = 3_600_000;

/** Runs retention every night, and soon after a start where the last night passed without: many machines sleep then. */
export async function scheduleRetention(options: ScheduleOptions): Promise<Schedule> {
  const { retention, at, timeZone, log } = options;
  const now = options.now ?? Date.now;
  const { turn } = options;
  const ranWithin = async (ms: number) => {
    const last = await retention.lastRun().catch(() => undefined);
    // A dry run deletes nothing, so that it makes up for nothing.
    return last !== undefined && !last.dryRun && now() - Date.parse(last.startedAt) < ms;
  };
  const run = () => {
    if (!turn) return retention.run(JOB, false);
    return turn(`job:${JOB}`, async () => {
      if (!(await ranWithin(SAME_NIGHT_MS))) await retention.run(JOB, false);
    });
  };
  const nights = await everyNight({ job: JOB, at, timeZone, log }, run);
  const catchUp = setTimeout(async () => {
    if (await ranWithin(DAY_MS)) return;
    await run();
  }, options.catchUpMs ?? 60_000);
  catchUp.unref();
  return {
    next: nights.next,
    async stop() {
      clearTimeout(catchUp);
      await nights.stop();
    },
  };
}
