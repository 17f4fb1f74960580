import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CollectorStatus } from '../../../ecs/wire.ts';
import { changeRecord } from '../../../server/fleet/change-record.ts';
import { judge } from '../../../server/fleet/judge.ts';
import type { SourceRhythm } from '../../../server/fleet/record.ts';
import { learn, surprise } from '../../../server/fleet/rhythm.ts';
import { fits, writeSettings } from '../../../server/fleet/settings.ts';
import { startFleetWatch } from '../../../server/fleet/watch.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { AGENCY, type FleetLab, openFleetLab } from './lab.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
/** A Monday, midnight in Vietnam. */
const MONDAY = Date.UTC(2026, 10, 22, 17);
const ZONE = 7 * HOUR;

describe('the rhythm of a source', () => {
  /** Learns weeks of a source that speaks when `speaks` says so. */
  function weeks(count: number, speaks: (hour: number, weekend: boolean) => boolean): SourceRhythm {
    let rhythm: SourceRhythm | undefined;
    let last: number | null = null;
    for (let hour = 0; hour <= count * 168; hour++) {
      const now = MONDAY - count * 168 * HOUR + hour * HOUR;
      rhythm = learn(rhythm, last, now + 1, ZONE);
      const day = Math.floor(hour / 24) % 7;
      if (speaks(hour % 24, day >= 5)) last = now + HOUR - 1;
    }
    return rhythm as SourceRhythm;
  }
  const told = Math.log(1_000);

  it('lets an office sleep at night and at the weekend, and misses it in the morning', () => {
    const office = weeks(3, (hour, weekend) => !weekend && hour >= 8 && hour < 17);
    const friday = MONDAY + 4 * 24 * HOUR + 17 * HOUR;
    expect(surprise(office, friday - 1, friday + 63 * HOUR - 1, ZONE)).toBeLessThan(told);
    expect(surprise(office, friday - 1, friday + 67 * HOUR, ZONE)).toBeGreaterThan(told);
  });

  it('misses a source that never sleeps within hours', () => {
    const busy = weeks(3, () => true);
    expect(surprise(busy, MONDAY, MONDAY + 2 * HOUR, ZONE)).toBeLessThan(told);
    expect(surprise(busy, MONDAY, MONDAY + 5 * HOUR, ZONE)).toBeGreaterThan(told);
  });

  it('says nothing of a source that it hardly knows', () => {
    let rhythm: SourceRhythm | undefined;
    for (let hour = 0; hour < 20; hour++) rhythm = learn(rhythm, MONDAY + hour * HOUR - 1, MONDAY + hour * HOUR, ZONE);
    expect(surprise(rhythm as SourceRhythm, MONDAY + 20 * HOUR, MONDAY + 60 * HOUR, ZONE)).toBe(0);
  });
});

describe('names with stars', () => {
  it.each([
    ['file:/var/log/*', 'file:/var/log/auth.log', true],
    ['*', 'journald', true],
    ['file:*/nginx/*.log', 'file:/var/log/nginx/access.log', true],
    ['file:*/nginx/*.log', 'file:/var/log/apache2/access.log', false],
    ['ab*ba', 'aba', false],
    ['journald', 'journald2', false],
  ])('%s fits %s: %s', (pattern, text, expected) => expect(fits(pattern, text)).toBe(expected));
});

describe('the watch over collectors', () => {
  let lab: FleetLab;
  let woken = 0;
  beforeEach(async () => {
    lab = await openFleetLab();
    woken = 0;
  });
  afterEach(() => lab.close());

  const status = (lastReadAt: number, health: object = {}): CollectorStatus => ({
    collector: 'c1aaaaaa',
    epoch: '0000000a',
    version: '1.2.3',
    startedAt: new Date(lastReadAt - HOUR).toISOString(),
    waiting: { frames: 0, events: 0, bytes: 0 },
    quarantined: { frames: 0, events: 0, reasons: {} },
    sources: [
      {
        source: 'file:/var/log/auth.log',
        read: 5,
        spooled: 5,
        dropped: {},
        unparsed: 0,
        kernelDropped: 0,
        lastReadAt: new Date(lastReadAt).toISOString(),
        error: null,
      },
    ],
    health: {
      machine: null,
      cpuPercent: 1,
      rssBytes: 1,
      spoolBytes: 1,
      spoolMaxBytes: 100,
      diskFreeBytes: 1e12,
      clockOffsetMs: 0,
      waitingSince: null,
      certificateEnds: null,
      policy: { version: null, failed: null },
      ...health,
    },
  });
  const enrolled = async (at: number) => {
    await lab.records.as(SYSTEM).create('collector', 'c1aaaaaa', {
      agency: AGENCY,
      name: 'stc-01',
      fingerprint: '',
      notAfter: new Date(at + 30 * 24 * HOUR).toISOString(),
      revoked: false,
      createdAt: new Date(at).toISOString(),
      lastSeenAt: new Date(at).toISOString(),
      status: status(at),
      counters: [],
    });
  };
  const alerts = async () =>
    (await lab.records.as(SYSTEM).find('alert', { limit: 10 })).records.map(({ document }) => document);
  const watch = () =>
    startFleetWatch({
      records: lab.records,
      log: pino({ level: 'silent' }),
      now: () => lab.clock.now,
      onAlerts: () => woken++,
      everyMs: 1e9,
    });

  it('raises one alert for a dead collector within ten minutes, as one of its agency, and none at its own start', async () => {
    await enrolled(lab.clock.now - HOUR);
    const fleet = watch();
    expect(await fleet.look()).toBe(0);
    lab.clock.now += 6 * MINUTE;
    expect(await fleet.look()).toBe(1);
    lab.clock.now += MINUTE;
    expect(await fleet.look()).toBe(0);
    expect(woken).toBe(1);
    expect(await alerts()).toMatchObject([
      { agency: AGENCY, status: 'new', severity: 'high', ruleTitle: 'A collector stopped reporting', count: 1 },
    ]);
    const scope = { kind: 'user', name: 'x', role: 'viewer', agencies: ['so-y-te'] } as never;
    expect((await lab.records.as(scope).find('alert', {})).records).toEqual([]);
    await fleet.stop();
  });

  it('raises an alert for a source that is silent for longer than was set, and a new one for the next silence', async () => {
    await writeSettings(lab.records, {
      silence: [{ collector: '*', source: 'file:/var/log/*', minutes: 20 }],
    });
    const fleet = watch();
    lab.clock.now += 6 * MINUTE;
    const spoke = lab.clock.now - 25 * MINUTE;
    await enrolled(lab.clock.now);
    await changeRecord(lab.records, 'c1aaaaaa', (record) => ({ ...record, status: status(spoke) }));
    expect(await fleet.look()).toBe(1);
    expect(await fleet.look()).toBe(0);
    expect(await alerts()).toMatchObject([{ severity: 'medium', group: { 'file.path': 'file:/var/log/auth.log' } }]);
    await changeRecord(lab.records, 'c1aaaaaa', (record) => ({ ...record, status: status(spoke + MINUTE) }));
    expect(await fleet.look()).toBe(1);
    await writeSettings(lab.records, { silence: [{ collector: '*', source: '*', minutes: 0 }] });
    await changeRecord(lab.records, 'c1aaaaaa', (record) => ({ ...record, status: status(spoke - HOUR) }));
    expect(await fleet.look()).toBe(0);
    await fleet.stop();
  });

  it('names what is wrong with a living collector', async () => {
    const { now } = lab.clock;
    await enrolled(now);
    const record = await lab.record('c1aaaaaa');
    const found = (health: object, change: object = {}) =>
      judge({ ...record, status: status(now, health), ...change }, [], now).map(({ what }) => what);
    expect(found({})).toEqual([]);
    expect(found({ spoolBytes: 85 })).toEqual(['spool']);
    expect(found({ clockOffsetMs: -45_000 })).toEqual(['clock']);
    expect(found({ diskFreeBytes: 5 })).toEqual(['disk']);
    expect(found({ waitingSince: new Date(now - HOUR).toISOString() })).toEqual(['waiting']);
    expect(found({}, { notAfter: new Date(now + HOUR).toISOString() })).toEqual(['certificate']);
    expect(found({}, { lastSeenAt: new Date(now - HOUR).toISOString() })).toEqual(['dead']);
    expect(found({}, { revoked: true })).toEqual(['revoked']);
    expect(found({}, { copySeenAt: new Date(now).toISOString() })).toEqual(['copied']);
  });
});
