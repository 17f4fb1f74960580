import { X509Certificate } from 'node:crypto';
import { cpSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../../collector/config.ts';
import { askOnce, openTls } from '../../../collector/enrol/dial.ts';
import { EnrolError, type EnrolProblem, enrol } from '../../../collector/enrol/enrol.ts';
import { startRenewal } from '../../../collector/enrol/renewal.ts';
import { type RunningCollector, startCollector } from '../../../collector/main.ts';
import { ENROL_TEXT } from '../../../collector/text/enrolment.ts';
import { parseToken } from '../../../ecs/enrolment.ts';
import { AGENCY, type FleetLab, openFleetLab } from './lab.ts';

const MACHINE_A = 'a'.repeat(64);
const MACHINE_B = 'b'.repeat(64);
const silent = pino({ level: 'silent' });
let lab: FleetLab;
const running: RunningCollector[] = [];

beforeEach(async () => {
  lab = await openFleetLab();
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop(0);
  await lab.close();
});

const join_ = (token: string, name = 'c', more: object = {}) =>
  enrol({
    server: lab.url,
    token,
    folder: join(lab.folder, name),
    version: '1',
    machine: MACHINE_A,
    inputs: [],
    ...more,
  });

async function problemOf(work: Promise<unknown>): Promise<EnrolProblem> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof EnrolError)) throw new Error(`not refused as it should be: ${String(error)}`);
  return error.problem;
}

async function ask(folder: string, method: string, path: string, body?: unknown) {
  const pem = readFileSync(join(lab.folder, folder, 'identity.pem'), 'utf8');
  const server = new URL(lab.url);
  const ca = lab.authority.certificate;
  const { status, body: text } = await askOnce(
    await openTls({ server }, { ca, cert: pem, key: pem, verify: true }),
    server,
    method,
    path,
    body,
  );
  return { status, json: JSON.parse(text) as Record<string, unknown> };
}

async function until(what: string, probe: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 15_000; Date.now() < end; ) {
    if (await probe()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`waited in vain: ${what}`);
}

describe('enrolment', () => {
  it('gives a 30-day certificate of the token’s agency, for a key that only its owner can read', async () => {
    const enrolled = await join_(await lab.token(24, ['so-y-te']));
    expect(enrolled.agency).toBe(AGENCY);
    const path = join(lab.folder, 'c', 'identity.pem');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const certificate = new X509Certificate(readFileSync(path));
    const days = (certificate.validToDate.getTime() - lab.clock.now) / 86_400_000;
    expect(days).toBeGreaterThan(29.9);
    expect(days).toBeLessThan(30.1);
    expect(await lab.record(enrolled.collector)).toMatchObject({
      agency: AGENCY,
      agencies: [AGENCY, 'so-y-te'],
      machine: MACHINE_A,
      revoked: false,
    });
    expect(readConfig(enrolled.config)).toMatchObject({ id: enrolled.collector, renew: true });
    expect((await ask('c', 'GET', '/v1/clock')).status).toBe(200);
    expect((await lab.acts()).map(({ act }) => act).sort()).toEqual(['collector.enrol', 'collector.token']);
  });

  it('says nothing to a server with another authority', async () => {
    const other = await openFleetLab();
    try {
      expect(await problemOf(join_(await other.token()))).toBe('untrusted');
      expect(lab.ingest.state().refused).toBe(0);
    } finally {
      await other.close();
    }
  });

  it('refuses a token used by another, an expired, an unknown and a cut one, and says so in three languages', async () => {
    const token = await lab.token(1);
    await join_(token);
    expect(await problemOf(join_(token, 'd'))).toBe('token_used');
    const late = await lab.token(1);
    lab.clock.now += 3_600_001;
    expect(await problemOf(join_(late, 'e'))).toBe('token_expired');
    const right = parseToken(await lab.token());
    if (!right) throw new Error('no token');
    const forged = `hd1.${right.id}.${'A'.repeat(32)}.${right.authority}`;
    expect(await problemOf(join_(forged, 'f'))).toBe('token_unknown');
    expect(await problemOf(join_(token.slice(0, -1), 'g'))).toBe('token_form');
    const refused = (await lab.acts()).filter(({ act }) => act === 'collector.refused');
    expect(refused.map(({ detail }) => detail['code']).sort()).toEqual([
      'HD_TOKEN_EXPIRED',
      'HD_TOKEN_UNKNOWN',
      'HD_TOKEN_USED',
    ]);
    const problems = Object.keys(ENROL_TEXT.en).sort();
    for (const texts of Object.values(ENROL_TEXT)) {
      expect(Object.keys(texts).sort()).toEqual(problems);
      expect(new Set(Object.values(texts)).size).toBe(problems.length);
    }
  });

  it('gives one certificate where two machines come at once with one token', async () => {
    const token = await lab.token();
    const all = await Promise.allSettled([join_(token, 'a'), join_(token, 'b'), join_(token, 'd')]);
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('goes on with the same key where the answer was lost', async () => {
    const token = await lab.token();
    const first = await join_(token);
    const folder = join(lab.folder, 'c');
    const key = readFileSync(join(folder, 'identity.pem'), 'utf8').replace(/^[\s\S]*?(?=-----BEGIN PRIVATE)/, '');
    cpSync(folder, join(lab.folder, 'lost'), { recursive: true, filter: (path) => !/pem$|yaml$/.test(path) });
    (await import('node:fs')).writeFileSync(join(lab.folder, 'lost', 'pending.key'), key);
    const second = await join_(token, 'lost');
    expect(second.collector).toBe(first.collector);
    expect((await ask('lost', 'GET', '/v1/clock')).status).toBe(200);
  });

  it('slows down who guesses', async () => {
    const right = parseToken(await lab.token());
    if (!right) throw new Error('no token');
    const problems = new Set<string>();
    for (let attempt = 0; attempt < 12; attempt++) {
      const token = `hd1.${right.id}.${String(attempt).padStart(32, 'x')}.${right.authority}`;
      problems.add(await problemOf(join_(token, 'guess')));
    }
    expect([...problems]).toEqual(['token_unknown', 'too_many']);
    lab.clock.now += 60_000;
    expect((await join_(await lab.token())).agency).toBe(AGENCY);
  });

  it('lets nobody without a certificate do anything else', async () => {
    const server = new URL(lab.url);
    const tls = await openTls({ server }, { ca: lab.authority.certificate, verify: true });
    const { status, body } = await askOnce(tls, server, 'POST', '/v1/status', {});
    expect(status).toBe(403);
    expect(body).toContain('HD_CERTIFICATE');
  });

  it('goes through a proxy that asks for a password', async () => {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization']}`);
      const [host, port] = String(request.url).split(':');
      const onward = connectTcp(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = proxy.address() as AddressInfo;
      const through = new URL(`http://ten:mat%20khau@127.0.0.1:${port}`);
      const { config, collector } = await join_(await lab.token(), 'proxied', { proxy: through });
      expect(asked[0]).toBe(`127.0.0.1:${lab.ingest.port} Basic ${Buffer.from('ten:mat khau').toString('base64')}`);
      const before = asked.length;
      const machine = { ...(await lab.record(collector)) }.machine;
      expect(machine).toBe(MACHINE_A);
      expect(readConfig(config).proxy?.href).toBe(through.href);
      expect(before).toBe(2);
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });
});

describe('an enrolled collector', () => {
  it('renews its certificate at two thirds of its time, with a new key', async () => {
    // TLS itself looks at the machine's clock: the past is where a certificate can be of another time.
    lab.clock.now -= 20.5 * 86_400_000;
    const { collector } = await join_(await lab.token());
    const identity = join(lab.folder, 'c', 'identity.pem');
    const before = readFileSync(identity, 'utf8');
    let renewed = 0;
    const renewal = startRenewal({
      way: () => ({ server: new URL(lab.url) }),
      identity,
      ca: join(lab.folder, 'c', 'ca.crt'),
      machine: MACHINE_A,
      log: silent,
      now: () => lab.clock.now,
      onRenewed: () => renewed++,
    });
    renewal.stop();
    expect(await renewal.look()).toBe(false);
    lab.clock.now += 20.5 * 86_400_000;
    expect(await renewal.look()).toBe(true);
    const after = readFileSync(identity, 'utf8');
    expect(renewed).toBe(1);
    expect(after).not.toContain(before.slice(before.indexOf('-----BEGIN PRIVATE')));
    expect((await ask('c', 'GET', '/v1/clock')).status).toBe(200);
    expect(new X509Certificate(after).validToDate.toISOString()).toBe((await lab.record(collector)).notAfter);
    expect((await lab.acts()).some(({ act }) => act === 'collector.renew')).toBe(true);
  });

  it('is cut off at once when its certificate is taken back, and may enrol again under its id', async () => {
    const { collector, config } = await join_(await lab.token(), 'c', { machine: undefined });
    const process = await startCollector(readConfig(config), silent);
    running.push(process);
    await until('a status', async () => (await lab.record(collector)).status !== null);
    expect(lab.ingest.state().connections).toBe(1);
    await lab.fleet.revoke(collector as never, 'admin');
    await until('the connection is cut', () => lab.ingest.state().connections === 0 || lab.ingest.state().refused > 0);
    await until('it is refused', () => lab.ingest.state().refused > 0);
    expect((await ask('c', 'GET', '/v1/clock')).json['code']).toBe('HD_CERTIFICATE');
    const again = await join_(await lab.token(), 'c', { machine: undefined });
    expect(again.collector).toBe(collector);
    expect((await ask('c', 'GET', '/v1/clock')).status).toBe(200);
  });

  it('is refused from a copy of its disk on another machine, which enrols as a collector of its own', async () => {
    const { collector } = await join_(await lab.token());
    const copy = join(lab.folder, 'copy');
    cpSync(join(lab.folder, 'c'), copy, { recursive: true });
    const peer = { collector, record: await lab.record(collector) } as never;
    await expect(lab.fleet.admitMachine(peer, MACHINE_A)).resolves.toBeUndefined();
    await expect(lab.fleet.admitMachine(peer, MACHINE_B)).rejects.toMatchObject({ code: 'HD_CERTIFICATE_COPIED' });
    expect((await lab.record(collector)).revoked).toBe(false);
    const own = await join_(await lab.token(), 'copy', { machine: MACHINE_B });
    expect(own.collector).not.toBe(collector);
    expect(readConfig(own.config)).toMatchObject({ id: own.collector, spool: join(copy, `spool-${own.collector}`) });
    expect((await ask('c', 'GET', '/v1/clock')).status).toBe(200);
  });

  it('is noticed in two places at once even with one machine id, and neither goes on', async () => {
    const { collector } = await join_(await lab.token());
    const status = (epoch: string) => ({
      collector,
      epoch,
      version: '1',
      startedAt: new Date().toISOString(),
      waiting: { frames: 0, events: 0, bytes: 0 },
      quarantined: { frames: 0, events: 0, reasons: {} },
      sources: [],
    });
    const tell = (epoch: string) => ask('c', 'POST', '/v1/status', status(epoch));
    expect((await tell('0000000a')).status).toBe(200);
    // A restart has a new epoch; that the old one comes back is what no restart does.
    expect((await tell('0000000b')).status).toBe(200);
    expect((await tell('0000000b')).status).toBe(200);
    await tell('0000000a').catch(() => undefined);
    expect((await tell('0000000b')).json['code']).toBe('HD_CERTIFICATE_COPIED');
    expect(await lab.record(collector)).toMatchObject({ revoked: true, revocation: { reason: 'clone' } });
  });
});
