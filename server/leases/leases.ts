import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { RecordStore, RecordView, Versioned } from '../store/record-store.ts';
import type { LeaseRecord } from './record.ts';

/** A lease that this server holds. */
export interface Lease {
  readonly name: string;
  /** Higher than that of all who held it before. */
  readonly token: number;
  /**
   * Asks the store whether the lease is still this one; to be called after what is to be changed was read and before it
   * is written under its version, so that a server that slept and woke writes nothing over its successor's work.
   *
   * @throws HaidangError `HD_LEASE_LOST`
   */
  check(): Promise<void>;
  /** Shows that the holder lives. @throws HaidangError `HD_LEASE_LOST` */
  renew(): Promise<void>;
  /** Gives it back; `drained`: there is nothing left to do for whoever takes it. Does nothing where it is lost. */
  release(drained?: boolean): Promise<void>;
}

/** A lease as it is seen from outside. */
export interface SeenLease extends LeaseRecord {
  readonly name: string;
  /** Milliseconds that this server has watched it without a change. */
  readonly stillFor: number;
}

export interface LeasesOptions {
  readonly records: RecordStore;
  /** This server among all: two that share it are one, and take each other's leases over at once. */
  readonly holder: string;
  /** How long a holder may be silent before another takes its lease, milliseconds. */
  readonly silence: number;
  /** A clock that only goes forward, milliseconds. */
  readonly now?: () => number;
}

/** How often a lease must have been seen to stand still, at least, before its holder counts as silent. */
const LEAST_LOOKS = 4;

/** Leases kept in the record store. No clocks are compared: each server measures by its own how long a lease stands still. */
export class Leases {
  readonly #view: RecordView;
  readonly #holder: string;
  readonly #silence: number;
  readonly #now: () => number;
  /** When each lease was last seen to change. */
  readonly #seen = new Map<string, { readonly version: number; readonly at: number; readonly still: number }>();

  constructor({ records, holder, silence, now }: LeasesOptions) {
    this.#view = records.as(SYSTEM);
    this.#holder = holder;
    this.#silence = silence;
    this.#now = now ?? (() => performance.now());
  }

  get holder(): string {
    return this.#holder;
  }

  /** Takes a lease that is free, this server's own, or silent for too long; undefined where somebody else holds it. */
  async tryAcquire(name: string): Promise<Lease | undefined> {
    const there = await this.#view.get('lease', name);
    if (there && this.#isTaken(name, there)) return undefined;
    const held: LeaseRecord = {
      holder: this.#holder,
      token: (there?.document.token ?? 0) + 1,
      state: 'held',
      drained: false,
      renewals: 0,
    };
    try {
      const taken = there
        ? await this.#view.replace('lease', name, held, there.version)
        : await this.#view.create('lease', name, held);
      return this.#leaseOf(name, taken);
    } catch (error) {
      // Somebody was quicker.
      if (error instanceof HaidangError && /^HD_RECORD_(EXISTS|CONFLICT|ABSENT)$/.test(error.code)) return undefined;
      throw error;
    }
  }

  /** Takes a lease, waiting as long as its holder may be silent and a little more. */
  async acquire(name: string, signal?: AbortSignal): Promise<Lease | undefined> {
    const until = this.#now() + this.#silence * 1.5;
    for (;;) {
      signal?.throwIfAborted();
      const lease = await this.tryAcquire(name);
      if (lease || this.#now() > until) return lease;
      await new Promise((done) => setTimeout(done, this.#silence / 10));
    }
  }

  /** All leases whose name begins so, with how long each stands still. */
  async list(prefix: string): Promise<readonly SeenLease[]> {
    const found: SeenLease[] = [];
    let after: string | undefined;
    do {
      const page = await this.#view.find('lease', after === undefined ? {} : { after });
      for (const record of page.records) {
        if (!record.id.startsWith(prefix)) continue;
        found.push({ ...record.document, name: record.id, stillFor: this.#stillFor(record.id, record.version) });
      }
      after = page.next ?? undefined;
    } while (after !== undefined);
    return found;
  }

  #isTaken(name: string, { document, version }: Versioned<LeaseRecord>): boolean {
    const still = this.#stillFor(name, version);
    return document.state === 'held' && document.holder !== this.#holder && still < this.#silence;
  }

  /**
   * Only time that this server watched counts: where it slept, or the store did not answer for a while, the holder may
   * have had no way to show that it lives either.
   */
  #stillFor(name: string, version: number): number {
    const seen = this.#seen.get(name);
    const at = this.#now();
    const still = seen?.version === version ? seen.still + Math.min(at - seen.at, this.#silence / LEAST_LOOKS) : 0;
    this.#seen.set(name, { version, at, still });
    return still;
  }

  #leaseOf(name: string, taken: Versioned<LeaseRecord>): Lease {
    let { version, document } = taken;
    const { token } = document;
    const lost = () =>
      new HaidangError('HD_LEASE_LOST', `Another server holds "${name}" now; this one must not write for it.`, {
        retryAfter: 5,
      });
    /** One change after the other, for each goes by the version of the one before. */
    let changes: Promise<unknown> = Promise.resolve();
    const change = (next: Partial<LeaseRecord>): Promise<void> => {
      const done = changes.then(async () => {
        const there = await this.#view.get('lease', name);
        if (there?.document.token !== token || there.document.state !== 'held') throw lost();
        // The answer to the change before may have been lost on the way: what counts is the token.
        version = there.version;
        document = { ...there.document, ...next };
        try {
          version = (await this.#view.replace('lease', name, document, version)).version;
        } catch (error) {
          if (error instanceof HaidangError && error.code === 'HD_RECORD_CONFLICT') throw lost();
          throw error;
        }
      });
      changes = done.catch(() => {});
      return done;
    };
    return {
      name,
      token,
      check: async () => {
        const there = await this.#view.get('lease', name);
        if (there?.document.token !== token || there.document.state !== 'held') throw lost();
      },
      renew: () => change({ renewals: document.renewals + 1 }),
      release: async (drained = false) => {
        await change({ state: 'released', drained }).catch((error) => {
          if (!(error instanceof HaidangError && error.code === 'HD_LEASE_LOST')) throw error;
        });
      },
    };
  }
}
