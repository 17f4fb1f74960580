import { expect, test } from 'vitest';
import type { Log } from '../../collector/log.ts';
import { ForgetfulDisk, seeded } from './forgetful-disk.ts';
import { cutPower, deliver, FOLDER, numberedLines as lines, live, put } from './power-cuts.ts';
import { quietLog, until } from './receiver.ts';

test.each([1, 2, 3, 4])(
  'power cuts at random moments on a disk that forgets what was not synced (seed %i)',
  async (seed) => {
    const { cuts, ...result } = await cutPower(seed);
    expect(cuts).toBeGreaterThanOrEqual(25);
    expect(result).toEqual({ written: 6_000, unique: 6_000, doubled: 0, lost: 0, faults: [] });
  },
);

test('a full disk holds the inputs, loses nothing, says so once, and goes on when there is room', async () => {
  const disk = new ForgetfulDisk(seeded(5));
  const log = quietLog();
  const alive = await live(disk, { log: log as unknown as Log });
  put(alive, 0, 100);
  await alive.intake.flush();
  for (const failure of ['ENOSPC', 'EIO'] as const) {
    disk.failure = failure;
    const from = alive.source.ledger.framed;
    put(alive, from, from + 100);
    await until('the spool to be held', () => alive.intake.behind);
    expect(alive.source.ledger.durable.spooled).toBe(from);
    const ready = alive.intake.whenReady();
    disk.failure = undefined;
    await ready;
    await alive.intake.flush();
  }
  const complaints = log.told.filter((entry) => entry.text.startsWith('the spool cannot write'));
  expect(complaints.map((entry) => entry.fields)).toEqual([
    { reason: 'the disk is full' },
    { reason: 'the disk fails: EIO: simulated' },
  ]);
  const received = new Map<string, string>();
  await deliver(alive, received);
  expect([...received.values()]).toEqual(lines(0, 300));
  await alive.spool.close();
  const again = await live(disk);
  expect(again.source.ledger.durable.spooled).toBe(300);
  expect(again.source.ledger.position).toEqual({ offset: 300 });
});

test('the limit of the spool holds the inputs until frames are acknowledged; acknowledged segments go first', {
  timeout: 90_000,
}, async () => {
  const disk = new ForgetfulDisk(seeded(6));
  const alive = await live(disk, { maxBytes: 40_000, segmentBytes: 8_000 });
  let at = 0;
  while (!alive.intake.behind) {
    put(alive, at, at + 200);
    at += 200;
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(at).toBeLessThan(100_000);
  }
  const held = alive.source.ledger.durable.spooled;
  expect(held).toBeLessThan(at);
  const received = new Map<string, string>();
  // The writer looks for room every half second: it ends when all has come, however busy the machine is.
  while (received.size < at) {
    await deliver(alive, received);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect([...received.values()]).toEqual(lines(0, at));
  expect(alive.spool.waiting).toEqual({ frames: 0, events: 0, bytes: 0 });
  await alive.spool.close();
});

test('a burst greater than the limit goes through once all before it is acknowledged', async () => {
  const disk = new ForgetfulDisk(seeded(10));
  const alive = await live(disk, { maxBytes: 10_000, segmentBytes: 8_000 });
  const received = new Map<string, string>();
  for (let at = 0; at < 6_000; at += 3_000) put(alive, at, at + 3_000);
  await until('all of it', () => {
    void deliver(alive, received);
    return received.size === 6_000;
  });
  expect([...received.values()]).toEqual(lines(0, 6_000));
  await alive.spool.close();
});

test('a damaged record in the middle is set aside and counted, the rest goes on', async () => {
  const disk = new ForgetfulDisk(seeded(7));
  const alive = await live(disk);
  for (let at = 0; at < 1_000; at += 100) {
    put(alive, at, at + 100);
    await alive.intake.flush();
  }
  await alive.spool.close();
  const first = disk.paths().find((path) => path.endsWith('.seg')) as string;
  const content = disk.content(first) as Buffer;
  const second = content.indexOf('HDS1', 10);
  disk.corrupt(first, second + 40);
  const again = await live(disk);
  const received = new Map<string, string>();
  await deliver(again, received);
  expect(received.size).toBe(900);
  expect(again.spool.quarantined).toEqual({ frames: 1, events: 100, reasons: { damaged: 1 } });
  expect(again.spool.waiting).toEqual({ frames: 0, events: 0, bytes: 0 });
  expect(again.source.ledger.durable.spooled).toBe(1_000);
  expect(disk.paths().some((path) => path.startsWith('/spool/quarantine/') && path.endsWith('.bin'))).toBe(true);
  await again.spool.close();
});

test('damage in what the server has already is no loss, and at the end of the spool it is not read again', async () => {
  const disk = new ForgetfulDisk(seeded(11));
  const alive = await live(disk);
  for (let at = 0; at < 300; at += 100) {
    put(alive, at, at + 100);
    await alive.intake.flush();
  }
  const received = new Map<string, string>();
  await deliver(alive, received);
  await alive.spool.close();
  const first = disk.paths().find((path) => path.endsWith('.seg')) as string;
  const content = disk.content(first) as Buffer;
  disk.corrupt(first, content.indexOf('HDS1', 10) + 40);
  disk.corrupt(first, content.lastIndexOf('HDS1') + 40);
  for (let start = 0; start < 2; start++) {
    const again = await live(disk);
    await deliver(again, received);
    expect(again.spool.quarantined).toEqual({ frames: 0, events: 0, reasons: {} });
    expect(again.source.ledger.durable.spooled).toBe(300);
    expect(again.source.ledger.position).toEqual({ offset: 300 });
    await again.spool.close();
  }
  const again = await live(disk);
  put(again, 300, 400);
  await again.intake.flush();
  await deliver(again, received);
  expect([...received.values()]).toEqual(lines(0, 400));
  expect(again.spool.quarantined.events).toBe(0);
  await again.spool.close();
});

test('a note of what was delivered that is damaged, or of another frame, is not believed', async () => {
  for (const change of [
    (text: string) => text.replace('"offset":300', '"offset":900'),
    (text: string) => text.slice(0, 40),
    () => '0\n{}\n',
    () => '',
  ]) {
    const disk = new ForgetfulDisk(seeded(12));
    const alive = await live(disk);
    for (let at = 0; at < 300; at += 100) {
      put(alive, at, at + 100);
      await alive.intake.flush();
    }
    await deliver(alive, new Map());
    await alive.spool.close();
    const first = disk.paths().find((path) => path.endsWith('.seg')) as string;
    disk.corrupt(first, (disk.content(first) as Buffer).lastIndexOf('HDS1') + 40);
    const note = `${FOLDER}/delivered`;
    await disk.files().replace(note, change((disk.content(note) as Buffer).toString()), true);
    const again = await live(disk);
    expect(again.source.ledger.position).toEqual({ offset: 200 });
    await again.spool.close();
  }
});

test('garbage behind the last record is cut off, and an unreadable folder of garbage does not stop the start', async () => {
  const disk = new ForgetfulDisk(seeded(8));
  const alive = await live(disk);
  put(alive, 0, 50);
  await alive.intake.flush();
  await alive.spool.close();
  const files = disk.files();
  for (const [name, bytes] of [
    ['0000000002.seg', Buffer.from('HDS1 torn in the middle of its header')],
    ['0000000003.seg', Buffer.alloc(10_000, 'HDS1')],
    ['acked', Buffer.from('nonsense')],
    ['other.txt', Buffer.from('not ours')],
  ] as const) {
    await files.replace(`${FOLDER}/${name}`, bytes, true);
  }
  const again = await live(disk);
  expect(again.source.ledger.durable.spooled).toBe(50);
  put(again, 50, 60);
  await again.intake.flush();
  const received = new Map<string, string>();
  await deliver(again, received);
  expect([...received.values()]).toEqual(lines(0, 60));
  await again.spool.close();
});

test('an acknowledged segment goes after its time, but never the one that carries the positions', async () => {
  const disk = new ForgetfulDisk(seeded(9));
  const alive = await live(disk, { segmentBytes: 2_000 });
  for (let at = 0; at < 2_000; at += 100) {
    put(alive, at, at + 100);
    await alive.intake.flush();
  }
  await deliver(alive, new Map());
  await alive.spool.close();
  const segments = () => disk.paths().filter((path) => path.endsWith('.seg')).length;
  const before = segments();
  expect(before).toBeGreaterThan(3);
  const kept = await live(disk, { keepMs: 3_600_000 });
  await kept.spool.close();
  expect(segments()).toBe(before);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const swept = await live(disk, { keepMs: 1 });
  await swept.spool.close();
  expect(segments()).toBe(1);
  const again = await live(disk);
  expect(again.source.ledger.position).toEqual({ offset: 2_000 });
  expect(again.spool.waiting.frames).toBe(0);
  await again.spool.close();
});

test('a full disk takes the room of acknowledged segments before their time', async () => {
  const disk = new ForgetfulDisk(seeded(11));
  const alive = await live(disk, { segmentBytes: 2_000 });
  for (let at = 0; at < 2_000; at += 100) {
    put(alive, at, at + 100);
    await alive.intake.flush();
  }
  await deliver(alive, new Map());
  const segments = () => disk.paths().filter((path) => path.endsWith('.seg')).length;
  const before = segments();
  disk.failure = 'ENOSPC';
  put(alive, 2_000, 2_100);
  await until('old segments to go', () => segments() < before);
  disk.failure = undefined;
  await alive.intake.flush();
  const received = new Map<string, string>();
  await deliver(alive, received);
  expect([...received.values()]).toEqual(lines(2_000, 2_100));
  await alive.spool.close();
});
