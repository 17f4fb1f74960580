import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseKql } from '../../../rules/query/kql.ts';
import { openAgencyBook } from '../../../server/agencies/names.ts';
import type { AgencyRecord } from '../../../server/agencies/record.ts';
import { type AgencyId, type Identity, SYSTEM } from '../../../server/identity.ts';
import { createAssigner } from '../../../server/ingest/assign.ts';
import { buildLedger } from '../../../server/ledger/ledger.ts';
import { linesIn, type Parsed, packLines, sshFailure, toLines } from '../store/frames.ts';
import { type EnrolledCollector, type Lab, openLab, send } from './lab.ts';

const [OWNER, B, C, OUTSIDE] = ['trung-tam', 'so-b', 'so-c', 'so-la'] as unknown as [
  AgencyId,
  AgencyId,
  AgencyId,
  AgencyId,
];
const ID = 'c1aaaaaa';
const RANGE = { from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' };

const record = (more: Partial<AgencyRecord>): AgencyRecord => ({
  name: 'x',
  contact: { person: '', phone: '', email: '', address: '' },
  securityLevel: 3,
  createdAt: '2026-11-20T00:00:00.000Z',
  ...more,
});
const viewer = (agency: AgencyId): Identity => ({ kind: 'user', name: 'v', role: 'viewer', agencies: [agency] });

describe('whose an event is', () => {
  const agencies = new Map<string, AgencyRecord>([
    [OWNER, record({ networks: ['10.0.0.0/24'] })],
    [B, record({ networks: ['10.0.0.0/8', '2001:db8:b::/48'], sources: ['file:/portal/b*'] })],
    [C, record({ networks: ['10.3.0.0/16'] })],
    [OUTSIDE, record({ networks: ['0.0.0.0/0', '::/0'], sources: ['*'] })],
  ]);
  const assigner = createAssigner({ all: async () => agencies });
  const ofEvent = async (event: Parsed, source = 'syslog-udp:0.0.0.0:514') => {
    const body = packLines(toLines([event, { message: 'none' }], { collector: ID }), {
      collector: ID,
      source: [source, 'other'],
    });
    const parts = await assigner.partsOf({ agency: OWNER, agencies: [OWNER, B, C] }, body);
    return parts.find(({ body: part }) => linesIn(part)[0] !== '')?.agency;
  };

  it('is told by the source, then by address: the sender, the host, the source, the destination', async () => {
    expect(await ofEvent({ message: 'm', source: { ip: '10.3.1.1' } }, 'file:/portal/b-1.log')).toBe(B);
    expect(await ofEvent({ message: 'm', haidang: { peer: '10.3.1.1' }, host: { ip: '10.4.1.1' } })).toBe(C);
    expect(await ofEvent({ message: 'm', host: { ip: ['192.0.2.1', '10.4.1.1'] }, source: { ip: '10.3.1.1' } })).toBe(
      B,
    );
    expect(await ofEvent({ message: 'm', source: { ip: '10.3.1.1' }, destination: { ip: '10.4.1.1' } })).toBe(C);
    expect(await ofEvent({ message: 'm', source: { ip: '8.8.8.8' }, destination: { ip: '2001:db8:b::9' } })).toBe(B);
  });

  it('is the owner’s where nothing tells, and its own addresses decide nothing', async () => {
    expect(await ofEvent({ message: 'm', source: { ip: '8.8.8.8' } })).toBe(OWNER);
    expect(await ofEvent({ message: 'm', source: { ip: '10.0.0.9' } })).toBe(OWNER);
    expect(await ofEvent({ message: 'm', source: { ip: '10.0.0.9' }, destination: { ip: '10.3.0.1' } })).toBe(C);
  });

  it('never is what the payload says, nor an agency outside the set', async () => {
    const forged = { message: 'm', organization: { id: OUTSIDE }, 'organization.id': C, source: { ip: '203.0.113.9' } };
    expect(await ofEvent(forged)).toBe(OWNER);
    const odd = { message: 'm', 'source.ip': '10.3.1.1', source: { ip: { deep: '10.3.1.1' } }, host: { ip: 10 } };
    expect([OWNER, C]).toContain(await ofEvent(odd as Parsed));
  });

  it('leaves frames of one agency as they came, and opens none where there is no table', async () => {
    const body = packLines(toLines([sshFailure(1, '10.3.0.1'), sshFailure(2, '10.3.0.2')], { collector: ID }), {
      collector: ID,
    });
    const [only, ...more] = await assigner.partsOf({ agency: OWNER, agencies: [OWNER, B, C] }, body);
    expect([only?.agency, only?.body === body, more.length]).toEqual([C, true, 0]);
    const nonsense = Buffer.from('not a frame');
    expect(await assigner.partsOf({ agency: OWNER }, nonsense)).toEqual([{ agency: OWNER, body: nonsense }]);
    await expect(assigner.partsOf({ agency: OWNER, agencies: [OWNER, B] }, nonsense)).rejects.toMatchObject({
      code: 'HD_BATCH_MALFORMED',
    });
    const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
    await expect(assigner.partsOf({ agency: OWNER, agencies: [OWNER, B] }, bomb)).rejects.toMatchObject({
      code: 'HD_BATCH_MALFORMED',
    });
  });

  it('keeps every line at its place and byte for byte, empty and broken ones too', async () => {
    const lines = toLines(
      [1, 2, 3, 4].map((at) => sshFailure(at, at % 2 ? '10.3.0.1' : '8.8.8.8', `ngân ${at}`)),
      { collector: ID },
    );
    lines.push(
      '',
      '{"broken',
      JSON.stringify({ message: 'x'.repeat(200_000), source: { ip: '10.3.0.1' } }),
      '[]',
      'end',
    );
    const parts = await assigner.partsOf(
      { agency: OWNER, agencies: [OWNER, B, C] },
      packLines(lines, { collector: ID }),
    );
    const own = new Map(parts.map(({ agency, body }) => [agency, linesIn(body)]));
    expect([...own.keys()].sort()).toEqual([C, OWNER].sort());
    for (const [at, line] of lines.entries()) {
      const holders = [...own].filter(([, texts]) => texts[at] !== '').map(([agency, texts]) => [agency, texts[at]]);
      expect(holders).toEqual([[[0, 2, 6].includes(at) ? C : OWNER, line === '' ? ' ' : line]]);
    }
  });
});

describe('a machine that logs for several agencies', () => {
  let lab: Lab;
  let collector: EnrolledCollector;
  let book: ReturnType<typeof openAgencyBook>;
  let session: ReturnType<Lab['dial']> | undefined;

  beforeEach(async () => {
    // The book needs the store that the lab opens; nothing is sent before it is there.
    lab = await openLab({ agencies: { all: () => book.all() } });
    book = openAgencyBook(lab.records);
    session = undefined;
    collector = await lab.enrol(ID, OWNER);
    const view = lab.records.as(SYSTEM);
    await view.create('agency', OWNER, record({}));
    await view.create('agency', B, record({ networks: ['10.2.0.0/16'] }));
    await view.create('agency', C, record({ networks: ['10.3.0.0/16'], sources: ['file:/c/*'] }));
    await view.create('agency', OUTSIDE, record({ networks: ['10.4.0.0/16'], sources: ['file:/la/*'] }));
    await lab.change(ID, { agencies: [OWNER, B, C] });
  });
  afterEach(() => lab.close());

  /** Events with the agency each must go to, for any numbers. */
  function mixed(count: number, seed: number): { events: Parsed[]; sources: string[]; expected: AgencyId[] } {
    let state = seed;
    const random = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return (state >> 8) % below;
    };
    const events: Parsed[] = [];
    const sources: string[] = [];
    const expected: AgencyId[] = [];
    for (let at = 0; at < count; at++) {
      const net = random(6);
      const forged = random(2) === 0 ? { organization: { id: [OUTSIDE, B, C][random(3)] } } : {};
      const source = ['file:/c/1', 'file:/la/1', 'syslog', 'syslog'][random(4)] as string;
      events.push({ ...sshFailure(at % 60, `10.${net}.0.${random(250)}`), ...forged });
      sources.push(source);
      expected.push(source === 'file:/c/1' || net === 3 ? C : net === 2 ? B : OWNER);
    }
    return { events, sources, expected };
  }

  async function deliver(events: Parsed[], sources: string[], first: number) {
    const body = packLines(toLines(events, { collector: ID, first }), { collector: ID, first, source: sources });
    session ??= lab.dial(collector);
    return send(session, 'POST', '/v1/batches', body);
  }

  async function seenBy(identity: Identity): Promise<number[]> {
    const view = lab.events.as(identity);
    const found: number[] = [];
    let after: string | undefined;
    do {
      const page = await view.search({
        range: RANGE,
        condition: parseKql(''),
        limit: 1_000,
        ...(after === undefined ? {} : { after }),
      });
      found.push(...page.events.map(({ id }) => Number(id.split('-')[3])));
      after = page.next ?? undefined;
    } while (after !== undefined);
    return found.sort((a, b) => a - b);
  }

  it('has each event with its agency, and nothing outside its set, whatever is sent', async () => {
    const wanted = new Map<AgencyId, number[]>([OWNER, B, C, OUTSIDE].map((agency) => [agency, []]));
    let first = 1;
    for (const [round, count] of [3, 400, 1, 57].entries()) {
      const { events, sources, expected } = mixed(count, 11 + round);
      const answer = await deliver(events, sources, first);
      expect(answer.json).toEqual({ stored: count, duplicates: 0, deadLettered: 0 });
      for (const [at, agency] of expected.entries()) wanted.get(agency)?.push(first + at);
      // Sent again, as after a lost answer.
      expect((await deliver(events, sources, first)).json).toEqual({ stored: 0, duplicates: count, deadLettered: 0 });
      first += count;
    }
    for (const [agency, own] of wanted) expect([agency, await seenBy(viewer(agency))]).toEqual([agency, own]);
    expect(await seenBy(SYSTEM)).toEqual(Array.from({ length: first - 1 }, (_, at) => at + 1));
    // Detection gets every event once, each batch with one agency.
    const evaluated = lab.stored.flatMap(({ agency, body, lines }) => {
      const texts = linesIn(body);
      return [...lines].map((line) => ({
        agency,
        id: Number((JSON.parse(texts[line] as string) as { event: { id: string } }).event.id.split('-')[3]),
      }));
    });
    expect(evaluated.map(({ id }) => id).sort((a, b) => a - b)).toEqual(
      Array.from({ length: first - 1 }, (_, at) => at + 1),
    );
    expect(evaluated.filter(({ agency, id }) => !wanted.get(agency)?.includes(id))).toEqual([]);
  });

  it('has a ledger that adds up over the agencies', async () => {
    const { events, sources } = mixed(200, 5);
    await deliver(events, sources, 1);
    const detection = { cursor: 0, gaps: [] } as never;
    const disk = { state: 'ok' } as never;
    const counters = () =>
      new Map([
        [
          ID,
          [...new Set(sources)].map((source) => ({
            source,
            read: sources.filter((one) => one === source).length,
            spooled: sources.filter((one) => one === source).length,
            dropped: {},
            unparsed: 0,
          })),
        ],
      ]);
    const ledger = await buildLedger({
      events: lab.events,
      records: lab.records,
      detection,
      disk,
      identity: SYSTEM,
      counters,
      full: true,
    });
    expect(ledger.rows.map(({ source, spooled, stored, state }) => [source, stored === spooled, state])).toEqual(
      [...new Set(sources)].sort().map((source) => [source, true, 'waiting']),
    );
    expect(ledger.rows.reduce((sum, { stored }) => sum + stored, 0)).toBe(200);
  });

  it('has later events assigned by a changed table, and earlier ones left', async () => {
    const one = sshFailure(1, '10.2.0.1');
    await deliver([one, sshFailure(2, '8.8.8.8')], ['s', 's'], 1);
    const view = lab.records.as(SYSTEM);
    const b = await view.get('agency', B);
    await view.replace('agency', B, { ...(b?.document as AgencyRecord), networks: [] }, b?.version ?? 0);
    book.forget();
    // The same frame once more, under the new table: nothing moves, nothing doubles.
    expect((await deliver([one, sshFailure(2, '8.8.8.8')], ['s', 's'], 1)).json).toMatchObject({
      stored: 0,
      duplicates: 2,
    });
    await deliver([one, sshFailure(3, '10.3.0.1')], ['s', 's'], 3);
    expect([await seenBy(viewer(B)), await seenBy(viewer(C)), await seenBy(viewer(OWNER))]).toEqual([[1], [4], [2, 3]]);
  });

  it('may not send a part itself', async () => {
    const body = packLines(toLines([sshFailure(1)], { collector: ID }), { collector: ID, header: { part: true } });
    const answer = await send(lab.dial(collector), 'POST', '/v1/batches', body);
    expect([answer.status, answer.json['code']]).toEqual([400, 'HD_BATCH_MALFORMED']);
    expect(await lab.events.lastSequence()).toBe(0);
  });
});
