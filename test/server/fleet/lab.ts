import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { openAudit } from '../../../server/accounts/audit.ts';
import type { AuditRecord } from '../../../server/audit/record.ts';
import { type Authority, openAuthority } from '../../../server/authority/authority.ts';
import { type Fleet, type FleetOptions, openFleet } from '../../../server/fleet/fleet.ts';
import { type AgencyId, SYSTEM } from '../../../server/identity.ts';
import { type Ingest, type IngestOptions, startIngest } from '../../../server/ingest/ingest.ts';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import type { EventStore, StoredBatch } from '../../../server/store/event-store.ts';
import type { CollectorRecord } from '../../../server/store/record-kinds.ts';
import type { RecordStore } from '../../../server/store/record-store.ts';

export const AGENCY = 'so-tai-chinh' as AgencyId;

/** A server that collectors can enrol at, in a temporary folder. */
export interface FleetLab {
  readonly folder: string;
  readonly records: RecordStore;
  readonly events: EventStore;
  readonly authority: Authority;
  readonly fleet: Fleet;
  readonly ingest: Ingest;
  readonly stored: StoredBatch[];
  readonly clock: { now: number };
  readonly url: string;
  token(hours?: number, agencies?: readonly string[]): Promise<string>;
  record(id: string): Promise<CollectorRecord>;
  acts(): Promise<readonly AuditRecord[]>;
  close(): Promise<void>;
}

export async function openFleetLab(
  options: {
    readonly fleet?: Partial<FleetOptions>;
    readonly ingest?: Partial<IngestOptions>;
    /** The server's clock goes on with the machine's; else it stands still until it is set. */
    readonly ticking?: boolean;
  } = {},
): Promise<FleetLab> {
  const folder = await mkdtemp(join(tmpdir(), 'hd-fleet-'));
  const log = pino({ level: process.env['TEST_LOG'] ?? 'silent' });
  const clock = options.ticking ? tickingClock() : { now: Date.now() };
  const now = () => clock.now;
  const { events, records } = await openEmbeddedStore({
    folder: join(folder, 'store'),
    log,
    reserveBytes: 0,
    keepFreeBytes: 0,
  });
  const authority = await openAuthority(join(folder, 'authority'), { now });
  const fleet = openFleet({ records, authority, audit: openAudit(records), log, now, ...options.fleet });
  const stored: StoredBatch[] = [];
  const ingest = await startIngest({
    host: '127.0.0.1',
    port: 0,
    authority,
    events,
    records,
    onStored: (batch) => stored.push(batch),
    diskState: () => 'ok',
    log,
    fleet,
    now,
    ...options.ingest,
  });
  const view = records.as(SYSTEM);
  return {
    folder,
    records,
    events,
    authority,
    fleet,
    ingest,
    stored,
    clock,
    url: `https://127.0.0.1:${ingest.port}`,
    async token(hours = 24, agencies: readonly string[] = []) {
      return (await fleet.token({ agency: AGENCY, agencies: agencies as AgencyId[], hours, by: 'test' })).token;
    },
    record: async (id) => (await view.get('collector', id))?.document as CollectorRecord,
    acts: async () => (await view.find('audit', { limit: 500 })).records.map(({ document }) => document),
    async close() {
      await ingest.stop();
      await events.close();
      await records.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The machine's clock, and as far from it as it was set. */
function tickingClock(): { now: number } {
  let offset = 0;
  return {
    get now() {
      return Date.now() + offset;
    },
    set now(to) {
      offset = to - Date.now();
    },
  };
}
