import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HaidangError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { RecordStore } from '../store/record-store.ts';
import { type DutyOptions, startDuty } from './duty.ts';
import { type KeptLease, keepLease } from './keep.ts';
import { type Lease, Leases } from './leases.ts';
import { SERVER_LEASE, startTakeover, type TakeoverOptions } from './takeover.ts';

/** After this much silence a server counts as gone; leases are renewed eight times as often. Milliseconds. */
const SILENCE = 8_000;
const EVERY = 1_000;

/** This server among those that share one store. */
export interface Membership {
  /** For the store's opening: takes this server's name. @throws HaidangError `HD_LEASE_LOST` where another works under it */
  claim(records: RecordStore): Promise<void>;
  /** For the store's writes. */
  fence(): Promise<void>;
  /** Begins to watch the others. */
  watch(drain: TakeoverOptions['drain']): void;
  /**
   * Does what one server at a time may do. `check` is to be called right before what cannot be taken back.
   * @throws HaidangError `HD_STORE_DOWN` where another does not come to its end, `HD_LEASE_LOST`
   */
  alone: Alone;
  /** Does what one server may do, or leaves it where another is at it. */
  turn: Turn;
  /** Does what one server does for all, whenever its turn comes, until it leaves. */
  serve(name: string, work: DutyOptions['work']): void;
  /** Gives the name back; `drained`: all that this server stored is evaluated. */
  leave(drained: boolean): Promise<void>;
}

/** Runs something under a lease of this name. */
export type Alone = <Result>(name: string, act: (check: () => Promise<void>) => Promise<Result>) => Promise<Result>;

/** Runs something under a lease of this name; undefined where another holds it. */
export type Turn = <Result>(
  name: string,
  act: (check: () => Promise<void>) => Promise<Result>,
) => Promise<Result | undefined>;

export interface MembershipOptions {
  readonly node: string;
  /** The server's own folder: it alone uses it. */
  readonly data: string;
  readonly log: Log;
  /** Called once where another server took this one's work over. */
  readonly onLost: () => void;
}

/** Makes a server a member; nothing happens until its store is opened with `claim`. */
export function openMembership({ node, data, log, onLost }: MembershipOptions): Membership {
  let leases: Leases | undefined;
  let own: KeptLease | undefined;
  let takeover: ReturnType<typeof startTakeover> | undefined;
  const duties: ReturnType<typeof startDuty>[] = [];
  const under = async <Result>(lease: Lease, act: (check: () => Promise<void>) => Promise<Result>): Promise<Result> => {
    const kept = keepLease(lease, EVERY, log);
    try {
      return await act(() => kept.check());
    } finally {
      await kept.release();
    }
  };
  return {
    async claim(records) {
      leases = new Leases({ records, holder: await holderOf(data), silence: SILENCE });
      const lease = await leases.acquire(`${SERVER_LEASE}${node}`);
      if (!lease) {
        const detail = `Another server works under the name "${node}"; give each server its own name ("opensearch.node").`;
        throw new HaidangError('HD_LEASE_LOST', detail);
      }
      own = keepLease(lease, EVERY, log);
      own.lost.addEventListener('abort', onLost, { once: true });
    },
    async fence() {
      await own?.check();
    },
    watch(drain) {
      if (leases) takeover = startTakeover({ leases, node, drain, log, silence: SILENCE, everyMs: EVERY });
    },
    async alone(name, act) {
      const lease = await leases?.acquire(name);
      if (!lease)
        throw new HaidangError('HD_STORE_DOWN', `Another server is at "${name}"; try again shortly.`, {
          retryAfter: 5,
        });
      return under(lease, act);
    },
    async turn(name, act) {
      const lease = await leases?.tryAcquire(name);
      return lease && under(lease, act);
    },
    serve(name, work) {
      if (leases) duties.push(startDuty({ leases, name, work, log, everyMs: EVERY }));
    },
    async leave(drained) {
      await Promise.all([takeover?.stop(), ...duties.map((duty) => duty.stop())]);
      await own?.release(drained);
    },
  };
}

/** One name for all starts in this folder, so that a server need not wait for itself after a crash. */
async function holderOf(data: string): Promise<string> {
  const file = join(data, 'server-id');
  try {
    const known = (await readFile(file, 'utf8')).trim();
    if (/^[0-9a-f]{32}$/.test(known)) return known;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const holder = randomBytes(16).toString('hex');
  await writeFile(file, `${holder}\n`, { mode: 0o600 });
  return holder;
}
