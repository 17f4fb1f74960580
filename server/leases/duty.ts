import type { Log } from '../log.ts';
import { type KeptLease, keepLease } from './keep.ts';
import type { Leases } from './leases.ts';

export interface DutyOptions {
  readonly leases: Leases;
  /** Name of the lease. */
  readonly name: string;
  /** Does the work until `end` fires: the lease is lost, or this server stops. */
  readonly work: (lease: KeptLease, end: AbortSignal) => Promise<void>;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** How often to look and to renew, milliseconds. */
  readonly everyMs: number;
}

/** Work that one server at a time does for all, for as long as it is there: whichever takes the lease. */
export function startDuty({ leases, name, work, log, everyMs }: DutyOptions): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let working: Promise<void> | undefined;

  const take = async () => {
    const lease = await leases.tryAcquire(name);
    if (!lease) return;
    const kept = keepLease(lease, everyMs, log);
    log.info({ lease: name, turn: lease.token }, 'This server does the work of a lease for all from now on.');
    try {
      if (!stopping.signal.aborted) await work(kept, AbortSignal.any([kept.lost, stopping.signal]));
    } finally {
      await kept.release().catch((err) => log.warn({ err, lease: name }, 'A lease could not be given back.'));
    }
  };
  const look = () => {
    working ??= take()
      .catch((err) => log.warn({ err, lease: name }, 'The work of a lease was broken off; it is tried again.'))
      .finally(() => {
        working = undefined;
      });
  };
  const timer = setInterval(look, everyMs);
  timer.unref();
  look();
  return {
    async stop() {
      stopping.abort();
      clearInterval(timer);
      await working;
    },
  };
}
