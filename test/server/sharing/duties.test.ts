import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DutyPolicy } from '../../../server/accounts/duties.ts';
import { SYSTEM } from '../../../server/identity.ts';
import type { IncidentDetail } from '../../../server/incidents/schema.ts';
import type { SharePreview, SharingList, SharingRow, SharingSetup } from '../../../server/sharing/schema.ts';
import { NO_SHARING, type Recipient } from '../../../server/sharing/settings.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';

const HOUR_MS = 3_600_000;
const A05: Recipient = {
  ...{ id: 'a05', name: 'Trung tâm quốc gia', tlp: 'amber+strict' },
  channel: { kind: 'archive', folder: undefined },
};

/** A center with its people, who come back after the clock was moved. */
async function openCenter(duties?: DutyPolicy) {
  const preauthorised = { severity: 'critical' as const, classes: ['availability/ddos'] };
  const sharing = { ...NO_SHARING, reporterId: 'soc-thu', recipients: [A05], preauthorised };
  const bench: Bench = await openBench({ sharing, ...(duties ? { duties } : {}) });
  const started = bench.clock.now;
  const ask = async (user: 'lan' | 'minh' | 'hoa', method: 'GET' | 'POST', path: string, payload?: object) => {
    const role = user === 'lan' ? 'analyst' : 'lead';
    const cookie = await bench.signIn({ user, role });
    const headers = { host: HOST, origin: `http://${HOST}`, cookie };
    return bench.app.inject({ method, url: `/api/v1${path}`, headers, ...(payload ? { payload } : {}) });
  };
  return {
    bench,
    ask,
    /** Hours after the start. */
    at(hours: number) {
      bench.clock.now = started + hours * HOUR_MS;
    },
    /** An incident that was detected at the start. */
    async incident(change: object = {}): Promise<string> {
      const detectedAt = new Date(started).toISOString();
      const made = await ask('lan', 'POST', '/incidents', { alerts: [], title: 'Tấn công', detectedAt, ...change });
      expect(made.statusCode, made.payload).toBe(201);
      return made.json<IncidentDetail>().incident.id;
    },
    async request(user: 'lan' | 'minh', id: string, minimal = false) {
      const seen: SharePreview = (
        await ask(user, 'GET', `/incidents/${id}/sharing/a05/preview?minimal=${minimal}`)
      ).json();
      const { version, sha256 } = seen;
      const asked = { recipient: 'a05', version, sha256, textsRead: true, minimal };
      return { sha256, answer: await ask(user, 'POST', `/incidents/${id}/sharing`, asked) };
    },
    act: (user: 'lan' | 'minh' | 'hoa', id: string, what: string, body: object) =>
      ask(user, 'POST', `/incidents/${id}/sharing/a05/versions/1/${what}`, body),
    async acts(target: string) {
      const { records } = await bench.records.as(SYSTEM).find('audit', { limit: 1000 });
      return records
        .filter(({ document }) => document.target === target && document.act.startsWith('sharing.'))
        .map(({ document }) => document);
    },
  };
}
type Center = Awaited<ReturnType<typeof openCenter>>;

describe('where nobody answers', () => {
  let center: Center;
  beforeAll(async () => {
    center = await openCenter();
  });
  afterAll(() => center?.bench.close());

  it('the lead releases alone within the margin before the term, and no sooner; another one looks at it by the next day', async () => {
    center.at(0);
    const id = await center.incident({ severity: 'high' });
    const { sha256, answer } = await center.request('minh', id);
    const row = answer.json<SharingRow>();
    // 24 h by the default terms, and the last 120 minutes of them.
    expect(Date.parse(row.deadline ?? '') - center.bench.clock.now).toBe(24 * HOUR_MS);
    expect(Date.parse(row.aloneFrom ?? '') - center.bench.clock.now).toBe(22 * HOUR_MS);
    const release = { sha256, reason: 'Không ai trực, hạn còn một giờ' };
    center.at(22 - 1 / 60);
    expect((await center.act('minh', id, 'release', release)).json()).toMatchObject({ code: 'HD_ANOTHER_PERSON' });
    center.at(22);
    expect((await center.act('lan', id, 'release', release)).statusCode).toBe(403);
    expect((await center.act('minh', id, 'approve', { sha256 })).json()).toMatchObject({ code: 'HD_ANOTHER_PERSON' });
    expect((await center.act('minh', id, 'release', { ...release, sha256: 'f'.repeat(64) })).statusCode).toBe(409);
    const released = await center.act('minh', id, 'release', release);
    expect(released.statusCode, released.payload).toBe(200);
    const [version] = released.json<SharingRow>().versions;
    expect(version).toMatchObject({
      state: 'approved',
      decision: { by: 'minh', how: 'alone', reason: release.reason },
    });
    expect(Date.parse(version?.review?.due ?? '') - center.bench.clock.now).toBe(24 * HOUR_MS);
    expect(await center.acts(id)).toContainEqual(
      expect.objectContaining({
        actor: 'minh',
        act: 'sharing.release-alone',
        detail: expect.objectContaining(release),
      }),
    );

    center.at(40);
    const open: SharingList = (await center.ask('hoa', 'GET', '/sharing?show=review')).json();
    expect([open.counts.review, open.shares.map(({ incident }) => incident)]).toEqual([1, [id]]);
    expect((await center.act('minh', id, 'review', { note: '' })).json()).toMatchObject({ code: 'HD_ANOTHER_PERSON' });
    expect((await center.act('hoa', id, 'review', { note: 'Đúng' })).statusCode).toBe(200);
    const closed: SharingList = (await center.ask('hoa', 'GET', '/sharing?show=review')).json();
    expect(closed.counts.review).toBe(0);
  });

  it('somebody who said no has answered: nobody releases that alone', async () => {
    center.at(0);
    const id = await center.incident({ severity: 'high' });
    const { sha256 } = await center.request('minh', id);
    center.at(23);
    expect((await center.act('hoa', id, 'refuse', { reason: 'Chưa đủ' })).statusCode).toBe(200);
    const late = await center.act('minh', id, 'release', { sha256, reason: 'Vẫn gửi' });
    expect(late.statusCode, late.payload).toBe(409);
  });

  it('without a term nobody is in such a hurry', async () => {
    center.at(0);
    const id = await center.incident({ severity: 'low' });
    const { sha256, answer } = await center.request('minh', id);
    expect(answer.json<SharingRow>()).toMatchObject({ deadline: null, aloneFrom: null, twoPersons: true });
    center.at(1_000);
    expect((await center.act('minh', id, 'release', { sha256, reason: 'x' })).json()).toMatchObject({
      code: 'HD_ANOTHER_PERSON',
    });
  });

  it('what is immediate leaves at once in its pre-authorised class alone, and is looked at again', async () => {
    center.at(0);
    const other = await center.incident({ severity: 'critical' });
    expect((await center.request('lan', other, true)).answer.json()).toMatchObject({ code: 'HD_SHARING_BLOCKED' });
    const id = await center.incident({ severity: 'critical', rsit: 'availability/ddos' });
    const { answer } = await center.request('lan', id, true);
    expect(answer.json<SharingRow>().versions).toMatchObject([
      { state: 'approved', minimal: true, decision: { by: 'lan', how: 'preauthorised' }, review: { at: null } },
    ]);
  });
});

describe('a center whose operator wants no second person', () => {
  let center: Center;
  beforeAll(async () => {
    center = await openCenter({ approval: false, rules: false });
  });
  afterAll(() => center?.bench.close());

  it('lets whoever asked approve, by name, and says so to everybody', async () => {
    const id = await center.incident({ severity: 'high' });
    const { sha256, answer } = await center.request('minh', id);
    expect(answer.json<SharingRow>().twoPersons).toBe(false);
    expect((await center.act('lan', id, 'approve', { sha256 })).statusCode).toBe(403);
    const approved = await center.act('minh', id, 'approve', { sha256 });
    expect(approved.json<SharingRow>().versions).toMatchObject([
      { state: 'approved', decision: { by: 'minh', how: 'one-person' }, review: null },
    ]);
    expect(await center.acts(id)).toContainEqual(
      expect.objectContaining({ act: 'sharing.approve', detail: expect.objectContaining({ how: 'one-person' }) }),
    );
    const setup: SharingSetup = (await center.ask('lan', 'GET', '/sharing/recipients')).json();
    expect(setup.twoPersons).toBe(false);
  });

  it('still calls it two persons where there were two', async () => {
    const id = await center.incident({ severity: 'high' });
    const { sha256 } = await center.request('lan', id);
    const approved = await center.act('minh', id, 'approve', { sha256 });
    expect(approved.json<SharingRow>().versions).toMatchObject([{ decision: { how: 'second-person' } }]);
  });
});
