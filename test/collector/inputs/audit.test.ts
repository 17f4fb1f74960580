import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AUDIT_EVENTS } from '../../../collector/inputs/audit-cutter.ts';
import { FileInput } from '../../../collector/inputs/file.ts';
import { parseLine } from '../../../collector/parsers/index.ts';
import { openBench } from '../bench.ts';
import { readEvents } from '../read-events.ts';
import { temporaryFolder, until } from '../receiver.ts';

const head = (serial: number) => `msg=audit(1795309265.501:${serial}):`;
const call = (serial: number, rest = 'syscall=59 success=yes') =>
  `type=SYSCALL ${head(serial)} arch=c000003e ${rest} exit=0 ppid=1 pid=2 uid=0 comm="cat" exe="/usr/bin/cat" key="k"`;
const cwd = (serial: number) => `type=CWD ${head(serial)} cwd="/srv/www"`;
const path = (serial: number, name: string, kind = 'NORMAL') =>
  `type=PATH ${head(serial)} item=0 name="${name}" inode=7 mode=0100644 ouid=0 ogid=0 nametype=${kind}`;
const title = (serial: number) => `type=PROCTITLE ${head(serial)} proctitle=636174002F78`;
const login = (serial: number) =>
  `type=USER_LOGIN ${head(serial)} pid=3 uid=0 auid=1 ses=1 msg='op=login acct="lan" addr=203.0.113.5 res=failed'`;

const bytesOf = (lines: readonly string[]) => Buffer.from(lines.map((line) => `${line}\n`).join(''));

/** Every event that the cutter makes of bytes that come in parts, the last of them quiet. */
function cutAll(bytes: Buffer, parts: readonly number[]): string[] {
  const out: string[] = [];
  let from = 0;
  let known = 0;
  for (const [index, part] of [...parts, bytes.length].entries()) {
    known = Math.min(bytes.length, known + part);
    for (;;) {
      const { cut } = AUDIT_EVENTS.next(bytes.subarray(from, known), 0, index === parts.length);
      if (cut.consumed === 0) break;
      out.push(...cut.lines);
      from += cut.consumed;
    }
  }
  expect(from).toBe(bytes.length);
  return out;
}

describe('records of one audit event', () => {
  test('come out together, also where records of another event stand between them', () => {
    const lines = [
      call(1),
      call(2),
      cwd(1),
      login(3),
      path(1, 'a'),
      cwd(2),
      title(1),
      path(2, 'b'),
      title(2),
      login(4),
    ];
    const { cut } = AUDIT_EVENTS.next(bytesOf(lines), 0, false);
    expect(cut.lines).toEqual([
      [call(1), cwd(1), path(1, 'a'), title(1)].join('\n'),
      [call(2), cwd(2), path(2, 'b'), title(2)].join('\n'),
      login(3),
      login(4),
    ]);
    expect(cut.consumed).toBe(bytesOf(lines).length);
  });

  test('wait for their last, for quiet, or for 32 other lines', () => {
    const some = bytesOf([login(1), call(2), cwd(2)]);
    const { cut } = AUDIT_EVENTS.next(some, 0, false);
    expect(cut.lines).toEqual([login(1)]);
    const left = some.subarray(cut.consumed);
    expect(AUDIT_EVENTS.next(left, 0, false).cut.consumed).toBe(0);
    expect(AUDIT_EVENTS.next(left, 0, true).cut.lines).toEqual([[call(2), cwd(2)].join('\n')]);
    const others = Array.from({ length: 32 }, (_, n) => login(100 + n));
    const passed = AUDIT_EVENTS.next(bytesOf([call(2), cwd(2), ...others]), 0, false).cut;
    expect(passed.lines[0]).toBe([call(2), cwd(2)].join('\n'));
    expect(passed.lines).toHaveLength(33);
  });

  test('are bounded: an event without end goes out in parts of 200 records', () => {
    const many = [call(1), ...Array.from({ length: 999 }, (_, n) => path(1, `/f${n}`))];
    const events = cutAll(bytesOf(many), []);
    expect(events.flatMap((event) => event.split('\n'))).toEqual(many);
    for (const event of events) expect(event.split('\n').length).toBeLessThanOrEqual(200);
  });

  test('any lines in any parts: every line once, and no event is held once the file is quiet', () => {
    const line = fc.oneof(
      fc.tuple(fc.constantFrom(call, cwd, title, login), fc.integer({ min: 1, max: 6 })).map(([make, n]) => make(n)),
      fc.integer({ min: 1, max: 6 }).map((n) => path(n, `/p${n}`)),
      fc.constantFrom('garbage', 'type=', 'type=PATH msg=audit(1:2): x', '\ufffd'),
    );
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 150 }),
        fc.array(fc.nat({ max: 4_000 })),
        (lines, parts) => {
          const events = cutAll(bytesOf(lines), parts);
          expect(events.flatMap((event) => event.split('\n')).toSorted()).toEqual(lines.toSorted());
        },
      ),
      { numRuns: 300 },
    );
  });

  test('the unfinished end of a log gives its last event', () => {
    const bytes = bytesOf([call(1), cwd(1), title(1), login(2)]).subarray(0, -1);
    expect(AUDIT_EVENTS.rest(bytes, 0).lines).toEqual([[call(1), cwd(1), title(1)].join('\n'), login(2)]);
  });
});

describe('a joined event', () => {
  const context = { now: Date.parse('2026-11-22T12:00:00Z'), timeZone: 'UTC' };
  const parse = (lines: readonly string[]) => parseLine(lines.join('\n'), 'auditd', context);

  test('says who did what to which file; a relative name is below the working directory', () => {
    const lines = [
      call(7, 'syscall=257 success=yes'),
      cwd(7),
      path(7, '/srv/www', 'PARENT'),
      path(7, 'index.html', 'CREATE'),
      title(7),
    ];
    expect(parse(lines)).toMatchObject({
      event: { category: ['file'], type: ['creation'], outcome: 'success', original: lines.join('\n') },
      process: { name: 'cat', executable: '/usr/bin/cat', pid: 2, working_directory: '/srv/www', title: 'cat /x' },
      file: { path: '/srv/www/index.html', inode: '7', mode: '0644' },
      rule: { name: 'k' },
      auditd: {
        log: {
          sequence: 7,
          record_type: ['SYSCALL', 'CWD', 'PATH', 'PROCTITLE'],
          paths: [
            { name: '/srv/www', nametype: 'PARENT' },
            { name: 'index.html', nametype: 'CREATE' },
          ],
        },
      },
    });
  });

  test('a started program has its own arguments, not those of the title that the kernel cuts off', () => {
    const run = `type=EXECVE ${head(8)} argc=3 a0="tar" a1="czf" a2="/tmp/a b"`;
    expect(parse([call(8), run, cwd(8), path(8, '/bin/tar'), title(8)])).toMatchObject({
      event: { action: 'execve', category: ['process'], type: ['start'] },
      process: { args: ['tar', 'czf', '/tmp/a b'], args_count: 3, command_line: 'tar czf /tmp/a b' },
    });
  });

  test('a connection has its other end', () => {
    const socket = `type=SOCKADDR ${head(9)} saddr=020001BBCB0071500000000000000000`;
    expect(parse([call(9, 'syscall=42 success=no'), socket, title(9)])).toMatchObject({
      event: { action: 'connect', category: ['network'], type: ['connection', 'start'], outcome: 'failure' },
      destination: { ip: '203.0.113.80', port: 443 },
      related: { ip: ['203.0.113.80'] },
    });
  });

  test('what was denied stays denied, with the process of the system call', () => {
    const denied = `type=AVC ${head(10)} avc:  denied  { read } for  pid=2 comm="httpd" name="shadow" ino=131 tclass=file`;
    expect(parse([denied, call(10, 'syscall=257 success=no'), title(10)])).toMatchObject({
      event: { action: 'avc', type: ['denied'], outcome: 'failure' },
      process: { pid: 2, executable: '/usr/bin/cat' },
    });
  });
});

describe('the file input', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder.remove());

  test('joins records of audit.log; over a stop in the middle of an event every record comes once', async () => {
    const file = join(folder.path, 'audit.log');
    const lines = [login(1), call(2), cwd(2), title(2), call(3), cwd(3), title(3), call(4), title(4)];
    const all = bytesOf(lines);
    // In the middle of a line of an event that is open.
    const middle = bytesOf(lines.slice(0, 6)).length - 20;
    let events: string[] = [];
    for (const [from, to, wanted] of [
      [0, middle, 2],
      [middle, all.length, 4],
    ] as const) {
      appendFileSync(file, all.subarray(from, to));
      const bench = await openBench(folder.path);
      const input = new FileInput({ paths: [file], parser: 'auto', from: 'start' }, bench.context);
      await input.start();
      await until('the events', () => bench.ledger.source(`file:${file}`).framed >= wanted);
      await input.stop();
      await bench.intake.flush();
      events = (await readEvents(bench.spool)).map((event) => String(event.event.original));
      await bench.spool.close();
    }
    expect(events.flatMap((event) => event.split('\n'))).toEqual(lines);
    expect(events).toContain([call(2), cwd(2), title(2)].join('\n'));
    expect(events).toContain([call(4), title(4)].join('\n'));
  });
});
