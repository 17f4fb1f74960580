import type { Log } from '../log.ts';
import { everyNight } from './every-night.ts';
import type { Turn } from './membership.ts';

/** A job that one of the servers that share a store does every night. */
export interface NightlyOptions {
  /** Name of its lease. */
  readonly name: string;
  /** `HH:MM` in the time zone. */
  readonly at: string;
  readonly timeZone: string;
  readonly turn: Turn;
  /** `check` rejects where another server does it now; to be called before what cannot be taken back. */
  readonly run: (check: () => Promise<void>) => Promise<unknown>;
  readonly log: Log;
}

/** Runs a job every night on whichever server is first. */
export async function startNightly({
  name,
  at,
  timeZone,
  turn,
  run,
  log,
}: NightlyOptions): Promise<{ stop(): Promise<void> }> {
  let running: Promise<unknown> | undefined;
  const night = async () => {
    running = turn(name, run).catch((err) =>
      log.error({ job: name, err }, 'A nightly job failed; it is tried again the next night.'),
    );
    await running;
    running = undefined;
  };
  const nights = await everyNight({ job: name, at, timeZone, log }, night);
  return {
    async stop() {
      await nights.stop();
      await running;
    },
  };
}
