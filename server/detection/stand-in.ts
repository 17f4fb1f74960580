import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerConfig } from '../config.ts';
import type { KeptLease } from '../leases/keep.ts';
import type { Log } from '../log.ts';
import type { LiveFeed } from '../realtime/live-feed.ts';
import { stopAll } from '../stop-all.ts';
import { openStore } from '../store/open.ts';
import { type LoadedRules, startDetection } from './detection.ts';

const LOOK_MS = 200;

/** What stands in for another server. */
export interface StandInParts {
  readonly config: ServerConfig;
  readonly rules: LoadedRules;
  readonly live: Pick<LiveFeed, 'wake'>;
  readonly log: Log;
}

/** Evaluates what a server that is gone had stored, under its name and its lease. */
export async function evaluateFor(
  node: string,
  lease: KeptLease,
  end: AbortSignal,
  { config, rules, log, live }: StandInParts,
): Promise<void> {
  const { events, records } = await openStore(config, log, { node, fence: () => lease.check(), areMade: true });
  const stops: (() => unknown)[] = [() => Promise.all([events.close(), records.close()])];
  try {
    const detection = await startDetection({ events, records, rules, log, node, onAlertsChanged: () => live.wake() });
    stops.push(() => detection.stop());
    while (detection.state().unevaluated !== 0 && !end.aborted) await sleep(LOOK_MS);
  } finally {
    await stopAll(stops, log);
  }
}
