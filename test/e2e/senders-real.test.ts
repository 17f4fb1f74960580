import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EventSearchPage } from '../../server/search/schema.ts';
import { needs } from '../needs.ts';
import { freePort, Installation, until } from './harness.ts';
import {
  asRoot,
  end,
  journald,
  type Sender,
  startApache,
  startJournald,
  startPostfix,
  startSyslogNg,
} from './senders-lab.ts';
import { unpacked } from './senders-programs.ts';

const logger = needs('logger');
const apache = needs('apache2');
const journal = journald();
const root = asRoot();
// Both would put another program of the machine out, or start a service: unpacked, not installed.
const syslogNg = await unpacked('syslog-ng', [
  'syslog-ng-core',
  'libivykis0',
  'libnet1',
  'libwrap0',
  'libpcre3',
  'libjson-c5',
]);
const postfix = root && (await unpacked('postfix', ['postfix', 'libicu72', 'libdb5.3', 'libsasl2-2', 'libnsl2']));

type Fields = Record<string, unknown>;
let installation: Installation;
let http = 0;
let journalPlace: Awaited<ReturnType<typeof startJournald>> | undefined;
const senders: (Sender | undefined)[] = [];
const at = (name: string) => join(installation.folder, name);

beforeAll(async () => {
  http = await freePort();
  installation = await Installation.create({
    inputs: (folder, { syslog }) => [
      { type: 'syslog', host: '127.0.0.1', port: syslog, udp: true, tcp: true },
      { type: 'http', host: '127.0.0.1', port: http },
      { type: 'file', paths: [join(folder, 'apache/*.log'), join(folder, 'postfix/mail.log')] },
      ...(journal ? [{ type: 'journald' }] : []),
    ],
  });
  // Programs that drop their rights write and read below it.
  chmodSync(installation.folder, 0o755);
  if (journal) {
    journalPlace = await startJournald(journal, at('journald'));
    senders.push(journalPlace.sender);
  }
  const path = process.env['PATH'];
  process.env['PATH'] = `${journalPlace?.journalctl ?? '/nonexistent'}:${path}`;
  await installation.up();
  process.env['PATH'] = path;
  // Inputs are opened one after the other, and syslog's UDP before its TCP: with the last one all are open.
  await until('the collector listens', async () =>
    (await fetch(`http://127.0.0.1:${http}/`)).status > 0 && (await takes(installation.syslogPort)) ? true : undefined,
  );
});
afterAll(async () => {
  for (const sender of senders) await end(sender);
  await installation?.remove();
});

/** The events of a question, once there are so many. */
async function events(question: string, count: number): Promise<Fields[]> {
  const asked = new URLSearchParams({ kql: question, from: 'now-1h', to: 'now+1h' });
  return until(
    `${count} events of ${question}`,
    async () => {
      const page = await installation.api<EventSearchPage>(`/api/v1/events?${asked}`);
      return page.events.length >= count ? page.events.map(({ event }) => event as Fields) : undefined;
    },
    60_000,
  );
}

const one = async (question: string) => (await events(question, 1))[0] as Fields;

describe('what real programs send is in the store with its fields', () => {
  test.skipIf(!logger)('logger: by UDP and TCP, in both formats', async () => {
    const to = ['-n', '127.0.0.1', '-P', String(installation.syslogPort), '-t', 'sshd', '-p', 'auth.info', '--id=77'];
    for (const [n, how] of [
      ['-d', '--rfc3164'],
      ['-d', '--rfc5424'],
      ['-T', '--rfc3164'],
      ['-T', '--rfc5424', '--octet-count'],
    ].entries()) {
      execFileSync(logger ?? '', [...to, ...how, `Failed password for root from 192.0.2.1 port ${40_001 + n} ssh2`]);
    }
    const found = await events('source.ip: 192.0.2.1', 4);
    expect(found.map((event) => (event['source'] as Fields)['port']).sort()).toEqual([40_001, 40_002, 40_003, 40_004]);
    for (const event of found) {
      expect(event).toMatchObject({
        event: { dataset: 'system.auth', action: 'ssh_login', outcome: 'failure' },
        process: { name: 'sshd', pid: 77 },
        user: { name: 'root' },
      });
    }
  });

  test.skipIf(!syslogNg || !logger)('syslog-ng: as BSD and as IETF syslog', async () => {
    if (!syslogNg) return;
    const { sender, socket } = await startSyslogNg(syslogNg, at('syslog-ng'), installation.syslogPort);
    senders.push(sender);
    const line = 'Failed password for root from 192.0.2.2 port 40022 ssh2';
    execFileSync(logger ?? '', ['-u', socket, '--rfc5424', '-t', 'sshd', '--id=78', '-p', 'auth.info', line]);
    const found = await events('source.ip: 192.0.2.2', 2);
    const kinds = found.map((event) => /^<\d+>1 /.test(String((event['event'] as Fields)['original'])));
    expect(kinds.sort()).toEqual([false, true]);
    for (const event of found) {
      expect(event).toMatchObject({
        event: { action: 'ssh_login' },
        process: { name: 'sshd', pid: 78 },
        source: { port: 40_022 },
      });
    }
  });

  test.skipIf(!apache)('Apache: pages, refused passwords, and its error log', async () => {
    const port = await freePort();
    senders.push(await startApache(apache ?? '', at('apache'), port));
    const agent = 'sqlmap/1.8.2#stable';
    const site = `http://127.0.0.1:${port}`;
    await fetch(`${site}/khong-co?id=1%27`, { headers: { 'user-agent': agent } });
    const authorization = (password: string) => `Basic ${Buffer.from(`lan:${password}`).toString('base64')}`;
    await fetch(`${site}/rieng/`, { headers: { authorization: authorization('sai') } });
    expect((await fetch(`${site}/rieng/`, { headers: { authorization: authorization('mat-khau') } })).status).toBe(200);
    expect(await one('event.dataset: apache.access and http.response.status_code: 404')).toMatchObject({
      event: { module: 'apache', category: ['web'], outcome: 'failure' },
      source: { ip: '127.0.0.1' },
      http: { request: { method: 'GET' } },
      url: { original: '/khong-co?id=1%27', path: '/khong-co', query: 'id=1%27' },
      user_agent: { original: agent },
    });
    expect(
      await one('event.dataset: apache.access and url.path: "/rieng/" and http.response.status_code: 200'),
    ).toMatchObject({
      user: { name: 'lan' },
      event: { outcome: 'success' },
    });
    expect(await one('event.dataset: apache.error and message: *AH01617*')).toMatchObject({
      event: { module: 'apache' },
      log: { level: 'error' },
      source: { ip: '127.0.0.1' },
    });
  });

  test.skipIf(!postfix)('Postfix: a relay refused, and a mail from its client to its delivery', async () => {
    if (!postfix || !root) return;
    const port = await freePort();
    senders.push(await startPostfix(postfix, root, at('postfix'), port));
    await smtp(port, ['MAIL FROM:<spam@example.net>', 'RCPT TO:<x@example.com>', 'RSET'], 'reject');
    await smtp(
      port,
      ['MAIL FROM:<lan@example.net>', 'RCPT TO:<hoa@example.gov.vn>', 'DATA', 'Subject: thu\r\n\r\nChao\r\n.'],
      'sent',
    );
    expect(await one('event.dataset: postfix.log and email.to.address: "x@example.com"')).toMatchObject({
      event: { outcome: 'failure' },
      source: { ip: '127.0.0.1' },
      email: { from: { address: ['spam@example.net'] }, to: { address: ['x@example.com'] } },
      process: { name: 'postfix/smtpd' },
    });
    const delivered = await one('event.dataset: postfix.log and email.to.address: "hoa@example.gov.vn"');
    expect(delivered).toMatchObject({ event: { outcome: 'success' }, process: { name: 'postfix/discard' } });
    const queueId = (delivered['email'] as Fields)['local_id'];
    expect(await one(`email.local_id: "${String(queueId)}" and email.from.address: "lan@example.net"`)).toBeDefined();
  });

  test.skipIf(!journal)('journald: systemd-cat and a native message, by a real journalctl', async () => {
    const [command = '', ...inside] = journalPlace?.inside ?? [];
    const line = 'Failed password for root from 192.0.2.5 port 40055 ssh2';
    execFileSync(command, [...inside, 'systemd-cat', '-t', 'sshd', '-p', 'warning'], { input: `${line}\n` });
    execFileSync(command, [...inside, 'logger', '--journald'], {
      input: 'MESSAGE=Hệ thống iOffice khởi động\nSYSLOG_IDENTIFIER=ioffice\nPRIORITY=5\n',
    });
    expect(await one('source.ip: 192.0.2.5')).toMatchObject({
      event: { dataset: 'system.auth', action: 'ssh_login', original: line },
      process: { name: 'sshd' },
      log: { syslog: { severity: { code: 4 } } },
      journald: { transport: 'stdout' },
      haidang: { source: 'journald' },
    });
    expect(await one('process.name: ioffice')).toMatchObject({
      message: 'Hệ thống iOffice khởi động',
      log: { syslog: { severity: { code: 5 } } },
      journald: { transport: 'journal' },
    });
  });

  test.each([
    ['JSON', JsonExporter],
    ['protobuf', ProtobufExporter],
  ] as const)('the OpenTelemetry SDK, in %s', async (form, Exporter) => {
    const exporter = new Exporter({ url: `http://127.0.0.1:${http}/v1/logs` });
    const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] });
    for (let n = 0; n < 3; n++) {
      provider.getLogger('vn.gov.igate', '2.1').emit({
        severityNumber: SeverityNumber.WARN,
        severityText: 'WARN',
        body: `Thanh toán bị từ chối ${form} ${n}`,
        attributes: { 'client.address': '203.0.113.9', form, lan: n, chi_tiet: { ma: 'E42', tin: ['a', 'b'] } },
      });
    }
    await provider.forceFlush();
    await provider.shutdown();
    const found = await events(`labels.form: ${form}`, 3);
    expect(found.map((event) => String(event['message'])).sort()).toEqual(
      [0, 1, 2].map((n) => `Thanh toán bị từ chối ${form} ${n}`),
    );
    expect(found[0]).toMatchObject({ log: { level: 'warn' }, haidang: { source: `otlp:127.0.0.1:${http}` } });
  });
});

/** Whether somebody takes connections at a port. */
function takes(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** Says lines to a mail server, one after each answer. */
function smtp(port: number, lines: readonly string[], what: string): Promise<void> {
  const script = ['EHLO client.example.net', ...lines, 'QUIT'];
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.setTimeout(30_000, () => socket.destroy(new Error(`${what}: the mail server is silent`)));
    socket.on('data', (piece: string) => {
      answer += piece;
      // The last line of an answer has a space behind its number.
      if (!/^\d{3} .*\r\n$/m.test(answer)) return;
      answer = '';
      const next = script.shift();
      if (next !== undefined) socket.write(`${next}\r\n`);
    });
  });
}
