import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { openAgencyBook } from '../../../server/agencies/names.ts';
import { type AgencyId, SYSTEM } from '../../../server/identity.ts';
import type { Membership } from '../../../server/leases/membership.ts';
import { buildLedger } from '../../../server/ledger/ledger.ts';
import type { LedgerRow } from '../../../server/ledger/schema.ts';
import { openRetention, type Retention } from '../../../server/retention/retention.ts';
import { KEEP_DAYS, MINIMUM_MONTHS } from '../../../server/retention/settings.ts';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import type { EventStore } from '../../../server/store/event-store.ts';
import type { RecordStore } from '../../../server/store/record-store.ts';
import { batchOf, type FrameOptions, sshFailure } from '../store/frames.ts';

const silent = pino({ level: 'silent' });
const disk = { path: '/d', totalBytes: 100, freeBytes: 50, usedPercent: 50, state: 'ok' as const, daysLeft: null };
export const SOURCE = 'file:/var/log/auth.log';

type OpenStore = () => Promise<{ readonly events: EventStore; readonly records: RecordStore }>;

/** A real embedded store whose clock the test turns, and retention over it. */
export class RetentionWorld {
  now = 0;
  readonly folder: string;
  events!: EventStore;
  records!: RecordStore;
  retention!: Retention;
  /** What the collector claims to have spooled, by collector. */
  readonly spooled = new Map<string, number>();

  readonly #openOther: OpenStore | undefined;

  private constructor(folder: string, openOther: OpenStore | undefined) {
    this.folder = folder;
    this.#openOther = openOther;
  }

  /** On the embedded store, or on another. */
  static async create(openOther?: OpenStore): Promise<RetentionWorld> {
    const world = new RetentionWorld(await mkdtemp(join(tmpdir(), 'haidang-retention-')), openOther);
    await world.open();
    return world;
  }

  async open(): Promise<void> {
    const options = { folder: this.folder, log: silent, reserveBytes: 0, now: () => this.now };
    Object.assign(this, await (this.#openOther?.() ?? openEmbeddedStore(options)));
    this.retention = this.over(this.events, this.records);
  }

  /** Retention over stores that may fail. */
  over(events: EventStore, records: RecordStore, server?: Pick<Membership, 'alone'>): Retention {
    return openRetention({
      events,
      records,
      agencies: openAgencyBook(records),
      log: silent,
      minimumMonths: MINIMUM_MONTHS,
      policy: { keepDays: KEEP_DAYS, sources: [] },
      now: () => this.now,
      ...(server ? { alone: server.alone } : {}),
    });
  }

  async agency(id: string, securityLevel: number, collector: string): Promise<AgencyId> {
    const view = this.records.as(SYSTEM);
    const contact = { person: '', phone: '', email: '', address: '' };
    const agency = id as AgencyId;
    const createdAt = '2026-01-01T00:00:00.000Z';
    await view.create('agency', id, { name: id, contact, securityLevel, createdAt });
    await view.create('collector', collector, {
      agency,
      name: collector,
      fingerprint: collector.padEnd(64, '0'),
      notAfter: '2030-01-01T00:00:00.000Z',
      revoked: false,
      createdAt,
      lastSeenAt: null,
      status: null,
      counters: [],
    });
    return agency;
  }

  /** Stores events of a day, as of its noon; their own time is that of the test frames unless `at` says otherwise. */
  async store(
    day: string,
    agency: AgencyId,
    collector: string,
    count: number,
    options: FrameOptions & { readonly at?: string } = {},
  ): Promise<void> {
    const noon = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T12:00:00.000Z`;
    this.now = Math.max(this.now, Date.parse(noon));
    const already = this.spooled.get(collector) ?? 0;
    const events = Array.from({ length: count }, (_, at) => ({
      ...sshFailure(at % 60),
      '@timestamp': options.at ?? noon,
    }));
    await this.events.append(
      batchOf(events, { day, agency, collector, first: already + 1, receivedAt: noon, ...options }),
    );
    this.spooled.set(collector, already + count);
  }

  /** As if detection had come to the end. */
  async evaluateAll(): Promise<void> {
    await this.records.commitDetection({ cursor: await this.events.lastSequence(), signals: [], alerts: [] });
  }

  async ledger(): Promise<readonly LedgerRow[]> {
    const counters = new Map(
      [...this.spooled].map(([collector, spooled]) => {
        return [collector, [{ source: SOURCE, read: spooled, spooled, dropped: {}, unparsed: 0 }]];
      }),
    );
    const cursor = await this.records.detectionCursor();
    const detection = { cursor, gaps: [], lagEvents: 0 };
    const { events, records } = this;
    const ledger = await buildLedger({
      events,
      records,
      detection,
      disk,
      identity: SYSTEM,
      full: true,
      counters: () => counters,
    });
    return ledger.rows;
  }

  has(day: string): boolean {
    return ['.db', '.db-wal', '.db-shm'].some((end) => existsSync(join(this.folder, 'events', day + end)));
  }

  async close(): Promise<void> {
    await this.retention.stop();
    await this.events.close();
    await this.records.close();
  }

  async remove(): Promise<void> {
    await this.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Noon of a day, milliseconds. */
export function at(day: string): number {
  return Date.parse(`${day}T12:00:00.000Z`);
}
