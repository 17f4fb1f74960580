import type { Accounts } from './accounts/accounts.ts';
import type { ServerConfig } from './config.ts';
import { startEvidenceJob } from './evidence/job.ts';
import type { Membership } from './leases/membership.ts';
import { startNightly } from './leases/nightly.ts';
import type { Log } from './log.ts';
import type { Retention } from './retention/retention.ts';
import { scheduleRetention } from './retention/schedule.ts';
import { startCompaction } from './store/compaction-job.ts';
import type { EventStore } from './store/event-store.ts';
import type { RecordStore } from './store/record-store.ts';

const SWEEP_MS = 600_000;
/** Its rights end by themselves; this closes what is open and writes the end down. */
const EMERGENCY_SWEEP_MS = 5_000;

/** What the jobs of every night work on. */
export interface NightlyParts {
  readonly events: EventStore;
  readonly records: RecordStore;
  readonly retention: Retention;
  readonly membership: Membership | undefined;
  readonly log: Log;
}

/** Has retention run every night, and what keeps the store small and provable. They stop with the rest. */
export async function startNightlyJobs(
  config: ServerConfig,
  { events, records, retention, membership, log }: NightlyParts,
  stops: (() => unknown)[],
): Promise<void> {
  const { timeZone } = config;
  const turn = membership ? { turn: membership.turn } : {};
  const nightly = await scheduleRetention({ retention, at: config.retention.at, timeZone, log, ...turn });
  retention.setNext(nightly.next);
  stops.push(() => nightly.stop());
  if (config.openSearchUrl === undefined) {
    const evidence = await startEvidenceJob({ ...config, ...config.evidence, records, log });
    stops.push(() => evidence.stop());
    const compaction = await startCompaction({ ...config.evidence, events, timeZone, log });
    stops.push(() => compaction.stop());
  } else if (membership) {
    // Loaded only where it is used: most starts have no cluster.
    const { openUpkeep } = await import('./store/opensearch/upkeep.ts');
    const { upkeep: settings, ...address } = config.openSearch;
    const upkeep = openUpkeep({ address: { url: config.openSearchUrl, ...address }, settings, log });
    stops.push(() => upkeep.close());
    const job = { name: 'job:upkeep', at: settings.at, timeZone, log };
    const nights = await startNightly({ ...job, turn: membership.turn, run: (check) => upkeep.run(check) });
    stops.push(() => nights.stop());
  }
}

/** Ends sessions and emergency access that are over. It stops with the rest. */
export function startSweeps(
  accounts: Pick<Accounts, 'sweep' | 'breakGlass'>,
  log: Log,
  stops: (() => unknown)[],
): void {
  const every = (milliseconds: number, sweep: () => Promise<unknown>, failed: string) => {
    const timer = setInterval(() => void sweep().catch((err) => log.warn({ err }, failed)), milliseconds);
    stops.push(() => clearInterval(timer));
  };
  every(EMERGENCY_SWEEP_MS, () => accounts.breakGlass.sweep(), 'emergency access that is over stays on record');
  every(SWEEP_MS, () => accounts.sweep(), 'old sessions stay');
}
