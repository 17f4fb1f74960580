import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HttpInput } from '../../../collector/inputs/http.ts';
import type { Input } from '../../../collector/inputs/input.ts';
import { RelpInput } from '../../../collector/inputs/relp.ts';
import { SyslogInput } from '../../../collector/inputs/syslog.ts';
import { freePort } from '../../e2e/harness.ts';
import { needs } from '../../needs.ts';
import { type CollectorBench, openBench } from '../bench.ts';
import { readEvents } from '../read-events.ts';
import { type Certificates, makeCertificates, temporaryFolder, until } from '../receiver.ts';

const rsyslogd = needs('rsyslogd');
const logger = needs('logger');

/** Whether a module of rsyslogd is installed; with `CI=true` a missing one is a failure. */
function hasModule(name: string): boolean {
  const found = globSync(`/usr/lib/*/rsyslog/${name}.so`).length > 0;
  if (!found && process.env['CI'] === 'true')
    throw new Error(`rsyslog's ${name} is not installed, and CI must test against it`);
  return found;
}
const canSend = rsyslogd !== undefined && logger !== undefined;
const line = (n: number) => `Failed password for root from 203.0.113.66 port ${n} ssh2`;

let folder: ReturnType<typeof temporaryFolder>;
let bench: CollectorBench;
let sender: ChildProcess | undefined;
let input: Input | undefined;
let made: Certificates;

beforeEach(async () => {
  folder = temporaryFolder();
  made = makeCertificates(folder.path);
  bench = await openBench(folder.path);
});
afterEach(async () => {
  sender?.kill('SIGKILL');
  await input?.stop();
  await bench.spool.close();
  folder.remove();
});

/** Starts rsyslogd with an action that takes all it is told on a socket. */
async function startSender(...action: string[]): Promise<void> {
  const socket = join(folder.path, 'log.sock');
  const configuration = join(folder.path, 'rsyslog.conf');
  writeFileSync(
    configuration,
    [
      `global(workDirectory="${folder.path}" localHostname="mail-01")`,
      'module(load="imuxsock" SysSock.Use="off")',
      `input(type="imuxsock" Socket="${socket}" RateLimit.Interval="0" UseSpecialParser="on" ParseHostname="off")`,
      ...action,
      '',
    ].join('\n'),
  );
  sender = spawn(rsyslogd ?? '', ['-n', '-f', configuration, '-i', join(folder.path, 'rsyslog.pid')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await until('rsyslogd listens', () => existsSync(socket));
}

function tell(from: number, to: number): void {
  const file = join(folder.path, 'lines');
  writeFileSync(file, Array.from({ length: to - from }, (_, n) => `${line(from + n)}\n`).join(''));
  const socket = join(folder.path, 'log.sock');
  execFileSync(logger ?? '', ['-u', socket, '-t', 'sshd', '--id=4242', '-p', 'auth.info', '-f', file]);
}

async function ports(): Promise<number[]> {
  await bench.intake.flush();
  const events = await readEvents(bench.spool);
  return events
    .map((event) => Number(/ port (\d+) ssh2/.exec(String(event.event.original))?.[1] ?? 0))
    .filter((port) => port > 0);
}
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

describe.skipIf(!canSend || !hasModule('omrelp'))('RELP', () => {
  test.each(['plain', 'tls'] as const)('a real omrelp, %s: all lines once, in order', async (kind) => {
    const tls =
      kind === 'tls' ? { certificate: made.serverCertificate, key: made.serverKey, clientCa: made.ca } : undefined;
    const relp = new RelpInput({ host: '127.0.0.1', port: 0, tls, parser: 'auto' }, bench.context);
    input = relp;
    await relp.start();
    const files = `tls.caCert="${made.ca}" tls.myCert="${made.certificate}" tls.myPrivKey="${made.key}"`;
    const secure = tls ? ` tls="on" ${files} tls.authMode="name" tls.permittedPeer=["127.0.0.1"]` : '';
    await startSender(
      `module(load="omrelp"${tls ? ' tls.tlslib="openssl"' : ''})`,
      `action(type="omrelp" target="127.0.0.1" port="${relp.port}"${secure} template="RSYSLOG_SyslogProtocol23Format")`,
    );
    tell(20_000, 20_500);
    const ledger = bench.ledger.source(`relp${tls ? '-tls' : ''}:127.0.0.1:0`);
    await until('500 records on disk', () => ledger.durable.spooled >= 500, 30_000);
    expect(await ports()).toEqual(range(20_000, 20_500));
    expect(ledger.error).toBeNull();
  });

  test('the collector is away and comes back: what was sent meanwhile arrives, nothing is lost', async () => {
    const port = await freePort();
    const options = { host: '127.0.0.1', port, tls: undefined, parser: 'auto' };
    input = new RelpInput(options, bench.context);
    await input.start();
    await startSender(
      'module(load="omrelp")',
      `action(type="omrelp" target="127.0.0.1" port="${port}" action.resumeRetryCount="-1" action.resumeInterval="1"`,
      '  queue.type="LinkedList" template="RSYSLOG_SyslogProtocol23Format")',
    );
    tell(20_000, 20_100);
    const ledger = bench.ledger.source(`relp:127.0.0.1:${port}`);
    await until('100 records on disk', () => ledger.durable.spooled >= 100, 30_000);
    await input.stop();
    tell(20_100, 20_300);
    // A collector started anew has its sources to open again: as after a crash, on the same port.
    await bench.spool.close();
    bench = await openBench(folder.path);
    input = new RelpInput(options, bench.context);
    await input.start();
    const again = bench.ledger.source(`relp:127.0.0.1:${port}`);
    await until('the rest on disk', () => again.durable.spooled >= 300, 40_000);
    const found = await ports();
    expect([...new Set(found)].sort()).toEqual(range(20_000, 20_300));
    // At most one window of the sender (128) may come twice.
    expect(found.length).toBeLessThanOrEqual(300 + 128);
  });
});

test.skipIf(!canSend || !hasModule('lmnsd_ossl'))(
  'syslog over TLS: a real omfwd with certificates both ways',
  async () => {
    const tls = { certificate: made.serverCertificate, key: made.serverKey, clientCa: made.ca };
    const syslog = new SyslogInput(
      { host: '127.0.0.1', port: 0, udp: false, tcp: true, tls, parser: 'auto' },
      bench.context,
    );
    input = syslog;
    await syslog.start();
    const files = `DefaultNetstreamDriverCAFile="${made.ca}" DefaultNetstreamDriverCertFile="${made.certificate}" DefaultNetstreamDriverKeyFile="${made.key}"`;
    await startSender(
      `global(DefaultNetstreamDriver="ossl" ${files})`,
      `action(type="omfwd" target="127.0.0.1" port="${syslog.ports.tcp}" protocol="tcp" StreamDriver="ossl" StreamDriverMode="1"`,
      '  StreamDriverAuthMode="anon" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")',
    );
    tell(20_000, 20_500);
    const ledger = bench.ledger.source('syslog-tls:127.0.0.1:0');
    await until('500 records on disk', () => ledger.durable.spooled >= 500, 30_000);
    expect(await ports()).toEqual(range(20_000, 20_500));
  },
);

test.skipIf(!canSend || !hasModule('omelasticsearch'))(
  '_bulk: a real omelasticsearch with bulkmode and a password',
  async () => {
    const secrets = join(folder.path, 'secrets');
    writeFileSync(secrets, 'basic rsyslog:a-long-password\n');
    const http = new HttpInput(
      {
        host: '127.0.0.1',
        port: 0,
        parser: 'auto',
        tls: undefined,
        secrets,
        presentAs: 'elasticsearch',
        maxBody: 8_388_608,
      },
      bench.context,
    );
    input = http;
    await http.start();
    const errors = join(folder.path, 'es-errors');
    await startSender(
      'module(load="omelasticsearch")',
      'template(name="ecs" type="list" option.jsonf="on") {',
      '  property(outname="@timestamp" name="timereported" dateFormat="rfc3339" format="jsonf")',
      '  property(outname="message" name="rawmsg" format="jsonf")',
      '}',
      `action(type="omelasticsearch" server="127.0.0.1" serverport="${http.port}" template="ecs" searchIndex="rsyslog" bulkmode="on"`,
      `  uid="rsyslog" pwd="a-long-password" errorfile="${errors}" action.resumeRetryCount="-1" action.resumeInterval="1")`,
    );
    tell(20_000, 20_500);
    const ledger = bench.ledger.source('bulk:127.0.0.1:0');
    await until('500 records on disk', () => ledger.durable.spooled >= 500, 30_000);
    expect(await ports()).toEqual(range(20_000, 20_500));
    const [event] = await readEvents(bench.spool);
    expect(event).toMatchObject({ event: { dataset: 'system.auth' }, source: { ip: '203.0.113.66' } });
    expect(existsSync(errors)).toBe(false);
  },
);
