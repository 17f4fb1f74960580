import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAgencyBook } from '../../../server/agencies/names.ts';
import { changeRecord } from '../../../server/fleet/change-record.ts';
import type { FleetCollector } from '../../../server/fleet/schema.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { silentAgencies } from '../../../server/notify/agency-silence.ts';
import { NO_NOTIFY } from '../../../server/notify/settings.ts';
import { openSilenceWatch } from '../../../server/notify/silence-watch.ts';
import { type Bench, openBench } from '../api/harness.ts';

const MINUTE = 60_000;
const NOW = Date.parse('2026-11-23T08:00:00.000Z');
const ago = (minutes: number) => new Date(NOW - minutes * MINUTE).toISOString();

describe('agencies from which nothing comes', () => {
  /** A collector as the fleet shows it; only what is looked at. */
  const collector = (agency: string, change: Partial<FleetCollector> = {}): FleetCollector =>
    ({
      agency,
      agencies: [agency],
      state: 'well',
      findings: [],
      sources: [],
      startedAt: ago(600),
      lastSeenAt: ago(0),
      ...change,
    }) as never;
  const source = (name: string, minutes: number) => ({
    source: name,
    lastReadAt: ago(minutes),
    read: 1,
    unparsed: 0,
    dropped: 0,
    error: null,
  });
  const finding = (what: 'source_silent' | 'source_error', name: string) => ({
    what,
    source: name,
    at: null,
    amount: null,
    detail: null,
  });
  const reasons = (...fleet: readonly FleetCollector[]) =>
    silentAgencies(fleet, NOW, 15 * MINUTE).map(({ agency, reason, since }) => `${agency} ${reason} ${since}`);

  it.each([
    ['one collector of two that is silent', [collector('a', { lastSeenAt: ago(60) }), collector('a')], []],
    [
      'all that are',
      [collector('a', { lastSeenAt: ago(60) }), collector('a', { lastSeenAt: ago(20) })],
      [`a collectors ${ago(20)}`],
    ],
    ['none for long enough', [collector('a', { lastSeenAt: ago(14) })], []],
    ['none that ever spoke', [collector('a', { lastSeenAt: null })], []],
    ['none that is in force', [collector('a', { state: 'revoked', lastSeenAt: ago(30) })], [`a revoked ${ago(30)}`]],
    [
      'a new one instead of one that is not',
      [collector('a', { state: 'revoked', lastSeenAt: ago(30) }), collector('a')],
      [],
    ],
    [
      'a machine that logs for several',
      [collector('a', { agencies: ['a', 'b'], lastSeenAt: ago(30) }), collector('b')],
      [`a collectors ${ago(30)}`],
    ],
    [
      'one source of two that is silent',
      [collector('a', { sources: [source('x', 90), source('y', 90)], findings: [finding('source_silent', 'x')] })],
      [],
    ],
    [
      'sources that are all silent or broken',
      [
        collector('a', {
          sources: [source('x', 90), source('y', 80)],
          findings: [finding('source_silent', 'x'), finding('source_error', 'y')],
        }),
      ],
      [`a sources ${ago(80)}`],
    ],
    [
      'a source that cannot be read for a moment',
      [collector('a', { sources: [source('x', 2)], findings: [finding('source_error', 'x')] })],
      [],
    ],
  ])('%s', (_what, fleet, expected) => expect(reasons(...fleet)).toEqual(expected));
});

describe('notices of agencies from which nothing comes', () => {
  let bench: Bench;
  const free = async () => {};
  beforeAll(async () => {
    bench = await openBench();
    await bench.signIn({ user: 'sep', role: 'lead' });
    for (let number = 0; number < 12; number += 1) await bench.addAgency(`a${number}`);
    await bench.signIn({ user: 'canbo', role: 'agency-officer', agencies: ['a0'] });
    bench.clock.now = NOW;
    for (let number = 0; number < 12; number += 1)
      await bench.records.as(SYSTEM).create('collector', `c${number}`, {
        ...{ agency: `a${number}`, name: `may-${number}`, fingerprint: '', revoked: false, counters: [] },
        ...{ notAfter: '2030-01-01T00:00:00.000Z', createdAt: ago(600), lastSeenAt: ago(0), status: null },
      } as never);
  });
  afterAll(() => bench.close());

  const open = (change: Partial<typeof NO_NOTIFY> = {}) =>
    openSilenceWatch({
      records: bench.records,
      agencies: openAgencyBook(bench.records),
      notices: { notify: (wanted) => bench.notices.notify(wanted), settings: { ...NO_NOTIFY, ...change } },
      now: () => bench.clock.now,
    });
  let watch: ReturnType<typeof open>;
  const speak = async (...numbers: readonly number[]) => {
    for (const number of numbers)
      await changeRecord(bench.records, `c${number}` as never, (record) => ({
        ...record,
        lastSeenAt: new Date(bench.clock.now).toISOString(),
      }));
  };
  const others = (...silent: readonly number[]) =>
    Array.from({ length: 12 }, (_, number) => number).filter((number) => !silent.includes(number));
  /** Lets time go by in which all but these speak, and looks. */
  const pass = async (minutes: number, ...silent: readonly number[]) => {
    bench.clock.now += minutes * MINUTE;
    await speak(...others(...silent));
    await watch.look(free);
  };
  const told = async () =>
    (await bench.records.as(SYSTEM).find('notice', { limit: 1000 })).records
      .filter(({ id }) => /^agenc/.test(id))
      .map(({ id, document }) => ({ id, ...document }));

  it('say it once in each language, to the shift and to the officers, and when it is heard again', async () => {
    watch = open();
    await pass(10, 0);
    await pass(4, 0);
    // The watch itself began fourteen minutes ago: nobody is called silent yet.
    expect(await told()).toEqual([]);
    await pass(2, 0);
    await pass(20, 0);
    const [one, ...more] = await told();
    expect(more).toEqual([]);
    expect(one).toMatchObject({
      agency: 'a0',
      kind: 'collector',
      level: 'warning',
      people: ['sep', 'canbo'],
      path: '/fleet',
    });
    expect(one?.texts.vi.title).toMatch(/^Mất tín hiệu từ /);
    expect(one?.texts.vi.text).toContain('23/11/2026 15:00');
    expect(one?.texts.en.text).toMatch(/^Nothing has come since 23\/11\/2026 15:00\. None of its collectors/);
    expect(one?.texts.km.title).toMatch(/[\u1780-\u17ff]/);
    // Neither a restart nor another server says it again.
    watch = open();
    await pass(20, 0);
    expect(await told()).toHaveLength(1);
    await pass(1);
    await pass(1);
    expect((await told()).map(({ id, level }) => [id.split(':')[0], level])).toEqual(
      expect.arrayContaining([
        ['agency-silent', 'warning'],
        ['agency-heard', 'info'],
      ]),
    );
  });

  it('do not follow an agency that comes and goes', async () => {
    const before = (await told()).length;
    for (let time = 0; time < 3; time += 1) {
      await pass(20, 0);
      await pass(1);
    }
    expect(await told()).toHaveLength(before);
    await pass(6 * 60);
    await pass(16, 0);
    expect(await told()).toHaveLength(before + 1);
    await pass(1);
  });

  it('are one where many fall silent at once, and one where they come back', async () => {
    bench.clock.now += 24 * 60 * MINUTE;
    await pass(1);
    const before = new Set((await told()).map(({ id }) => id));
    const fresh = async () => (await told()).filter(({ id }) => !before.has(id));
    const lost = [1, 2, 3, 4, 5, 6, 7, 8];
    await pass(16, ...lost);
    await pass(1, ...lost);
    expect(await fresh()).toMatchObject([{ level: 'critical', agency: '*', people: ['sep'] }]);
    expect((await fresh())[0]?.texts.en.title).toBe('Nothing comes from 8 agencies at once');
    await pass(11);
    await pass(1);
    expect((await fresh()).map(({ id }) => id.split(':')[0]).sort()).toEqual(['agencies-heard', 'agencies-silent']);
  });

  it('are none where it is switched off', async () => {
    const before = (await told()).length;
    bench.clock.now += 24 * 60 * MINUTE;
    for (const off of [{ agencySilentMinutes: 0 }, { alerts: false }]) {
      watch = open(off);
      await pass(20, 9);
      await pass(20, 9);
    }
    expect(await told()).toHaveLength(before);
  });
});
