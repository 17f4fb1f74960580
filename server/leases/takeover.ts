import type { Log } from '../log.ts';
import { type KeptLease, keepLease } from './keep.ts';
import type { Leases } from './leases.ts';

/** What every server that shares a store holds, by its name. */
export const SERVER_LEASE = 'server:';

export interface TakeoverOptions {
  readonly leases: Leases;
  /** This server's own name. */
  readonly node: string;
  /** Evaluates what another server stored and did not evaluate; ends when nothing is left, or when it should. */
  readonly drain: (node: string, lease: KeptLease, end: AbortSignal) => Promise<void>;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** How long a server may be silent, and how often to look and to renew, milliseconds. */
  readonly silence: number;
  readonly everyMs: number;
}

/** Watches the other servers, and ends the work of those that are gone or fell silent. */
export function startTakeover(options: TakeoverOptions): { stop(): Promise<void> } {
  const { leases, node, drain, log, silence, everyMs } = options;
  const stopping = new AbortController();
  let looking: Promise<void> | undefined;

  const takeOver = async (name: string) => {
    const lease = await leases.tryAcquire(name);
    if (!lease) return;
    const other = name.slice(SERVER_LEASE.length);
    const kept = keepLease(lease, everyMs, log);
    log.warn({ server: other, turn: lease.token }, 'A server is gone; what it did not evaluate is evaluated here.');
    const end = AbortSignal.any([kept.lost, stopping.signal]);
    let drained = false;
    try {
      await drain(other, kept, end);
      drained = !end.aborted;
      if (drained) log.info({ server: other }, 'The work of the server that is gone is done.');
    } finally {
      await kept.release(drained).catch((err) => log.warn({ err, lease: name }, 'A lease could not be given back.'));
    }
  };
  const look = async () => {
    for (const { name, state, stillFor, drained } of await leases.list(SERVER_LEASE)) {
      if (stopping.signal.aborted) return;
      const isGone = state === 'released' ? !drained : stillFor >= silence;
      if (name === `${SERVER_LEASE}${node}` || !isGone) continue;
      await takeOver(name);
    }
  };
  const timer = setInterval(() => {
    looking ??= look()
      .catch((err) => log.warn({ err }, 'The work of another server could not be taken over; it is tried again.'))
      .finally(() => {
        looking = undefined;
      });
  }, everyMs);
  timer.unref();
  return {
    async stop() {
      stopping.abort();
      clearInterval(timer);
      await looking;
    },
  };
}

/** Ends this process where another server took over its work: who supervises it starts it anew, and it goes on from where the other one got to. */
export function stopTakenOver(log: Pick<Log, 'error'>): void {
  log.error(
    {},
    'Another server took over the work of this one, which was silent for too long; it stops. Start it again.',
  );
  process.kill(process.pid, 'SIGTERM');
}
