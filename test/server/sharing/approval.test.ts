import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SYSTEM } from '../../../server/identity.ts';
import type { IncidentDetail } from '../../../server/incidents/schema.ts';
import { verifyDetached } from '../../../server/sharing/jws.ts';
import type {
  IncidentSharing,
  SharePreview,
  SharingList,
  SharingRow,
  SharingSetup,
  VersionDetail,
} from '../../../server/sharing/schema.ts';
import { NO_SHARING, type Recipient } from '../../../server/sharing/settings.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';
import { RULE } from '../api/rule.ts';

const archive = { kind: 'archive' as const, folder: undefined };
const A05: Recipient = { id: 'a05', name: 'Trung tâm quốc gia', tlp: 'amber+strict', channel: archive };
const OPEN: Recipient = { id: 'doi-tac', name: 'Đối tác', tlp: 'green', channel: archive };

let bench: Bench;
let lan = '';
let minh = '';
let viewer = '';
let liaison = '';
let ofOne = '';
beforeAll(async () => {
  const preauthorised = { severity: 'critical' as const, classes: [] };
  bench = await openBench({
    rules: [RULE],
    sharing: { ...NO_SHARING, reporterId: 'soc-thu', reporterName: 'SOC thử', recipients: [A05, OPEN], preauthorised },
  });
  await bench.addAgency('one');
  lan = await bench.signIn({ user: 'lan' });
  minh = await bench.signIn({ user: 'minh', role: 'lead' });
  viewer = await bench.signIn({ user: 'xem', role: 'viewer' });
  liaison = await bench.signIn({ user: 'lien-lac', role: 'national-liaison' });
  ofOne = await bench.signIn({ user: 'mot', agencies: ['one'] });
});
afterAll(() => bench.close());

const headers = (cookie: string) => ({ host: HOST, origin: `http://${HOST}`, cookie });
const get = (url: string, cookie = lan) => bench.app.inject({ url, headers: headers(cookie) });
const post = (url: string, payload: object, cookie = lan) =>
  bench.app.inject({ method: 'POST', url, payload, headers: headers(cookie) });
let alerts = 0;

/** An incident with what must not leave in every place where it can stand. */
async function makeIncident(change: object = {}): Promise<string> {
  alerts += 1;
  await bench.addAlert(`s${alerts}`, {
    entities: {
      'source.ip': { values: ['203.0.113.7', '10.1.2.3'], total: 2 },
      'user.name': { values: ['nguyen.van.an', 'root'], total: 2 },
      'host.name': { values: ['may-ke-toan'], total: 1 },
      'email.from.address': { values: ['an@soyte.example.vn'], total: 1 },
    },
  });
  const made = await post('/api/v1/incidents', { alerts: [`s${alerts}`], title: `Sự cố ${alerts}`, ...change });
  expect(made.statusCode, made.payload).toBe(201);
  return made.json<IncidentDetail>().incident.id;
}
const preview = async (id: string, recipient = 'a05', minimal = false): Promise<SharePreview> => {
  const answer = await get(`/api/v1/incidents/${id}/sharing/${recipient}/preview?minimal=${minimal}`);
  expect(answer.statusCode, answer.payload).toBe(200);
  return answer.json();
};
const ask = (id: string, seen: SharePreview, change: object = {}, cookie = lan) => {
  const { version, sha256, minimal } = seen;
  const asked = { recipient: 'a05', version, sha256, textsRead: true, minimal, ...change };
  return post(`/api/v1/incidents/${id}/sharing`, asked, cookie);
};
const act = (id: string, number: number, what: string, body: object, cookie = minh) =>
  post(`/api/v1/incidents/${id}/sharing/a05/versions/${number}/${what}`, body, cookie);
const version = async (id: string, number: number): Promise<VersionDetail> =>
  (await get(`/api/v1/incidents/${id}/sharing/a05/versions/${number}`)).json();

describe('the preview', () => {
  const hidden = [
    '092190001234',
    '362123456',
    '0912345678',
    '+84 912 345 678',
    '10.20.30.40',
    'fd00::12',
    'lan.nguyen@cantho.example.vn',
    'hoaHuongDuong9',
    '65A-123.45',
    'nguyen.van.an',
    'an@soyte.example.vn',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln',
  ];

  it('shows the very bytes, and lets nothing of the test-set out, wherever it stands', async () => {
    const summary = `CCCD ${hidden[0]}, CMND ${hidden[1]}, gọi ${hidden[2]} hoặc ${hidden[3]}, máy ${hidden[4]} và ${hidden[5]},
thư ${hidden[6]}, mật khẩu là ${hidden[7]}, xe ${hidden[8]}, tài khoản ${hidden[9]} và nguyen.van.an, mã ${hidden[11]}`;
    const id = await makeIncident({ summary, title: `Máy ${hidden[4]} của ${hidden[9]}` });
    for (const addIndicator of [
      '10.9.8.7',
      'http://10.9.8.6/x',
      'https://evil.example.net/?cccd=092190001234',
      'https://evil.example.net/?p=%256dat%2520khau=1&password=hoaHuongDuong9',
      'https://evil.example.net/?id=0912345678',
      'nan-nhan@soyte.example.vn',
      'evil.example.net',
    ])
      await post(`/api/v1/incidents/${id}/changes`, { addIndicator });
    const system = { name: `iGate ${hidden[4]} (${hidden[9]})`, agency: null, level: 3 };
    const changed = await post(`/api/v1/incidents/${id}/changes`, { addSystem: system, comment: `xem ${hidden[0]}` });
    expect(changed.statusCode, changed.payload).toBe(200);
    const seen = await preview(id);
    for (const secret of [...hidden, '10.9.8.7', '10.9.8.6', '10.1.2.3', 'may-ke-toan', 'nan-nhan'])
      expect(seen.body, secret).not.toContain(secret);
    expect(seen.body).toContain("[domain-name:value = 'evil.example.net']");
    // The same account and the same machine have the same stand-in everywhere.
    const accounts = new Set(seen.body.match(/\[user-\w+\]/g));
    expect(accounts.size).toBe(1);
    expect(new Set(seen.body.match(/\[internal-address-\w+\]/g)).size).toBe(2);
    const reasons = seen.withheld.map(({ what, why }) => `${what} ${why}`);
    for (const reason of ['indicator internal', 'indicator secret', 'indicator personal', 'people personal'])
      expect(reasons).toContain(reason);
    const text = seen.texts.find(({ field }) => field === 'summary');
    const cut = (text?.cuts ?? []).map(({ kind, start, end }) => `${kind}: ${text?.before.slice(start, end)}`);
    expect(cut).toEqual([
      'citizen-id: 092190001234',
      'citizen-id: 362123456',
      'phone: 0912345678',
      'phone: +84 912 345 678',
      'internal-address: 10.20.30.40',
      'internal-address: fd00::12',
      'mail-address: lan.nguyen@cantho.example.vn',
      'credential: mật khẩu là hoaHuongDuong9',
      'licence-plate: 65A-123.45',
      'user: nguyen.van.an',
      'user: nguyen.van.an',
      'token: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln',
    ]);
    const { body } = await preview(id);
    expect(body).toBe(seen.body);
  });

  it('sees through digits and letters in disguise', async () => {
    const id = await makeIncident({ summary: 'CCCD ０９２１９０００１２３４, gọi 09\u200b12345678' });
    const { body } = await preview(id);
    expect(body).toContain('CCCD [citizen-id], gọi [phone]');
  });

  it('gives each recipient stand-ins of its own', async () => {
    const id = await makeIncident({ summary: 'máy 10.20.30.40', tlp: 'green' });
    const [one, other] = [await preview(id), await preview(id, 'doi-tac')];
    const stand = ({ body }: SharePreview) => /\[internal-address-\w+\]/.exec(body)?.[0];
    expect(stand(one)).toBeDefined();
    expect(stand(one)).not.toBe(stand(other));
  });

  it('is held back by a mark that is stricter than the recipient, and by red for everybody', async () => {
    const id = await makeIncident({ tlp: 'amber' });
    expect((await preview(id)).blocked).toBeNull();
    const seen = await preview(id, 'doi-tac');
    expect(seen.blocked).toBe('tlp');
    expect((await ask(id, seen, { recipient: 'doi-tac' })).json()).toMatchObject({ code: 'HD_SHARING_BLOCKED' });
    expect((await preview(await makeIncident({ tlp: 'red' }))).blocked).toBe('tlp');
  });
});

describe('two persons', () => {
  it('are needed: whoever asked cannot approve, and texts leave only once they were read', async () => {
    const id = await makeIncident();
    const seen = await preview(id);
    expect((await ask(id, seen, { textsRead: false })).statusCode).toBe(400);
    const asked = await ask(id, seen, {}, minh);
    expect(asked.statusCode, asked.payload).toBe(201);
    const { sha256 } = seen;
    expect((await act(id, 1, 'approve', { sha256 }, minh)).json()).toMatchObject({ code: 'HD_ANOTHER_PERSON' });
    expect((await act(id, 1, 'approve', { sha256 }, lan)).statusCode).toBe(403);
    expect((await act(id, 1, 'approve', { sha256: 'f'.repeat(64) }, liaison)).statusCode).toBe(409);
    const approved = await act(id, 1, 'approve', { sha256 }, liaison);
    expect(approved.statusCode, approved.payload).toBe(200);
    expect(approved.json<SharingRow>().versions).toMatchObject([
      { state: 'approved', requestedBy: 'minh', decision: { by: 'lien-lac', how: 'second-person' } },
    ]);
    expect((await act(id, 1, 'approve', { sha256 }, liaison)).statusCode).toBe(409);
  });

  it('decide on frozen, signed bytes; what changes later is another version, which needs them again', async () => {
    const id = await makeIncident();
    const seen = await preview(id);
    await ask(id, seen);
    await post(`/api/v1/incidents/${id}/changes`, { version: seen.version, set: { title: 'Đổi tên' } });
    await act(id, 1, 'approve', { sha256: seen.sha256 });
    const frozen = await version(id, 1);
    expect(frozen.body).toBe(seen.body);
    expect(frozen.changedSince).toBe(true);
    const setup: SharingSetup = (await get('/api/v1/sharing/recipients')).json();
    const key = createPublicKey({ key: setup.key.jwk as JsonWebKey, format: 'jwk' });
    const bytes = Buffer.from(frozen.body);
    const facts = verifyDetached(bytes, frozen.signature ?? '', key);
    expect(facts).toMatchObject({ inc: id, rcp: 'a05', ver: 1, kid: setup.key.kid });
    bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
    expect(verifyDetached(bytes, frozen.signature ?? '', key)).toBeUndefined();
    const next = await preview(id);
    expect(next).toMatchObject({ number: 2, blocked: null });
    await ask(id, next);
    const second = await version(id, 2);
    expect(second).toMatchObject({ version: { state: 'requested' }, signature: null });
    expect((await get(`/api/v1/incidents/${id}/sharing/a05/versions/2/archive`, liaison)).statusCode).toBe(409);
  });

  it('who looked at something else than what is there now are told so', async () => {
    const id = await makeIncident();
    const seen = await preview(id);
    await post(`/api/v1/incidents/${id}/changes`, { version: seen.version, set: { title: 'Đổi rồi' } });
    expect((await ask(id, seen)).json()).toMatchObject({ code: 'HD_RECORD_CONFLICT' });
  });

  it('may refuse with a reason, and who asked may take it back', async () => {
    const id = await makeIncident();
    await ask(id, await preview(id));
    expect((await act(id, 1, 'refuse', { reason: '' })).statusCode).toBe(400);
    expect((await act(id, 1, 'withdraw', { reason: 'x' }, minh)).statusCode).toBe(403);
    const refused = await act(id, 1, 'refuse', { reason: 'Thiếu thông tin' });
    expect(refused.json<SharingRow>().versions).toMatchObject([{ state: 'refused', refusal: { by: 'minh' } }]);
    await ask(id, await preview(id));
    const back = await act(id, 2, 'withdraw', { reason: 'Nhầm' }, lan);
    expect(back.json<SharingRow>().versions[1]).toMatchObject({ state: 'withdrawn' });
  });
});

describe('one person', () => {
  it('may release alone once the term is near, with a reason, and another one looks at it later', async () => {
    const detectedAt = new Date(bench.clock.now - 3_600_000).toISOString();
    const id = await makeIncident({ severity: 'high', detectedAt });
    const seen = await preview(id);
    const row = (await ask(id, seen, {}, minh)).json<SharingRow>();
    const initial = NO_SHARING.clocks.find((clock) => clock.id === 'initial');
    const deadline = Date.parse(detectedAt) + (initial?.hours ?? 0) * 3_600_000;
    expect(row.deadline).toBe(new Date(deadline).toISOString());
    const release = { sha256: seen.sha256, reason: 'Không ai trực' };
    expect((await act(id, 1, 'release', release)).json()).toMatchObject({ code: 'HD_ANOTHER_PERSON' });
    const before = bench.clock.now;
    bench.clock.now = deadline - 60_000;
    minh = await bench.signIn({ user: 'minh', role: 'lead' });
    liaison = await bench.signIn({ user: 'lien-lac', role: 'national-liaison' });
    try {
      expect((await act(id, 1, 'release', { ...release, reason: ' ' })).statusCode).toBe(400);
      const released = await act(id, 1, 'release', release);
      expect(released.statusCode, released.payload).toBe(200);
      expect(released.json<SharingRow>().versions[0]).toMatchObject({
        state: 'approved',
        decision: { how: 'alone', reason: 'Không ai trực' },
        review: { at: null },
      });
      const open: SharingList = (await get('/api/v1/sharing?show=review', minh)).json();
      expect(open.shares.map(({ incident }) => incident)).toContain(id);
      expect((await act(id, 1, 'review', { note: 'x' })).json()).toMatchObject({ code: 'HD_ANOTHER_PERSON' });
      const reviewed = await act(id, 1, 'review', { note: 'Đúng' }, liaison);
      expect(reviewed.json<SharingRow>().versions[0]?.review).toMatchObject({ by: 'lien-lac', note: 'Đúng' });
    } finally {
      bench.clock.now = before;
      for (const [user, role] of [
        ['minh', 'lead'],
        ['lien-lac', 'national-liaison'],
      ] as const) {
        const cookie = await bench.signIn({ user, role });
        if (user === 'minh') minh = cookie;
        else liaison = cookie;
      }
    }
  });

  it('may send the minimal form of the pre-authorised class at once, without a word that a person wrote', async () => {
    const id = await makeIncident({ severity: 'critical', summary: 'Chuyện riêng', title: 'Tên riêng' });
    const seen = await preview(id, 'a05', true);
    expect(seen).toMatchObject({ minimal: true, blocked: null, texts: [] });
    for (const word of ['Chuyện riêng', 'Tên riêng', RULE.yaml.slice(0, 30)]) expect(seen.body).not.toContain(word);
    expect(seen.body).toContain('203.0.113.7');
    const asked = await ask(id, seen, { textsRead: false });
    expect(asked.json<SharingRow>().versions[0]).toMatchObject({
      state: 'approved',
      decision: { how: 'preauthorised', by: 'lan' },
      review: { at: null },
    });
    const other = await makeIncident({ severity: 'low' });
    const low = await preview(other, 'a05', true);
    expect(low.blocked).toBe('not-preauthorised');
    expect((await ask(other, low)).json()).toMatchObject({ code: 'HD_SHARING_BLOCKED' });
  });
});

describe('what left before', () => {
  it('is what a later version is compared with: removed things are revoked, and unchanged ones keep their version', async () => {
    const id = await makeIncident();
    await post(`/api/v1/incidents/${id}/changes`, { addIndicator: 'evil.example.net' });
    const first = await preview(id);
    await ask(id, first);
    await act(id, 1, 'approve', { sha256: first.sha256 });
    expect((await preview(id)).blocked).toBe('unchanged');
    const detail: IncidentDetail = (await get(`/api/v1/incidents/${id}`)).json();
    const gone = detail.indicators.find(({ value }) => value === 'evil.example.net');
    const now = detail.incident.version;
    const removed = await post(`/api/v1/incidents/${id}/changes`, { version: now, removeIndicator: gone?.id });
    expect(removed.statusCode, removed.payload).toBe(200);
    const second = await preview(id);
    const objects = ({ body }: SharePreview) =>
      (JSON.parse(body) as { objects: Record<string, string | boolean>[] }).objects;
    const revoked = objects(second).filter((object) => object['revoked'] === true);
    expect(revoked.map(({ type }) => type).sort()).toEqual(['indicator', 'observed-data', 'sighting']);
    const old = new Map(objects(first).map((object) => [object['id'], object['modified']]));
    for (const object of revoked) expect(String(object['modified']) > String(old.get(object['id']))).toBe(true);
    const same = objects(second).find(({ type }) => type === 'identity');
    expect(same?.['modified']).toBe(old.get(same?.['id'] ?? ''));
    await ask(id, second);
    await act(id, 2, 'approve', { sha256: second.sha256 });
    await post(`/api/v1/incidents/${id}/changes`, { addIndicator: 'evil.example.net' });
    const third = objects(await preview(id));
    const lives = third.filter(({ pattern }) => String(pattern).includes('evil.example.net'));
    expect(lives.map(({ revoked: over }) => over ?? false).sort()).toEqual([false, true]);
    expect(new Set(third.map((object) => object['id'])).size).toBe(third.length);
  });

  it('is a revoked incident once it was merged into another one', async () => {
    const [into, from] = [await makeIncident(), await makeIncident()];
    const seen = await preview(from);
    await ask(from, seen);
    await act(from, 1, 'approve', { sha256: seen.sha256 });
    const [one, two] = [await get(`/api/v1/incidents/${into}`), await get(`/api/v1/incidents/${from}`)].map((answer) =>
      answer.json<IncidentDetail>(),
    );
    const merge = { version: one?.incident.version, from, fromVersion: two?.incident.version };
    expect((await post(`/api/v1/incidents/${into}/merge`, merge)).statusCode).toBe(200);
    const next = JSON.parse((await preview(from)).body) as { objects: Record<string, unknown>[] };
    expect(next.objects.find(({ type }) => type === 'incident')?.['revoked']).toBe(true);
  });
});

describe('who may not', () => {
  it('look at or do what their role or their agencies do not let them', async () => {
    const id = await makeIncident();
    expect((await get('/api/v1/sharing', viewer)).statusCode).toBe(403);
    expect((await get(`/api/v1/incidents/${id}/sharing`, viewer)).statusCode).toBe(403);
    expect((await get(`/api/v1/incidents/${id}/sharing`, ofOne)).statusCode).toBe(403);
    expect((await get('/api/v1/incidents/HD-NONE-0000/sharing')).statusCode).toBe(404);
    expect((await get(`/api/v1/incidents/${id}/sharing/nobody/preview`)).statusCode).toBe(404);
    const seen = await preview(id);
    expect((await ask(id, seen, {}, liaison)).statusCode).toBe(403);
    expect((await act(id, 1, 'resend', {}, minh)).statusCode).toBe(403);
    const shown: IncidentSharing = (await get(`/api/v1/incidents/${id}/sharing`)).json();
    expect(shown).toMatchObject({ recipients: [{ id: 'a05', channel: 'archive' }, { id: 'doi-tac' }], shares: [] });
  });

  it('leaves every act in the audit trail, once', async () => {
    const id = await makeIncident();
    const seen = await preview(id);
    await ask(id, seen);
    await act(id, 1, 'approve', { sha256: seen.sha256 });
    await bench.sharing?.shares.recover();
    const { records } = await bench.records.as(SYSTEM).find('audit', { limit: 1000 });
    const lines = records.filter(({ document }) => document.target === id && document.act.startsWith('sharing.'));
    expect(lines.map(({ document }) => `${document.actor} ${document.act}`).sort()).toEqual([
      'lan sharing.request',
      'minh sharing.approve',
    ]);
  });
});
