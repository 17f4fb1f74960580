import type { Log } from '../log.ts';

/** Work of every night. */
export interface EveryNightOptions {
  /** Name of the job, for the log. */
  readonly job: string;
  /** `HH:MM` in the time zone. */
  readonly at: string;
  readonly timeZone: string;
  readonly log: Log;
}

/** Work that is scheduled. */
export interface Nights {
  /** When it runs next, ISO 8601; null where it does not. */
  next(): string | null;
  /** Has it run no more; what runs goes on. */
  stop(): Promise<void>;
}

/** Runs something every night; not once more while it still runs, and never made up for here. */
export async function everyNight({ job, at, timeZone, log }: EveryNightOptions, work: () => unknown): Promise<Nights> {
  // Loaded after the start: nobody waits for it.
  const { schedule } = await import('node-cron');
  const [hour = '0', minute = '0'] = at.split(':');
  const task = schedule(`${Number(minute)} ${Number(hour)} * * *`, async () => void (await work()), {
    timezone: timeZone,
    noOverlap: true,
    unref: true,
    suppressMissedWarning: true,
    logger: {
      info: () => {},
      debug: () => {},
      warn: (message) => log.warn({ job }, message),
      error: (message, err) => log.error({ job, err: err ?? message }, 'A nightly job failed.'),
    },
  });
  return {
    next: () => task.getNextRun()?.toISOString() ?? null,
    stop: async () => void (await task.destroy()),
  };
}
