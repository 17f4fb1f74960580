import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CollectorStatus } from '../../../ecs/wire.ts';
import { type AgencyId, type CollectorId, type Identity, SYSTEM } from '../../../server/identity.ts';
import { buildLedger } from '../../../server/ledger/ledger.ts';
import type { DiskFill } from '../../../server/system/disk.ts';
import { World } from '../detection/world.ts';
import { AGENCY_A, AGENCY_B, batchOf, batchOfLines, idAt, sshFailure, toLines } from '../store/frames.ts';

const SOURCE = 'file:/var/log/auth.log';
const disk: DiskFill = { path: '/d', totalBytes: 100, freeBytes: 50, usedPercent: 50, state: 'ok', daysLeft: null };
let world: World;

beforeEach(async () => {
  world = await World.create();
  await enrol('c1aaaaaa', AGENCY_A);
});
afterEach(() => world.close());

async function enrol(id: string, agency: AgencyId, status: CollectorStatus | null = null): Promise<void> {
  await world.records.as(SYSTEM).create('collector', id, {
    agency,
    name: `collector ${id}`,
    fingerprint: id.padEnd(64, '0'),
    notAfter: '2027-01-01T00:00:00.000Z',
    revoked: false,
    createdAt: '2026-11-20T00:00:00.000Z',
    lastSeenAt: '2026-11-20T08:00:00.000Z',
    status,
    counters: [],
  });
}

const counters = (read: number, spooled: number, dropped = {}) => ({
  source: SOURCE,
  read,
  spooled,
  dropped,
  unparsed: 0,
});

async function ledger(options: { evaluated?: number; identity?: Identity; claims?: ReturnType<typeof counters> } = {}) {
  const { claims } = options;
  return buildLedger({
    events: world.events,
    records: world.records,
    detection: { cursor: options.evaluated ?? (await world.events.lastSequence()), gaps: [], lagEvents: 0 },
    disk,
    identity: options.identity ?? SYSTEM,
    full: true,
    ...(claims ? { counters: () => new Map([['c1aaaaaa', [claims]]]) } : {}),
  });
}

const failures = (count: number) => Array.from({ length: count }, (_, at) => sshFailure(at % 60));

describe('the loss ledger', () => {
  it('adds up: what was read is dropped, waiting or stored, and what is stored is evaluated or a gap', async () => {
    await world.events.append(batchOf(failures(10), { header: { sources: [counters(15, 10, { empty: 3 })] } }));
    const { rows, gaps } = await ledger({ evaluated: 6, claims: counters(20, 14, { empty: 6 }) });
    expect(rows).toMatchObject([
      {
        source: SOURCE,
        agency: AGENCY_A,
        collectorName: 'collector c1aaaaaa',
        read: 20,
        spooled: 14,
        dropped: 6,
        stored: 10,
        waiting: 4,
        evaluated: 6,
        gap: 4,
        state: 'waiting',
      },
    ]);
    expect(gaps).toEqual([{ from: 7, to: 10, events: 4 }]);
  });

  it('is ok where all is stored and evaluated, by the claims in the stored frames themselves', async () => {
    await world.events.append(batchOf(failures(10), { header: { sources: [counters(12, 10, { empty: 2 })] } }));
    const { rows, gaps } = await ledger();
    expect(rows).toMatchObject([{ read: 12, spooled: 10, stored: 10, waiting: 0, gap: 0, missing: [], state: 'ok' }]);
    expect(gaps).toEqual([]);
  });

  it('names a row deleted by hand, and is broken', async () => {
    const events = failures(10);
    await world.events.append(batchOf(events, { header: { sources: [counters(10, 10)] } }));
    const days = join(world.folder, 'store', 'events');
    const [file] = readdirSync(days).filter((name) => name.endsWith('.db'));
    const db = new DatabaseSync(join(days, file ?? ''));
    db.exec('DELETE FROM event WHERE sequence = 4');
    db.close();
    const { rows } = await ledger();
    const original = String(events[3]?.event?.['original']);
    expect(rows).toMatchObject([
      { spooled: 10, stored: 9, waiting: 0, missing: [idAt(4, original)], missingTotal: 1, state: 'broken' },
    ]);
  });

  it('is broken where more is stored than was ever spooled: nothing is evened out', async () => {
    await world.events.append(batchOf(failures(10), { header: { sources: [counters(5, 5)] } }));
    expect((await ledger()).rows).toMatchObject([{ spooled: 5, stored: 10, waiting: 0, state: 'broken' }]);
  });

  it('shows dead letters, drops and what the collector set aside as loss', async () => {
    const lines = toLines(failures(5));
    lines[2] = '{"bad": true}';
    await world.events.append(batchOfLines(lines, { header: { sources: [counters(5, 5)] } }));
    expect((await ledger()).rows).toMatchObject([{ stored: 4, deadLettered: 1, waiting: 0, state: 'loss' }]);
    expect((await ledger({ claims: counters(8, 5, { spool_full: 3 }) })).rows).toMatchObject([
      { dropped: 3, state: 'loss' },
    ]);
    const view = world.records.as(SYSTEM);
    const record = await view.get('collector', 'c1aaaaaa');
    if (!record) throw new Error('The collector is missing.');
    const status: CollectorStatus = {
      collector: 'c1aaaaaa',
      epoch: '0a0b0c0d',
      version: '1',
      startedAt: '2026-11-20T08:00:00.000Z',
      waiting: { frames: 1, events: 2, bytes: 10 },
      quarantined: { frames: 1, events: 3, reasons: { HD_BATCH_MALFORMED: 3 } },
      sources: [
        { ...counters(10, 10), kernelDropped: 7, lastReadAt: '2026-11-20T08:00:01.000Z', error: 'No such file.' },
      ],
    };
    await view.replace('collector', 'c1aaaaaa', { ...record.document, status }, record.version);
    expect((await ledger()).rows).toMatchObject([
      {
        spooled: 10,
        stored: 4,
        deadLettered: 1,
        quarantined: 3,
        waiting: 2,
        kernelDropped: 7,
        error: 'No such file.',
        lastReadAt: '2026-11-20T08:00:01.000Z',
        state: 'loss',
      },
    ]);
  });

  it('shows an agency its own collectors alone', async () => {
    await enrol('c2bbbbbb', AGENCY_B);
    await world.events.append(batchOf(failures(2), { header: { sources: [counters(2, 2)] } }));
    const other = { collector: 'c2bbbbbb', agency: AGENCY_B };
    await world.events.append(
      batchOf(failures(3), { ...other, header: { collector: 'c2bbbbbb' as CollectorId, sources: [counters(3, 3)] } }),
    );
    const viewer: Identity = { kind: 'user', name: 'v', role: 'viewer', agencies: [AGENCY_B] };
    expect((await ledger()).rows.map(({ collector }) => collector)).toEqual(['c1aaaaaa', 'c2bbbbbb']);
    expect((await ledger({ identity: viewer })).rows.map(({ collector, stored }) => [collector, stored])).toEqual([
      ['c2bbbbbb', 3],
    ]);
  });
});
