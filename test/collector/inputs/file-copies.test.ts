import {
  appendFileSync,
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FileInput } from '../../../collector/inputs/file.ts';
import { readPosition } from '../../../collector/inputs/file-position.ts';
import { type CollectorBench, openBench } from '../bench.ts';
import { readEvents } from '../read-events.ts';
import { temporaryFolder, until } from '../receiver.ts';

let folder: ReturnType<typeof temporaryFolder>;
let bench: CollectorBench;
let input: FileInput | undefined;
const path = () => join(folder.path, 'app.log');
const ledger = () => bench.ledger.source(`file:${path()}`);

const otherRead = () => bench.ledger.source(`file:${join(folder.path, 'other.log')}`).read;

async function start(paths = [path()]): Promise<void> {
  bench = await openBench(folder.path);
  input = new FileInput({ paths, parser: 'auto', from: 'start', rotatedIdleMs: 200 }, bench.context);
  await input.start();
}
async function stop(): Promise<void> {
  if (!input) return;
  await input.stop();
  input = undefined;
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
  vi.restoreAllMocks();
  await stop();
  folder.remove();
});
const long = (n: number) => `Nov 22 10:00:00 host app[1]: this is line ${n} ${'y'.repeat(n % 90)}`;
const lines = (from: number, to: number, line = long) => Array.from({ length: to - from }, (_, i) => line(from + i));
const text = (from: number, to: number, line = long) =>
  lines(from, to, line)
    .map((one) => `${one}\n`)
    .join('');
/** What logrotate does with `copytruncate`: older copies move on, the file is copied, then emptied. */
const copyTruncate = () => {
  try {
    renameSync(`${path()}.1`, `${path()}.2`);
  } catch {
    // There is none yet.
  }
  copyFileSync(path(), `${path()}.1`);
  truncateSync(path(), 0);
};
/** Starts it once more and gives all that ever came, when a last line has come. */
async function allAfterRestart(last: string): Promise<string[]> {
  await stop();
  await start();
  appendFileSync(path(), `${last}\n`);
  await until('the last line', () => bench.ledger.source(`file:${path()}`).read > 0);
  let all: string[] = [];
  for (let tries = 0; !all.includes(last); tries++) {
    if (tries > 500) throw new Error('the last line does not come');
    await new Promise((done) => setTimeout(done, 20));
    all = await originals();
  }
  return all;
}

describe('copytruncate', () => {
  test('while it runs: what nobody had read is read in the copy, nothing twice, also after a restart', async () => {
    writeFileSync(path(), text(0, 100));
    await start();
    await until('the first lines', () => ledger().read === 100);
    for (let round = 1; round <= 3; round++) {
      // At one stroke, so that nobody can have read these lines before they are in the copy alone.
      appendFileSync(path(), text(200 * round, 200 * round + 100));
      copyTruncate();
      appendFileSync(path(), text(200 * round + 100, 200 * round + 200));
      await until('both files', () => ledger().read === 100 + 200 * round);
    }
    const wanted = [...lines(0, 100), ...lines(200, 800)];
    expect((await originals()).sort()).toEqual([...wanted].sort());
    expect((await allAfterRestart('the last')).sort()).toEqual([...wanted, 'the last'].sort());
  });

  test('while it is stopped: the rest of the file is read in the copy, and what came since in the file', async () => {
    writeFileSync(path(), text(0, 100));
    await start();
    await until('the first lines', () => ledger().read === 100);
    await stop();
    appendFileSync(path(), text(100, 150));
    copyTruncate();
    appendFileSync(path(), text(150, 400));
    copyTruncate();
    appendFileSync(path(), text(400, 420));
    await start();
    await until('all lines', () => ledger().read >= 420);
    expect((await originals()).sort()).toEqual(lines(0, 420).sort());
    expect((await allAfterRestart('the last')).sort()).toEqual([...lines(0, 420), 'the last'].sort());
  });

  test('and renamed, or removed, while it is stopped: the rest is read in the copy all the same', async () => {
    writeFileSync(path(), text(0, 100));
    await start();
    await until('the first lines', () => ledger().read === 100);
    await stop();
    appendFileSync(path(), text(100, 150));
    copyTruncate();
    appendFileSync(path(), text(150, 200));
    // The emptied file goes the other way of rotation, so that none under the path has its inode.
    renameSync(`${path()}.1`, `${path()}.2`);
    renameSync(path(), `${path()}.1`);
    writeFileSync(path(), text(200, 300));
    await start();
    await until('all lines', () => ledger().read === 300);
    await stop();
    appendFileSync(path(), text(300, 350));
    copyFileSync(path(), `${path()}.0`);
    rmSync(path());
    writeFileSync(path(), text(350, 400));
    await start();
    await until('all lines', () => ledger().read === 400);
    expect((await allAfterRestart('the last')).sort()).toEqual([...lines(0, 400), 'the last'].sort());
  });

  test('of a file of a few bytes doubles nothing, whenever it is restarted', async () => {
    const short = (n: number) => `line ${n}`;
    writeFileSync(path(), text(0, 2, short));
    await start();
    await until('the first lines', () => ledger().read === 2);
    copyTruncate();
    expect(await allAfterRestart('line 2')).toEqual(lines(0, 3, short));
    await stop();
    appendFileSync(path(), text(3, 4, short));
    copyTruncate();
    expect((await allAfterRestart('line 4')).sort()).toEqual(lines(0, 5, short));
  });

  test('and compressed while it is stopped: the rest is read in the compressed copy', async () => {
    writeFileSync(path(), text(0, 100));
    await start();
    await until('the first lines', () => ledger().read === 100);
    await stop();
    writeFileSync(`${path()}.1.gz`, gzipSync(text(0, 140)));
    writeFileSync(path(), text(140, 150));
    await start();
    await until('all lines', () => ledger().read >= 150);
    expect((await originals()).sort()).toEqual(lines(0, 150).sort());
  });

  test('does not take an older file that begins alike for the copy', async () => {
    const head = (n: number) => `${'='.repeat(300)} ${n}`;
    writeFileSync(
      `${path()}.1`,
      text(0, 50, (n) => (n === 0 ? head(0) : `old ${n}`)),
    );
    const hourAgo = Date.now() / 1_000 - 3_600;
    utimesSync(`${path()}.1`, hourAgo, hourAgo);
    writeFileSync(path(), `${head(0)}\n`);
    await start();
    await until('the first line', () => ledger().read === 1);
    truncateSync(path(), 0);
    appendFileSync(path(), 'after\n');
    await until('the line after', () => ledger().read === 2);
    expect(await allAfterRestart('the last')).toEqual([head(0), 'after', 'the last']);
  });
});

describe('an inode that another file had before', () => {
  test.each([
    ['shorter', 40],
    ['as long', 100],
    ['longer', 300],
  ])('a new file, %s, is read from its beginning', async (_, count) => {
    writeFileSync(path(), text(1_000, 1_100));
    await start();
    await until('the first file', () => ledger().read === 100);
    await stop();
    const { ino } = statSync(path());
    // Its inode goes to a new file of the same name: a file system that does so at once leaves what writing over it leaves.
    writeFileSync(path(), text(2_000, 2_000 + count));
    expect(statSync(path()).ino).toBe(ino);
    await start();
    await until('the new file', () => ledger().read === 100 + count);
    expect(await originals()).toEqual([...lines(1_000, 1_100), ...lines(2_000, 2_000 + count)]);
  });
});

test('rotated twice while it is stopped, and the clock was a day ahead before: all of it is read, nothing twice', async () => {
  const ahead = Date.now.bind(Date);
  writeFileSync(path(), text(0, 100));
  vi.spyOn(Date, 'now').mockImplementation(() => ahead() + 86_400_000);
  await start();
  await until('the first lines', () => ledger().read === 100);
  await stop();
  vi.restoreAllMocks();
  appendFileSync(path(), text(100, 110));
  renameSync(path(), `${path()}.2`);
  writeFileSync(`${path()}.1`, text(110, 130));
  writeFileSync(path(), text(130, 140));
  await start();
  await until('all lines', () => ledger().read >= 140);
  expect((await originals()).sort()).toEqual(lines(0, 140).sort());
  rmSync(`${path()}.2`);
});

test('the clock is set back by a day: last lines without an end, and new files, come as soon as before', async () => {
  writeFileSync(path(), `${text(0, 10)}a last line without its end`);
  await start([join(folder.path, '*.log')]);
  await until('the whole lines', () => ledger().read === 10);
  const real = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => real() - 86_400_000);
  renameSync(path(), `${path()}.1`);
  writeFileSync(path(), text(10, 12));
  writeFileSync(join(folder.path, 'other.log'), text(0, 1));
  // What is waited for goes by the clock too: by turns, not by time.
  for (let turn = 0; turn < 1_500 && (ledger().read < 13 || otherRead() < 1); turn++)
    await new Promise((done) => setTimeout(done, 20));
  expect(ledger().read).toBe(13);
  expect(otherRead()).toBe(1);
  expect(await originals()).toContain('a last line without its end');
});

test('the clock is set back by a year: a dozen copies read long ago, some of them compressed since, are not read again', async () => {
  writeFileSync(path(), text(0, 20));
  await start();
  await until('the first lines', () => ledger().read === 20);
  const waiting = () => readPosition(ledger().position)?.files.filter(({ done }) => !done).length;
  const COPIES = 12;
  for (let copy = 1; copy <= COPIES; copy++) {
    renameSync(path(), `${path()}-${20261000 + copy}`);
    writeFileSync(path(), text(20 * copy, 20 * copy + 20));
    await until('the new file', () => ledger().read === 20 * copy + 20);
    await until('the copy is done', () => waiting() === 1);
  }
  await stop();
  for (const copy of [1, 2]) {
    const plain = `${path()}-${20261000 + copy}`;
    const { atime, mtime } = statSync(plain);
    writeFileSync(`${plain}.gz`, gzipSync(readFileSync(plain)));
    utimesSync(`${plain}.gz`, atime, mtime);
    rmSync(plain);
  }
  const real = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => real() - 365 * 86_400_000);
  await start();
  // Read by the clock set back: the next start looks for what came since then.
  appendFileSync(path(), text(20 * COPIES + 20, 20 * COPIES + 21));
  const wanted = lines(0, 20 * COPIES + 21);
  await until('the line of last year', () => ledger().read === wanted.length);
  expect((await allAfterRestart('the last')).sort()).toEqual([...wanted, 'the last'].sort());
});
