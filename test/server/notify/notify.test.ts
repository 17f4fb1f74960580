import { createHmac, createPublicKey } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Issuer, makeCertificate, newPrivateKey } from '../../../server/authority/certificates.ts';
import { type AgencyId, SYSTEM } from '../../../server/identity.ts';
import { openNoticeDuty } from '../../../server/notify/duty.ts';
import type { NoticeWanted } from '../../../server/notify/notices.ts';
import { type NoticeOutbox, openOutbox } from '../../../server/notify/outbox.ts';
import type { Delivery } from '../../../server/notify/record.ts';
import type { NoticeLog, OwnNotices } from '../../../server/notify/schema.ts';
import {
  NO_NOTIFY,
  type NotifySettings,
  type SmtpSettings,
  type WebhookSettings,
} from '../../../server/notify/settings.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';
import { type MailServer, startMailServer } from './mail-server.ts';

const silent = pino({ level: 'silent' });
const PROVINCE = '*' as AgencyId;
const SECRET = 'mot-bi-mat-du-dai-0123456789';

interface Hooked {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

let folder = '';
let mail: MailServer;
let hookServer: Server;
const hooked: Hooked[] = [];
let hookStatus = 200;
let bench: Bench;
let settings: NotifySettings;
let lead = '';
let lan = '';
let officer = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haidang-notify-'));
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const authority: Issuer = { key: newPrivateKey(), name: 'notify test' };
  const key = newPrivateKey();
  const publicOf = (of: string) => createPublicKey(of).export({ type: 'spki', format: 'pem' }) as string;
  const request = { now: Date.now(), days: 2, hosts: ['127.0.0.1'] };
  const ca = await makeCertificate(
    { ...request, commonName: authority.name, publicKey: publicOf(authority.key), use: 'authority' },
    authority,
  );
  const cert = await makeCertificate(
    { ...request, commonName: 'mail', publicKey: publicOf(key), use: 'server' },
    authority,
  );
  mail = await startMailServer({ cert, key });
  hookServer = createServer((asked, reply) => {
    const pieces: Buffer[] = [];
    asked.on('data', (piece) => pieces.push(piece));
    asked.on('end', () => {
      hooked.push({ headers: asked.headers, body: Buffer.concat(pieces).toString('utf8') });
      reply.writeHead(hookStatus).end('thanks');
    });
  });
  await new Promise<void>((done) => hookServer.listen(0, '127.0.0.1', done));
  const smtp: SmtpSettings = {
    ...{ host: '127.0.0.1', port: mail.port, security: 'starttls', from: 'soc@tinh.example.vn' },
    ...{ user: undefined, passwordFile: undefined, caFile: await file('ca.pem', ca) },
  };
  const hook: WebhookSettings = {
    ...{ id: 'chat', url: `http://127.0.0.1:${(hookServer.address() as AddressInfo).port}/in`, kinds: ['clock'] },
    ...{ secretFile: await file('secret', `${SECRET}\n`), caFile: undefined },
  };
  settings = { ...NO_NOTIFY, smtp, webhooks: [hook], console: 'https://soc.tinh.example.vn' };
  bench = await openBench({ notify: settings });
  await bench.addAgency('one');
  lead = await bench.signIn({ user: 'sep', role: 'lead' });
  lan = await bench.signIn({ user: 'lan' });
  officer = await bench.signIn({ user: 'canbo', role: 'agency-officer', agencies: ['one'] });
  await bench.notices.setAddress('test', 'lan', { email: 'lan@tinh.example.vn', language: 'km', mailFrom: 'warning' });
});
afterAll(async () => {
  await bench?.close();
  await mail?.close();
  hookServer?.closeAllConnections();
  await new Promise((done) => hookServer?.close(done));
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  const view = bench.records.as(SYSTEM);
  for (const { id } of (await view.find('notice', { limit: 1000 })).records) await view.remove('notice', id);
  bench.clock.now = Date.now();
  mail.taken.length = 0;
  hooked.length = 0;
  Object.assign(mail, { offersTls: true, password: undefined, refuses: undefined, losesAnswers: false });
  hookStatus = 200;
});

const headers = (cookie: string) => ({ host: HOST, origin: `http://${HOST}`, cookie });
const get = (url: string, cookie: string) => bench.app.inject({ url, headers: headers(cookie) });
const send = (method: 'POST' | 'PUT', url: string, payload: object, cookie: string) =>
  bench.app.inject({ method, url, payload, headers: headers(cookie) });
const mine = async (cookie: string) => (await get('/api/v1/session/notices?limit=200', cookie)).json() as OwnNotices;

let made = 0;
/** Makes a notice for Lan; gives its id. */
async function notify(change: Partial<NoticeWanted> = {}): Promise<string> {
  made += 1;
  const id = change.id ?? `test:${made}`;
  await bench.notices.notify({
    ...{ id, kind: 'request', level: 'warning', agency: PROVINCE, path: '/incidents/HD-1' },
    audience: { names: ['lan'], onCall: false, roles: [], otherwise: [] },
    texts: {
      vi: { title: 'Sắp hết hạn', text: 'Hạn cuối' },
      en: { title: 'Nearly over', text: 'Ends' },
      km: { title: 'ជិតផុតកំណត់', text: 'ផុតកំណត់' },
    },
    ...change,
  });
  return id;
}
const newOutbox = (change: Partial<NotifySettings> = {}, allowPrivate = ['127.0.0.1']): NoticeOutbox =>
  openOutbox({
    ...{ records: bench.records, settings: { ...settings, ...change }, policy: { allowPrivate }, log: silent },
    now: () => bench.clock.now,
    random: () => 1,
  });
const never = new AbortController().signal;
const free = async () => {};
const deliver = (outbox = newOutbox()) => outbox.deliver(free, never);
async function ways(id: string): Promise<readonly Delivery[]> {
  return (await bench.records.as(SYSTEM).get('notice', id))?.document.deliveries ?? [];
}

describe('a notice by mail', () => {
  it('goes by STARTTLS to the person’s address, in their language, once', async () => {
    const id = await notify();
    await notify({ id });
    await deliver();
    await deliver();
    expect(mail.taken).toHaveLength(1);
    const [taken] = mail.taken;
    expect(taken).toMatchObject({
      secure: true,
      from: 'MAIL FROM:<soc@tinh.example.vn>',
      to: ['RCPT TO:<lan@tinh.example.vn>'],
    });
    const [head = '', body = ''] = (taken?.data ?? '').split('\r\n\r\n');
    expect(head).toMatch(/^Auto-Submitted: auto-generated$/im);
    expect(head).toMatch(/^Content-Language: km$/im);
    expect(head).toMatch(/^Message-ID: <[0-9a-f]{40}@tinh\.example\.vn>$/im);
    const plain = Buffer.from(body, 'base64').toString('utf8');
    expect(plain).toBe('ជិតផុតកំណត់\n\nផុតកំណត់\n\nhttps://soc.tinh.example.vn/incidents/HD-1\n');
    expect(await ways(id)).toMatchObject([
      { state: 'delivered', attempts: 1, problem: null, answer: '250 2.0.0 taken as 4711' },
    ]);
  });

  it('lets no text begin another line of the head, or name another recipient', async () => {
    const evil = 'x\r\nBcc: ke-xau@example.com\r\n\r\nmore\u202e\u2028';
    await notify({
      texts: { vi: { title: evil, text: evil }, en: { title: evil, text: evil }, km: { title: evil, text: evil } },
    });
    await deliver();
    const [taken] = mail.taken;
    expect(taken?.to).toEqual(['RCPT TO:<lan@tinh.example.vn>']);
    const [head = ''] = (taken?.data ?? '').split('\r\n\r\n');
    expect(head).not.toMatch(/^bcc:/im);
    for (const wrong of [
      'a@b.vn\r\nRCPT TO:<c@d.vn>',
      'a@b.vn, c@d.vn',
      'A <a@b.vn>',
      'a b@c.vn',
      '"a"@b.vn',
      'a@',
      '@b',
      'a..b@c.vn',
    ]) {
      const body = { email: wrong, language: 'vi', mailFrom: 'info' };
      expect((await send('PUT', '/api/v1/session/notices/address', body, lan)).statusCode, wrong).toBe(400);
    }
  });

  it('waits where the server offers no STARTTLS, is not who it must be, or takes no password, and says why', async () => {
    const id = await notify();
    mail.offersTls = false;
    await deliver();
    expect(mail.taken).toEqual([]);
    expect(await ways(id)).toMatchObject([{ state: 'waiting', attempts: 1, problem: expect.stringMatching(/TLS/i) }]);
    const smtp = settings.smtp as SmtpSettings;
    Object.assign(mail, { offersTls: true, password: 'dung' });
    bench.clock.now += 60_000;
    await deliver(newOutbox({ smtp: { ...smtp, caFile: undefined } }));
    expect((await ways(id))[0]).toMatchObject({ attempts: 2, problem: expect.stringMatching(/certificate/i) });
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, 'sai\n');
    const signed = newOutbox({ smtp: { ...smtp, user: 'soc', passwordFile } });
    bench.clock.now += 60_000;
    await deliver(signed);
    expect((await ways(id))[0]).toMatchObject({ state: 'waiting', attempts: 3, problem: expect.stringMatching(/535/) });
    expect((await ways(id))[0]?.problem).not.toContain('sai\n');
    // The file is read anew: the right one needs no restart.
    await writeFile(passwordFile, 'dung\n');
    bench.clock.now += 600_000;
    await deliver(signed);
    expect(await ways(id)).toMatchObject([{ state: 'delivered', attempts: 4 }]);
    expect(mail.taken[0]).toMatchObject({ user: 'soc', secure: true });
  });

  it('is given up at once for a mailbox that is none, after the set time for an outage, and sent again on request', async () => {
    mail.refuses = '550 5.1.1 no such mailbox';
    const none = await notify();
    await deliver();
    expect(await ways(none)).toMatchObject([{ state: 'dead', problem: expect.stringMatching(/550/) }]);
    mail.refuses = '451 4.3.0 later';
    const late = await notify();
    const patient = newOutbox({ giveUpHours: 3 });
    for (let tries = 0; tries < 200 && (await ways(late))[0]?.state === 'waiting'; tries += 1) {
      await deliver(patient);
      bench.clock.now += 900_000;
    }
    const [dead] = await ways(late);
    expect(dead).toMatchObject({ state: 'dead', problem: expect.stringMatching(/451/) });
    // Looked at every quarter of an hour, the longest wait.
    expect(dead?.attempts).toBe(13);
    bench.clock.now = Date.now();
    const log = (await get('/api/v1/notices?show=dead', lead)).json() as NoticeLog;
    expect(log.notices.map(({ id }) => id).sort()).toEqual([late, none].sort());
    expect(log).toMatchObject({ dead: 2, ways: { mail: 'soc@tinh.example.vn', webhooks: [{ id: 'chat' }] } });
    expect(JSON.stringify(log)).not.toContain('lan@tinh.example.vn');
    mail.refuses = undefined;
    expect((await send('POST', `/api/v1/notices/${none}/resend`, {}, lan)).statusCode).toBe(403);
    expect((await send('POST', `/api/v1/notices/${none}/resend`, {}, lead)).statusCode).toBe(200);
    await deliver();
    expect(await ways(none)).toMatchObject([{ state: 'delivered' }]);
  });

  it('keeps its Message-ID where the answer was lost and it goes twice', async () => {
    mail.losesAnswers = true;
    await notify();
    await deliver();
    mail.losesAnswers = false;
    bench.clock.now += 60_000;
    await deliver();
    const ids = mail.taken.map(({ data }) => /^Message-ID: (.*)$/im.exec(data)?.[1]);
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBe(ids[1]);
  });

  it('does not go below the level that the person wants, nor where no mail server is set', async () => {
    const id = await notify({ level: 'info' });
    expect(await ways(id)).toEqual([]);
    expect((await mine(lan)).notices[0]).toMatchObject({ id, level: 'info', readAt: null });
  });
});

describe('a notice to a web hook', () => {
  it('is signed over time and body, names no person, and goes only for its kinds', async () => {
    const id = await notify({ kind: 'clock' });
    await notify({ kind: 'request' });
    await deliver();
    await deliver();
    expect(hooked).toHaveLength(1);
    const [{ headers: got, body } = { headers: {}, body: '' }] = hooked;
    const timestamp = String(got['haidang-timestamp']);
    const mac = createHmac('sha256', SECRET).update(`${timestamp}.${body}`).digest('hex');
    expect(got['haidang-signature']).toBe(`v1=${mac}`);
    expect(Math.abs(Number(timestamp) * 1000 - bench.clock.now)).toBeLessThan(1_001);
    expect(JSON.parse(body)).toMatchObject({ id, kind: 'clock', link: 'https://soc.tinh.example.vn/incidents/HD-1' });
    expect(body).not.toContain('lan');
    const [, hook] = await ways(id);
    expect(hook).toMatchObject({ channel: 'webhook', to: 'chat', state: 'delivered', answer: 'HTTP 200' });
  });

  it('is tried again after 500, given up after 410, and kept from addresses that nobody allowed', async () => {
    hookStatus = 500;
    const id = await notify({ kind: 'clock', level: 'info' });
    await deliver();
    expect(await ways(id)).toMatchObject([{ state: 'waiting', problem: 'The web hook answered HTTP 500.' }]);
    bench.clock.now += 60_000;
    await deliver(newOutbox({}, []));
    expect(hooked).toHaveLength(1);
    expect((await ways(id))[0]?.problem).toMatch(/127\.0\.0\.1.*outbound\.allow_private/);
    hookStatus = 410;
    bench.clock.now += 60_000;
    await deliver();
    expect(await ways(id)).toMatchObject([{ state: 'dead', attempts: 3, problem: 'The web hook answered HTTP 410.' }]);
  });
});

describe('notices in the console', () => {
  it('are for the people who may see what they are about, and are read by each alone', async () => {
    const audience = { names: ['lan', 'canbo', 'nobody'], onCall: false, roles: ['lead'], otherwise: [] } as const;
    const id = await notify({ agency: 'one' as AgencyId, audience });
    const province = await notify({ audience });
    const seen = async (cookie: string) => (await mine(cookie)).notices.map((one) => one.id);
    expect(await seen(officer)).toEqual([id]);
    expect(await seen(lead)).toEqual(expect.arrayContaining([id, province]));
    expect((await send('POST', '/api/v1/session/notices/read', { ids: [id] }, officer)).statusCode).toBe(204);
    expect((await mine(officer)).unread).toBe(0);
    const isRead = async (cookie: string) => (await mine(cookie)).notices.find((one) => one.id === id)?.readAt !== null;
    expect([await isRead(officer), await isRead(lan)]).toEqual([true, false]);
    await send('POST', '/api/v1/session/notices/read', {}, lan);
    expect((await mine(lan)).unread).toBe(0);
    expect((await get('/api/v1/notices', officer)).statusCode).toBe(403);
  });

  it('show whether a person is reached, and their own address to themselves alone', async () => {
    const body = { email: 'canbo@so.example.vn', language: 'vi', mailFrom: 'critical' };
    expect((await send('PUT', '/api/v1/session/notices/address', body, officer)).statusCode).toBe(200);
    expect((await get('/api/v1/session/notices/address', officer)).json()).toEqual(body);
    expect((await send('POST', '/api/v1/session/notices/test', {}, officer)).statusCode).toBe(201);
    await deliver();
    expect(mail.taken.map(({ to }) => to)).toEqual([['RCPT TO:<canbo@so.example.vn>']]);
    expect((await get('/api/v1/notices/people', lead)).statusCode).toBe(403);
    const ofOne = await bench.signIn({ user: 'quantri', role: 'administrator', agencies: ['one'] });
    const { people } = (await get('/api/v1/notices/people', ofOne)).json();
    expect(people.map(({ user }: { user: string }) => user).sort()).toEqual(['canbo', 'quantri']);
    expect((await send('PUT', '/api/v1/notices/people/lan', body, ofOne)).statusCode).toBe(404);
    const { records } = await bench.records.as(SYSTEM).find('audit', { limit: 1000 });
    const line = records.find(({ document }) => document.act === 'notice.address' && document.target === 'canbo');
    expect(line?.document.detail).toMatchObject({ email: 'set', language: 'vi' });
  });

  it('come at once to the person’s open console, and to no other', async () => {
    const { startAnnouncer } = await import('../../../server/notify/announce.ts');
    await bench.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = bench.app.server.address() as AddressInfo;
    const change = await bench.records.lastChange();
    const heard: { readonly who: string; readonly id: string }[] = [];
    const open = async (who: string, cookie: string): Promise<WebSocket> => {
      const origin = `http://127.0.0.1:${port}`;
      const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/live?since=${change}`, {
        headers: { cookie },
        origin,
      });
      socket.on('message', (data) => {
        const message = JSON.parse(String(data));
        if (message.type === 'notice') heard.push({ who, id: message.notice.id });
      });
      await new Promise((done, failed) => socket.once('open', done).once('error', failed));
      return socket;
    };
    const sockets = [await open('lan', lan), await open('sep', lead)];
    const announcer = startAnnouncer({ records: bench.records, live: bench.live, log: silent, everyMs: 20 });
    try {
      await until(() => bench.live.clients() === 2);
      await announcer.look();
      const id = await notify();
      await until(() => heard.length > 0);
      expect(heard).toEqual([{ who: 'lan', id }]);
    } finally {
      for (const socket of sockets) socket.terminate();
      await announcer.stop();
    }
  });
});

describe('notices by themselves', () => {
  it('are sent by whoever holds the lease, until it ends; what is old goes', async () => {
    const outbox = newOutbox({ keepDays: 1 });
    const seen: string[] = [];
    const watches = [{ begin: () => void seen.push('begin'), look: async () => void seen.push('look') }];
    const duty = openNoticeDuty({ records: bench.records, watches, outbox, log: silent, lookMs: 5 });
    const id = await notify();
    duty.start(undefined);
    await until(async () => (await ways(id))[0]?.state === 'delivered' && seen.length > 2);
    await duty.stop();
    expect(seen.slice(0, 2)).toEqual(['begin', 'look']);
    const looks = seen.length;
    expect(mail.taken.length).toBeGreaterThan(0);
    bench.clock.now += 3 * 86_400_000;
    await outbox.sweep(free);
    expect(await bench.records.as(SYSTEM).get('notice', id)).toBeUndefined();
    expect(seen.length).toBe(looks);
  });
});

/** Waits until something is so. */
async function until(so: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    if (await so()) return;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error('waited a minute in vain');
}
