import { afterEach, describe, expect, it } from 'vitest';
import type { FrameHeader } from '../../../ecs/wire.ts';
import type { Restored } from '../../../server/backup/restored.ts';
import { type Identity, SYSTEM } from '../../../server/identity.ts';
import type { IngestOptions } from '../../../server/ingest/ingest.ts';
import { buildLedger } from '../../../server/ledger/ledger.ts';
import type { CollectorRecord } from '../../../server/store/record-kinds.ts';
import { AGENCY, DAY_START, type EnrolledCollector, type Lab, openLab, send } from '../ingest/lab.ts';
import { AGENCY_B, packLines, sshFailure, toLines } from '../store/frames.ts';

const AUTH = 'file:/var/log/auth.log';
const CRON = 'file:/var/log/cron.log';
const ID = 'c1aaaaaa';
const restored: Restored = {
  version: 1,
  id: '00112233445566aa',
  restoredAt: '2026-11-20T08:00:30.000Z',
  since: '2026-11-20T06:00:00.000Z',
  lastSequence: 20,
};

let lab: Lab;
let enrolled: EnrolledCollector;
afterEach(() => lab?.close());

const counters = (source: string, spooled: number) => ({ source, read: spooled, spooled, dropped: {}, unparsed: 0 });

/** A frame of ten events of one source, with the counters that the collector claims after it. */
function frame(first: number, source: string, sources: FrameHeader['sources'], epoch = '0a0b0c0d'): Uint8Array {
  const events = Array.from({ length: 10 }, (_, at) => sshFailure(first + at));
  const runs: FrameHeader['runs'] = [[sources.findIndex((one) => one.source === source), 10]];
  return packLines(toLines(events, { first, epoch }), {
    first,
    epoch,
    header: {
      sources: [...sources],
      runs,
      spooledAt: `2026-11-20T07:00:${String(first % 60).padStart(2, '0')}.000Z`,
    },
  });
}

async function post(body: Uint8Array): Promise<Record<string, unknown>> {
  const session = lab.dial(enrolled);
  const answer = await send(session, 'POST', '/v1/batches', body);
  session.close();
  expect(answer.status).toBe(200);
  return answer.json;
}

/** A store with twenty events of one source, as a backup brought it back. */
async function restoredLab(record: Partial<CollectorRecord> = {}): Promise<void> {
  const options: Partial<IngestOptions> & { restored?: Restored } = { now: () => DAY_START };
  lab = await openLab(options);
  enrolled = await lab.enrol(ID);
  await lab.events.append({
    agency: AGENCY,
    collector: enrolled.id,
    receivedAt: restored.since,
    body: frame(1, AUTH, [counters(AUTH, 10)]),
  });
  await lab.events.append({
    agency: AGENCY,
    collector: enrolled.id,
    receivedAt: restored.since,
    body: frame(11, AUTH, [counters(AUTH, 20)]),
  });
  await lab.change(ID, record);
  Object.assign(options, { restored });
  lab = await lab.restart();
}

const gap = async () => (await lab.records.as(SYSTEM).get('gap', `${restored.id}-${ID}`))?.document;
const ledger = async (identity: Identity = SYSTEM) =>
  buildLedger({
    events: lab.events,
    records: lab.records,
    detection: { cursor: await lab.events.lastSequence(), gaps: [], lagEvents: 0 },
    disk: { path: '/', totalBytes: 1, freeBytes: 1, usedPercent: 0, state: 'ok', daysLeft: null },
    identity,
    restored,
  });

describe('after a restore', () => {
  it('a collector that asks for the time hears from when on to send again, and no other time', async () => {
    await restoredLab();
    const session = lab.dial(enrolled);
    const { json } = await send(session, 'GET', '/v1/clock');
    expect(json).toEqual({ now: expect.any(String), resend: { id: restored.id, since: restored.since } });
    const plain = await openLab({ now: () => DAY_START });
    const other = await plain.enrol('c2bbbbbb');
    expect(Object.keys((await send(plain.dial(other), 'GET', '/v1/clock')).json)).toEqual(['now']);
    await plain.close();
  });

  it('one that sends again what the store lacks leaves no gap', async () => {
    await restoredLab();
    expect(await post(frame(11, AUTH, [counters(AUTH, 20)]))).toEqual({ stored: 0, duplicates: 10, deadLettered: 0 });
    expect(await post(frame(21, AUTH, [counters(AUTH, 30)]))).toMatchObject({ stored: 10 });
    expect((await gap())?.sources).toMatchObject([{ source: AUTH, events: 0 }]);
    expect(await ledger()).toMatchObject({ losses: [], rows: [{ stored: 30, lost: 0, waiting: 0, state: 'ok' }] });
  });

  it('one that goes on later leaves a gap with source, number and time', async () => {
    await restoredLab();
    await post(frame(51, AUTH, [counters(AUTH, 60)]));
    const expected = { source: AUTH, events: 30, from: restored.since, to: '2026-11-20T07:00:51.000Z' };
    expect((await gap())?.sources).toEqual([expected]);
    const { rows, losses, restored: shown } = await ledger();
    expect(losses).toEqual([{ collector: ID, ...expected }]);
    expect(rows).toMatchObject([{ spooled: 60, stored: 30, lost: 30, waiting: 0, state: 'loss' }]);
    expect(shown).toEqual({ at: restored.restoredAt, since: restored.since });
  });

  it('the gap closes where the events arrive after all', async () => {
    await restoredLab();
    await post(frame(51, AUTH, [counters(AUTH, 60)]));
    for (const first of [21, 31, 41]) await post(frame(first, AUTH, [counters(AUTH, first + 9)]));
    expect((await ledger()).rows).toMatchObject([{ spooled: 60, stored: 60, lost: 0, waiting: 0, state: 'ok' }]);
  });

  it('a start of the collector in between is told by its counters, not by its sequences', async () => {
    await restoredLab();
    await post(frame(1, AUTH, [counters(AUTH, 45)], 'ffffffff'));
    expect((await gap())?.sources).toMatchObject([{ source: AUTH, events: 15 }]);
  });

  it('each source is compared once, when it is first named, also over a restart of the server', async () => {
    await restoredLab({ counters: [counters(CRON, 7)] });
    await post(frame(21, AUTH, [counters(AUTH, 30)]));
    // A status that is ahead of the frames must not hide what lies between.
    await lab.change(ID, { counters: [counters(AUTH, 50), counters(CRON, 20)] });
    lab = await lab.restart();
    await post(frame(41, AUTH, [counters(AUTH, 50)]));
    await post(frame(51, CRON, [counters(AUTH, 50), counters(CRON, 20)]));
    expect((await gap())?.sources).toMatchObject([
      { source: AUTH, events: 0 },
      { source: CRON, events: 3 },
    ]);
  });

  it('an agency sees the losses of its own collectors alone', async () => {
    await restoredLab();
    await post(frame(51, AUTH, [counters(AUTH, 60)]));
    const viewer = (agency: typeof AGENCY): Identity => ({
      kind: 'user',
      name: 'v',
      role: 'viewer',
      agencies: [agency],
    });
    expect((await ledger(viewer(AGENCY))).losses).toHaveLength(1);
    expect((await ledger(viewer(AGENCY_B))).losses).toEqual([]);
  });
});
