import { appendFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeCutter } from '../../../collector/inputs/cutter.ts';
import { FileInput, type FileInputOptions } from '../../../collector/inputs/file.ts';
import { type CollectorBench, openBench } from '../bench.ts';
import { readEvents } from '../read-events.ts';
import { temporaryFolder, until } from '../receiver.ts';

let folder: ReturnType<typeof temporaryFolder>;
let bench: CollectorBench;
let input: FileInput;
const path = () => join(folder.path, 'app.log');
const ledger = () => bench.ledger.source(`file:${path()}`);

async function start(options: Partial<FileInputOptions> = {}): Promise<void> {
  bench = await openBench(folder.path);
  input = new FileInput(
    { paths: [path()], parser: 'auto', from: 'start', rotatedIdleMs: 200, ...options },
    bench.context,
  );
  await input.start();
}
async function stop(): Promise<void> {
  await input.stop();
  await bench.intake.flush();
  await bench.spool.close();
}
/** All that has come since the beginning, over every start. */
async function originals(): Promise<string[]> {
  await bench.intake.flush();
  return (await readEvents(bench.spool)).map((event) => String(event.event.original));
}
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(async () => {
  await stop();
  folder.remove();
});
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `Nov 22 10:00:00 host app[1]: this is line ${from + i}`);
const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

describe('encodings', () => {
  const words = ['Sở Nội vụ: từ chối', 'đăng nhập thất bại', '', 'ឯកសារ'];
  test.each([
    ['utf-16le', (line: string) => Buffer.from(line, 'utf16le')],
    ['utf-16be', (line: string) => Buffer.from(line, 'utf16le').swap16()],
  ] as const)(
    '%s with a byte order mark, as Windows writes it, also cut in the middle of a character',
    async (encoding, encode) => {
      // Ċ (U+010A) and ਊ (U+0A0A) have a byte 0A in them that is no line's end.
      const all = [...words, 'Ċ ਊ ok'];
      const bytes = encode(`\ufeff${all.map((line) => `${line}\r\n`).join('')}`);
      writeFileSync(path(), bytes.subarray(0, 31));
      await start({ encoding });
      await until('the beginning', () => ledger().position !== undefined);
      appendFileSync(path(), bytes.subarray(31));
      await until('all lines', () => ledger().read === all.length);
      expect(await originals()).toEqual(all.filter((line) => line !== ''));
      expect(ledger().status()).toMatchObject({ spooled: 4, dropped: { empty: 1 } });
    },
  );

  test('windows-1258: Vietnamese with its tone marks joined; windows-1252 and latin1', async () => {
    // "Việt Nam đổi mới" in windows-1258: tone marks are bytes of their own.
    writeFileSync(path(), Buffer.from([0x56, 0x69, 0xea, 0xf2, 0x74, 0x20, 0xf0, 0xf4, 0xd2, 0x69, 0x0a]));
    await start({ encoding: 'windows-1258' });
    await until('the line', () => ledger().read === 1);
    expect(await originals()).toEqual(['Việt đổi']);
    const cut = (encoding: 'windows-1252' | 'latin1', bytes: number[]) =>
      makeCutter({ encoding, start: undefined }).next(Buffer.from([...bytes, 10]), 0, false).cut.lines;
    expect(cut('windows-1252', [0x80, 0xe9])).toEqual(['€é']);
    expect(cut('latin1', [0xe9, 0xff])).toEqual(['éÿ']);
  });
});

describe('records of many lines', () => {
  const TRACE = [
    '2026-11-22 10:00:00 ERROR thanh toán',
    'java.lang.IllegalStateException: x',
    '\tat vn.igate.Pay.run(Pay.java:7)',
  ];
  const multiline = '^\\d{4}-\\d\\d-\\d\\d ';

  test('a start pattern joins what follows; the last record ends with quiet; a restart doubles and tears nothing', async () => {
    writeFileSync(path(), `${TRACE.join('\n')}\n2026-11-22 10:00:01 INFO one\n`);
    await start({ multiline });
    await until('both records', () => ledger().read === 2);
    expect(await originals()).toEqual([TRACE.join('\n'), '2026-11-22 10:00:01 INFO one']);
    appendFileSync(path(), '2026-11-22 10:00:02 ERROR two\n\tat first\n');
    // Stopped in the middle of a record: its beginning is not sent yet, and read again.
    await stop();
    appendFileSync(path(), '\tat second\n2026-11-22 10:00:03 INFO three\n');
    await start({ multiline });
    await until('the other records', () => ledger().read >= 4);
    const found = await originals();
    expect(found.slice(2)).toEqual([
      '2026-11-22 10:00:02 ERROR two\n\tat first\n\tat second',
      '2026-11-22 10:00:03 INFO three',
    ]);
  });

  test('a record without end is cut at 500 lines and at 256 KiB, and every byte is kept', () => {
    const cutter = makeCutter({ encoding: 'utf-8', start: multiline });
    const many = Buffer.from(`2026-11-22 begins\n${'x\n'.repeat(1_200)}2026-11-22 next\n`);
    const { cut } = cutter.next(many, 0, false);
    expect(cut.lines.map((line) => line.split('\n').length)).toEqual([500, 500, 201]);
    const long = Buffer.from(`2026-11-22 begins\n${`${'y'.repeat(9_999)}\n`.repeat(40)}`).subarray(0, 262_144 + 4_096);
    const first = cutter.next(long, 0, false).cut;
    expect(first.lines).toHaveLength(1);
    expect(first.consumed).toBeGreaterThan(200_000);
    expect(first.consumed).toBeLessThanOrEqual(262_144);
  });

  test('however the bytes come, the records are the same', () => {
    const stream = Buffer.from(
      `lone\n${TRACE.join('\n')}\n2026-11-22 10:00:01 INFO một\r\n\n2026-11-22 10:00:03 end\n`,
    );
    const whole = (encoding: 'utf-8' | 'utf-16le', bytes: Buffer, cuts: number[]) => {
      const cutter = makeCutter({ encoding, start: multiline });
      const found: string[] = [];
      let offset = 0;
      let pieces = 0;
      for (const end of [...cuts.sort((a, b) => a - b), bytes.length]) {
        for (;;) {
          const next = cutter.next(bytes.subarray(offset, end), pieces, end === bytes.length);
          if (next.cut.consumed === 0) break;
          found.push(...next.cut.lines);
          offset += next.cut.consumed;
          pieces = next.pieces;
        }
      }
      return found;
    };
    for (const encoding of ['utf-8', 'utf-16le'] as const) {
      const bytes = encoding === 'utf-8' ? stream : Buffer.from(stream.toString('utf8'), 'utf16le');
      const expected = whole(encoding, bytes, []);
      expect(expected).toHaveLength(4);
      fc.assert(
        fc.property(fc.array(fc.nat(bytes.length), { maxLength: 10 }), (cuts) => {
          expect(whole(encoding, bytes, cuts)).toEqual(expected);
        }),
      );
    }
  });

  test('a pattern that cannot be kept linear or is none is refused', () => {
    expect(() => makeCutter({ encoding: 'utf-8', start: '(unclosed' })).toThrow();
    expect(() => makeCutter({ encoding: 'utf-8', start: '(?=look)ahead' })).toThrow();
  });
});

describe('compressed copies', () => {
  test('back-fill at the very first start reads gzip and zstd copies once, the oldest first, and never again', async () => {
    writeFileSync(`${path()}.3.gz`, gzipSync(text(numbered(0, 3_000))));
    writeFileSync(`${path()}.2.zst`, zstdCompressSync(Buffer.from(text(numbered(3_000, 3_100)))));
    writeFileSync(`${path()}.1`, text(numbered(3_100, 3_200)));
    writeFileSync(path(), text(numbered(3_200, 3_300)));
    for (const [at, name] of ['.3.gz', '.2.zst', '.1'].entries()) utimesSync(path() + name, 1_000 + at, 1_000 + at);
    await start({ backfill: true });
    await until('all lines', () => ledger().read === 3_300);
    expect([...(await originals())].sort()).toEqual(numbered(0, 3_300).sort());
    await stop();
    await start({ backfill: true });
    appendFileSync(path(), text(numbered(3_300, 3_301)));
    await until('the new line', () => ledger().read >= 3_301);
    expect(await originals()).toHaveLength(3_301);
  });

  test('stopped in the middle of a back-fill, it goes on where it was', async () => {
    writeFileSync(`${path()}.1.gz`, gzipSync(text(numbered(0, 60_000))));
    writeFileSync(path(), '');
    await start({ backfill: true });
    await until('a part of it', () => ledger().read > 500);
    await stop();
    expect(ledger().read).toBeLessThan(60_000);
    await start({ backfill: true });
    await until('all lines', () => ledger().read === 60_000, 30_000);
    expect(new Set(await originals()).size).toBe(60_000);
  });

  test('a file rotated and compressed during an outage is read on where it was left; one that came and went meanwhile, too', async () => {
    writeFileSync(path(), text(numbered(0, 100)));
    await start();
    await until('the first lines', () => ledger().read === 100);
    await stop();
    appendFileSync(path(), text(numbered(100, 150)));
    // What logrotate does: rename, begin anew, compress what was renamed, twice.
    const compress = (plain: string[], name: string) => {
      writeFileSync(`${path()}.${name}.gz`, gzipSync(text(plain)));
      rmSync(`${path()}.${name}`, { force: true });
    };
    renameSync(path(), `${path()}.2`);
    compress(numbered(0, 150), '2');
    compress(numbered(150, 180), '1');
    writeFileSync(path(), text(numbered(180, 190)));
    await start();
    await until('all lines', () => ledger().read >= 190);
    expect([...(await originals())].sort()).toEqual(numbered(0, 190).sort());
    await stop();
    await start();
    appendFileSync(path(), text(numbered(190, 191)));
    await until('one more', () => ledger().read >= 191);
    expect(await originals()).toHaveLength(191);
  });

  test('a damaged copy is read up to the damage, the log says so, and the file itself goes on', async () => {
    const sound = gzipSync(text(numbered(0, 50_000)));
    writeFileSync(`${path()}.1.gz`, sound.subarray(0, Math.floor(sound.length / 2)));
    writeFileSync(path(), text(['the live line']));
    await start({ backfill: true });
    await until('the fault', () =>
      bench.log.told.some((entry) => entry.text.startsWith('a compressed file is damaged')),
    );
    await until('the live line', () => ledger().read > 100);
    const found = await originals();
    expect(found).toContain('the live line');
    expect(found).toContain(numbered(99, 100)[0]);
  });
});
