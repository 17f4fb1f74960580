import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CorrectedClock } from '../../collector/clock.ts';
import { SyslogInput } from '../../collector/inputs/syslog.ts';
import { Intake } from '../../collector/intake.ts';
import { Ledger } from '../../collector/ledger.ts';
import type { Log } from '../../collector/log.ts';
import { parseLine } from '../../collector/parsers/index.ts';
import { DISK } from '../../collector/spool/files.ts';
import { Spool } from '../../collector/spool/spool.ts';
import { needs } from '../needs.ts';
import { readEvents } from './read-events.ts';
import { quietLog, temporaryFolder, until } from './receiver.ts';

const rsyslogd = needs('rsyslogd');
const logger = needs('logger');

describe.skipIf(!rsyslogd || !logger)('a real rsyslogd forwards to the syslog input', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let forwarder: ChildProcess | undefined;

  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => {
    forwarder?.kill('SIGKILL');
    folder.remove();
  });

  test.each([
    ['tcp', 'traditional', 'RSYSLOG_TraditionalForwardFormat'],
    ['tcp', 'octet-counted', 'RSYSLOG_SyslogProtocol23Format'],
    ['udp', undefined, 'RSYSLOG_SyslogProtocol23Format'],
  ] as const)('over %s, framing %s, as %s', async (protocol, framing, template) => {
    const log = quietLog() as unknown as Log;
    const spool = await Spool.open({ folder: join(folder.path, 'spool'), files: DISK, log });
    const ledger = new Ledger(spool.restored);
    const intake = new Intake('c0test01', spool, ledger, new CorrectedClock(), log);
    const parserFor = () => (line: string, now: number) => parseLine(line, 'auto', { now, timeZone: 'UTC' });
    const options = { host: '127.0.0.1', port: 0, udp: true, tcp: true, parser: 'auto' };
    const input = new SyslogInput(options, { intake, log, parserFor });
    await input.start();
    const port = input.ports[protocol];
    const socket = join(folder.path, 'log.sock');
    const configuration = join(folder.path, 'rsyslog.conf');
    const framed = framing ? ` TCP_Framing="${framing}"` : '';
    writeFileSync(
      configuration,
      [
        `global(workDirectory="${folder.path}" localHostname="mail-01")`,
        'module(load="imuxsock" SysSock.Use="off")',
        `input(type="imuxsock" Socket="${socket}" RateLimit.Interval="0" UseSpecialParser="on" ParseHostname="off")`,
        `*.* action(type="omfwd" target="127.0.0.1" port="${port}" protocol="${protocol}"${framed} template="${template}")`,
        '',
      ].join('\n'),
    );
    forwarder = spawn(rsyslogd ?? '', ['-n', '-f', configuration, '-i', join(folder.path, 'rsyslog.pid')], {
      stdio: 'ignore',
    });
    await until('rsyslogd listens', () => existsSync(socket));
    // UDP loses what the receiver's buffer does not hold: few lines, so that the test is of parsing, not of luck.
    const total = protocol === 'udp' ? 100 : 500;
    const lines = Array.from(
      { length: total },
      (_, n) => `Failed password for root from 203.0.113.66 port ${20_000 + n} ssh2`,
    );
    const file = join(folder.path, 'lines');
    writeFileSync(file, `${lines.join('\n')}\n`);
    execFileSync(logger ?? '', ['-u', socket, '-t', 'sshd', '--id=4242', '-p', 'auth.info', '-f', file]);

    const source = `syslog-${protocol}:127.0.0.1:0`;
    await until(`${total} records on disk`, () => ledger.source(source).durable.spooled >= total, 30_000);
    await input.stop();
    await intake.flush();
    const events = (await readEvents(spool)).filter((event) =>
      String(event.event.original).includes('Failed password'),
    );
    await spool.close();
    const ports = events.map((event) => Number(/ port (\d+) /.exec(String(event.event.original))?.[1]));
    expect(ports).toEqual(lines.map((_, n) => 20_000 + n));
    expect(events[0]).toMatchObject({
      event: { dataset: 'system.auth' },
      host: { name: 'mail-01' },
      process: { name: 'sshd', pid: 4242 },
      haidang: { peer: '127.0.0.1' },
    });
    for (const event of events) expect(String(event.event.original)).not.toMatch(/^\d+ <|\n/);
  });
});
