import { HaidangError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Lease } from './leases.ts';

/** A lease that is renewed until it is given back. */
export interface KeptLease extends Lease {
  /** Fires once another server has taken the lease. */
  readonly lost: AbortSignal;
}

/** Renews a lease every `everyMs`; a store that does not answer for a while is waited for, and its lease may be lost then. */
export function keepLease(lease: Lease, everyMs: number, log: Pick<Log, 'warn' | 'error'>): KeptLease {
  const lost = new AbortController();
  let renewing = false;
  const stop = () => clearInterval(timer);
  const noteLoss = (error: unknown) => {
    if (!(error instanceof HaidangError && error.code === 'HD_LEASE_LOST')) return;
    stop();
    if (!lost.signal.aborted) lost.abort(error);
  };
  const renew = async () => {
    if (renewing) return;
    renewing = true;
    try {
      await lease.renew();
    } catch (error) {
      noteLoss(error);
      if (!lost.signal.aborted)
        log.warn({ err: error, lease: lease.name }, 'A lease could not be renewed; it is tried again.');
    } finally {
      renewing = false;
    }
  };
  const timer = setInterval(() => void renew(), everyMs);
  timer.unref();
  return {
    ...lease,
    lost: lost.signal,
    async check() {
      try {
        await lease.check();
      } catch (error) {
        noteLoss(error);
        throw error;
      }
    },
    async release(drained) {
      stop();
      await lease.release(drained);
    },
  };
}
