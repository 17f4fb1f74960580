import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AlertList } from '../../server/alerts/schema.ts';
import { needs } from '../needs.ts';
import { openBrowser, signIn } from './browser.ts';
import { Installation, until } from './harness.ts';

const rsyslogd = needs('rsyslogd');
const logger = needs('logger');
const chromium = needs('chromium');

describe.skipIf(!rsyslogd || !logger || !chromium)('a real rsyslogd forwards ssh failures over TCP', () => {
  let installation: Installation;
  let forwarder: ChildProcess;
  let browser: Browser;
  let socket: string;

  beforeAll(async () => {
    installation = await Installation.create({
      inputs: (_folder, { syslog }) => [{ type: 'syslog', host: '127.0.0.1', port: syslog, udp: true, tcp: true }],
    });
    await installation.up();
    socket = join(installation.folder, 'log.sock');
    const configuration = join(installation.folder, 'rsyslog.conf');
    writeFileSync(
      configuration,
      [
        `global(workDirectory="${installation.folder}" localHostname="mail-01")`,
        'module(load="imuxsock" SysSock.Use="off")',
        `input(type="imuxsock" Socket="${socket}" RateLimit.Interval="0" UseSpecialParser="on" ParseHostname="off")`,
        `*.* action(type="omfwd" target="127.0.0.1" port="${installation.syslogPort}" protocol="tcp" template="RSYSLOG_SyslogProtocol23Format")`,
        '',
      ].join('\n'),
    );
    forwarder = spawn(rsyslogd ?? '', ['-n', '-f', configuration, '-i', join(installation.folder, 'rsyslog.pid')], {
      stdio: 'ignore',
    });
    await until('rsyslogd listens', () => (existsSync(socket) ? true : undefined));
    browser = await openBrowser(chromium ?? '');
  });

  afterAll(async () => {
    await browser?.close();
    forwarder?.kill('SIGKILL');
    await installation?.remove();
  });

  test('one row with the right count is on the screen within 2 s of the last line', async () => {
    const page = await browser.newPage();
    await signIn(page, installation);
    const lines = Array.from(
      { length: 1000 },
      (_, index) => `Failed password for root from 203.0.113.66 port ${20000 + index} ssh2`,
    );
    const file = join(installation.folder, 'lines');
    writeFileSync(file, `${lines.join('\n')}\n`);

    execFileSync(logger ?? '', ['-u', socket, '-t', 'sshd', '--id=4242', '-p', 'auth.info', '-f', file]);
    const sent = Date.now();

    const rows = page.locator('[data-alert-id]');

    const counted = rows.locator('[data-count="1000"]');
    await counted.first().waitFor({ timeout: 15_000 });
    const shown = Date.now() - sent;
    expect(shown, 'milliseconds from the last line to the row').toBeLessThan(2_000);

    const { alerts } = await installation.api<AlertList>('/api/v1/alerts');
    const bruteForce = alerts.filter((alert) => alert.entities['source.ip']?.values.includes('203.0.113.66'));
    expect(bruteForce.map((alert) => [alert.count, alert.group['host.name']])).toEqual([[1000, 'mail-01']]);
    expect(await counted.count()).toBe(1);
  });
});
