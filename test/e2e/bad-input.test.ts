import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RuleList } from '../../server/rules/schema.ts';
import { settledLedger, storedLines } from './exactly-once.ts';
import { Installation } from './harness.ts';

const GOOD = 'Nov 21 08:00:00 web-01 sshd[1]: Failed password for root from 203.0.113.66 port 22 ssh2';

/** Sends bytes over one TCP connection and closes it. */
function send(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    socket.on('close', () => resolve());
    socket.on('error', reject);
    socket.resume();
  });
}

describe('bad input is kept or named, and the rest goes on', () => {
  let installation: Installation;
  let log: string;

  beforeAll(async () => {
    installation = await Installation.create({
      inputs: (folder, { syslog }) => [
        { type: 'file', paths: [join(folder, 'mixed.log')], from: 'start' },
        { type: 'syslog', host: '127.0.0.1', port: syslog, udp: true, tcp: true },
      ],
    });
    mkdirSync(join(installation.data, 'rules'), { recursive: true });
    writeFileSync(
      join(installation.data, 'rules', 'wrong.yml'),
      'title: Wrong\nid: 11111111-1111-4111-8111-111111111111\nlogsource: {product: linux}\ndetection:\n  a:\n    message|frobnicates: x\n  condition: a\nlevel: low\n',
    );
    log = join(installation.folder, 'mixed.log');
    writeFileSync(log, `${GOOD}\n`);
    await installation.up();
  });
  afterAll(() => installation?.remove());

  test('garbage bytes, a 1 MB line, invalid UTF-8 and bad JSON in a file', async () => {
    const garbage = Buffer.from(Array.from({ length: 300 }, (_, index) => (index * 73) % 256)).map((byte) =>
      byte === 10 ? 11 : byte,
    );
    const long = Buffer.alloc(1_000_000, 'x');
    const newline = Buffer.from('\n');
    appendFileSync(
      log,
      Buffer.concat([
        ...[garbage, long, Buffer.from([0x63, 0x61, 0x66, 0xe9]), Buffer.from('{"event": {"kind": "al')].flatMap(
          (line) => [line, newline],
        ),
        Buffer.from(`${GOOD} again\n`),
      ]),
    );
    const ledger = await settledLedger(installation, 6);
    const row = ledger.rows.find((one) => one.source === `file:${log}`);
    expect(row?.read).toBe((row?.spooled ?? 0) + (row?.dropped ?? 0));
    expect(row?.missingTotal).toBe(0);
    expect(row?.unparsed).toBeGreaterThan(0);

    const stored = await storedLines(installation, `file:${log}`);
    expect(stored).toContain(GOOD);
    expect(stored).toContain(`${GOOD} again`);
    expect(stored).toContain('{"event": {"kind": "al');
    expect(stored.reduce((sum, line) => sum + (line.match(/x/g)?.length ?? 0), 0)).toBeGreaterThanOrEqual(1_000_000);
  });

  test('a truncated frame on a syslog connection does not stop the next connection', async () => {
    await send(installation.syslogPort, Buffer.from('400 <38>1 2026-11-21T08:00:00Z web-01 sshd 1 - - cut sh'));
    await send(installation.syslogPort, Buffer.from([0, 255, 1, 254, 10]));
    const line = '<38>1 2026-11-21T08:00:01Z web-01 sshd 1 - - Failed password for root from 203.0.113.9 port 22 ssh2';
    await send(installation.syslogPort, Buffer.from(`${line.length} ${line}`));
    const ledger = await settledLedger(installation, 7);
    const source = ledger.rows.find((row) => row.source.startsWith('syslog-tcp:'))?.source ?? '';
    expect(await storedLines(installation, source)).toContain(line);
  });

  test('a wrong rule is named with file, line and column while the others run', async () => {
    const list = await installation.api<RuleList>('/api/v1/rules');
    const problem = list.problems.find((one) => one.file.endsWith('wrong.yml'));
    expect(problem).toMatchObject({ line: 6, code: 'HD_RULE_UNKNOWN_MODIFIER' });
    expect(problem?.message).toContain('frobnicates');
    expect(list.rules.length).toBeGreaterThanOrEqual(25);
    const { code, err, out } = await installation.cli(['rules', 'check', join(installation.data, 'rules')]);
    expect(code).toBe(1);
    expect(`${out}${err}`).toMatch(/wrong\.yml:6/);
  });
});
