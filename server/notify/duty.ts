import { setTimeout as sleep } from 'node:timers/promises';
import { HaidangError } from '../errors.ts';
import { startDuty } from '../leases/duty.ts';
import { Leases } from '../leases/leases.ts';
import type { Membership } from '../leases/membership.ts';
import type { Log } from '../log.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { NoticeOutbox } from './outbox.ts';

/** Name of the lease under which one server gives warnings and sends notices for all. */
export const NOTICES_LEASE = 'notices';
const LOOK_MS = 1_000;
/** Where one server has the store alone nobody else can take the lease; its token rises all the same. */
const SILENCE_MS = 8_000;
const EVERY_MS = 1_000;

/** Something that is looked at every second and may make notices. */
export interface Watch {
  /** Called when this server begins to look for all. */
  begin?(): void;
  /** `check` is asked before each write. */
  look(check: () => Promise<void>): Promise<void>;
}

/** What is done for notices on one server at a time. */
export interface NoticeDuty {
  start(membership: Pick<Membership, 'serve'> | undefined): void;
  stop(): Promise<void>;
}

/** Makes the duty: the watches, one after the other, and the outbox beside them, so that a slow mail server holds up no warning. */
export function openNoticeDuty(options: {
  readonly records: RecordStore;
  readonly watches: readonly Watch[];
  readonly outbox: NoticeOutbox;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  readonly lookMs?: number;
}): NoticeDuty {
  const { records, watches, outbox, log, lookMs = LOOK_MS } = options;
  let duty: ReturnType<typeof startDuty> | undefined;

  async function repeat(act: () => Promise<unknown>, end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      try {
        await act();
      } catch (error) {
        if (error instanceof HaidangError && error.code === 'HD_LEASE_LOST') return;
        if (!end.aborted) log.warn({ err: error }, 'Notices could not be looked after; it is tried again.');
      }
      await sleep(lookMs, undefined, { signal: end }).catch(() => undefined);
    }
  }

  async function work(lease: { check(): Promise<void> }, end: AbortSignal): Promise<void> {
    const check = () => lease.check();
    for (const watch of watches) watch.begin?.();
    await Promise.all([
      ...watches.map((watch) => repeat(() => watch.look(check), end)),
      repeat(async () => {
        // Until nothing is left that is due now; then once a second.
        while (!end.aborted && (await outbox.deliver(check, end)) > 0);
        await outbox.sweep(check);
      }, end),
    ]);
  }

  return {
    start(membership) {
      if (membership) {
        membership.serve(NOTICES_LEASE, work);
        return;
      }
      const leases = new Leases({ records, holder: 'alone', silence: SILENCE_MS });
      duty = startDuty({ leases, name: NOTICES_LEASE, work, log, everyMs: EVERY_MS });
    },
    async stop() {
      await duty?.stop();
    },
  };
}
