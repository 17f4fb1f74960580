import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CorrectedClock } from '../../collector/clock.ts';
import { JournaldInput, ownUnit } from '../../collector/inputs/journald.ts';
import { Intake } from '../../collector/intake.ts';
import { Ledger } from '../../collector/ledger.ts';
import type { Log } from '../../collector/log.ts';
import { parseLine } from '../../collector/parsers/index.ts';
import { DISK } from '../../collector/spool/files.ts';
import { Spool } from '../../collector/spool/spool.ts';
import { readEvents } from './read-events.ts';
import { quietLog, temporaryFolder, until } from './receiver.ts';

let folder: ReturnType<typeof temporaryFolder>;

beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const entry = (n: number, fields: Record<string, unknown>) =>
  JSON.stringify({
    __CURSOR: `s=abc;i=${n}`,
    __REALTIME_TIMESTAMP: String(1_763_780_400_000_000 + n * 1_000_000),
    _HOSTNAME: 'xa-01',
    _PID: '42',
    PRIORITY: '6',
    SYSLOG_FACILITY: '10',
    SYSLOG_IDENTIFIER: 'app',
    ...fields,
  });

/** A journalctl of our own: writes its arguments down, then what stands in a file, then waits or ends. */
function fakeJournalctl(): string {
  const path = join(folder.path, 'journalctl');
  writeFileSync(
    path,
    `#!/bin/sh\necho "$@" >> '${folder.path}/asked'\nif [ -f '${folder.path}/fails' ]; then echo 'no journal' >&2; exit 1; fi\nif [ -f '${folder.path}/old' ]; then case "$*" in *--merge*) echo 'Using --boot or --list-boots with --merge is not supported.' >&2; exit 1;; *--since=@*) cat '${folder.path}/entries';; *) cat '${folder.path}/later';; esac; exit 0; fi\ncase "$*" in *--since=@*) cat '${folder.path}/entries';; esac\nif [ -f '${folder.path}/once' ]; then rm '${folder.path}/once'; exit 0; fi\nexec sleep 60\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

async function open(log: Log) {
  const spool = await Spool.open({ folder: join(folder.path, 'spool'), files: DISK, log });
  const ledger = new Ledger(spool.restored);
  const intake = new Intake('c0test01', spool, ledger, new CorrectedClock(), log);
  const parserFor = () => (line: string, now: number, program?: string) =>
    parseLine(line, 'auto', { now, timeZone: 'UTC', ...(program === undefined ? {} : { program }) });
  const input = new JournaldInput(
    { intake, log, parserFor },
    { command: fakeJournalctl(), ownUnit: 'haidang.service' },
  );
  return { spool, ledger, intake, input };
}

test('entries become events with the journal’s time, host and process; the own unit is left out; the cursor is the position', async () => {
  const log = quietLog();
  const sshd = 'Failed password for root from 203.0.113.9 port 4022 ssh2';
  writeFileSync(
    join(folder.path, 'entries'),
    [
      entry(1, { SYSLOG_IDENTIFIER: 'sshd', _PID: '77', MESSAGE: sshd }),
      entry(2, { MESSAGE: [0x68, 0x69, 0xff] }),
      entry(3, { _SYSTEMD_UNIT: 'haidang.service', MESSAGE: 'our own' }),
      entry(4, { MESSAGE: null }),
      entry(5, { SYSLOG_IDENTIFIER: ['first', 'second'], MESSAGE: 'free words' }),
      'not an entry',
      entry(6, { MESSAGE: 'last', _SYSTEMD_UNIT: 'web.service' }),
      '',
    ].join('\n'),
  );
  writeFileSync(join(folder.path, 'once'), '');
  const first = await open(log as unknown as Log);
  await first.input.start();
  await until('the entries on disk', () => first.ledger.source('journald').durable.spooled === 5);
  await until(
    'journalctl started again',
    () => readFileSync(join(folder.path, 'asked'), 'utf8').split('\n').length > 2,
  );
  await first.input.stop();
  await first.intake.flush();
  const events = (await readEvents(first.spool)).slice(0, 5);
  await first.spool.close();

  const [failed, bytes, free, odd, last] = events;
  expect(failed).toMatchObject({
    '@timestamp': '2025-11-22T03:00:01.000Z',
    event: { original: sshd, dataset: 'system.auth', outcome: 'failure' },
    host: { name: 'xa-01' },
    process: { name: 'sshd', pid: 77 },
    source: { ip: '203.0.113.9', port: 4022 },
  });
  expect(bytes).toMatchObject({ haidang: { original_base64: Buffer.from([0x68, 0x69, 0xff]).toString('base64') } });
  expect(free).toMatchObject({
    message: 'free words',
    event: { kind: 'event', dataset: 'system.syslog' },
    process: { name: 'first' },
    log: { syslog: { severity: { code: 6 }, facility: { code: 10 } } },
  });
  expect(odd?.event.kind).toBe('pipeline_error');
  expect(last).toMatchObject({ journald: { unit: 'web.service' } });
  const asked = readFileSync(join(folder.path, 'asked'), 'utf8').split('\n');
  expect(asked[0]).toMatch(/--since=@\d+$/);
  // Without it the entries before a reboot are never shown.
  expect(asked[1]).toContain('--follow --merge');
  expect(asked[1]).toContain('--after-cursor=s=abc;i=6');
  expect(first.ledger.source('journald').dropped).toEqual({ empty: 1 });
});

test('a journalctl that fails is shown as the source’s error and tried again', async () => {
  const log = quietLog();
  writeFileSync(join(folder.path, 'fails'), '');
  writeFileSync(join(folder.path, 'entries'), `${entry(1, { MESSAGE: 'one' })}\n`);
  const { input, ledger, spool } = await open(log as unknown as Log);
  await input.start();
  await until('the error', () => ledger.source('journald').error?.includes('no journal') === true);
  const { rmSync } = await import('node:fs');
  rmSync(join(folder.path, 'fails'));
  await until('the entry', () => ledger.source('journald').durable.spooled === 1, 20_000);
  expect(ledger.source('journald').error).toBeNull();
  await input.stop();
  await spool.close();
});

test('a journalctl that cannot follow all boots is asked again and again, from the last entry on', async () => {
  const log = quietLog();
  writeFileSync(join(folder.path, 'old'), '');
  writeFileSync(join(folder.path, 'entries'), `${entry(1, { MESSAGE: 'one' })}\n`);
  writeFileSync(join(folder.path, 'later'), '');
  const { input, ledger, spool } = await open(log as unknown as Log);
  await input.start();
  await until('the first entry', () => ledger.source('journald').durable.spooled === 1);
  writeFileSync(join(folder.path, 'later'), `${entry(2, { MESSAGE: 'two' })}\n`);
  await until('the next one', () => ledger.source('journald').durable.spooled >= 2, 30_000);
  expect(ledger.source('journald').error).toBeNull();
  const asked = readFileSync(join(folder.path, 'asked'), 'utf8').split('\n');
  expect(asked.find((one) => one.includes('--after-cursor'))).toContain('--after-cursor=s=abc;i=1');
  await input.stop();
  await spool.close();
});

test('the own unit is found in the control group', () => {
  expect(ownUnit('0::/system.slice/haidang.service\n')).toBe('haidang.service');
  expect(ownUnit('0::/system.slice/haidang.service/worker\n')).toBe('haidang.service');
  expect(ownUnit('0::/user.slice/user-0.slice/session-1.scope\n')).toBeUndefined();
});
