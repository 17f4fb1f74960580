import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { stringify } from 'yaml';
import { scanSegment } from '../../collector/spool/record.ts';
import type { EcsEvent } from '../../ecs/event.ts';
import type { CollectorStatus } from '../../ecs/wire.ts';
import { makeCertificates, Receiver, until } from './receiver.ts';
import { Network, SmallDisk } from './torture-network.ts';

const CLI = fileURLToPath(new URL('../../bin/cli.ts', import.meta.url));
const TURNED_CLOCK = new URL('./turned-clock.ts', import.meta.url).href;
/** How far the clock of server or machine may be set, milliseconds: over midnight both ways. */
const CLOCK_JUMPS = [0, 86_400_000, -86_400_000, 3_600_000];

/** For a start and its first lines, on a machine that is busy with other tests. */
const WAIT_MS = 240_000;

/** What befalls the collector in one round, beside the kill at the end of it. */
export type Blow =
  | 'kill alone'
  | 'outage with reboot'
  | 'server started anew'
  | 'full disk'
  | 'slow network'
  | 'half-open network'
  | 'rotation during an outage'
  | 'copytruncate'
  | 'clock of the server jumps'
  | 'clock of the machine jumps'
  | 'damaged spool'
  | 'machine rolled back';
export const BLOWS: readonly Blow[] = [
  'kill alone',
  'outage with reboot',
  'server started anew',
  'full disk',
  'slow network',
  'half-open network',
  'rotation during an outage',
  'copytruncate',
  'clock of the server jumps',
  'clock of the machine jumps',
  'damaged spool',
  'machine rolled back',
];

/** What came of it. */
export interface TortureResult {
  readonly kills: number;
  readonly blows: Readonly<Record<string, number>>;
  readonly written: number;
  /** Different lines at the receiver, those of a time that was rolled back aside. */
  readonly unique: number;
  readonly doubled: number;
  /** Lines that were in the log and not yet in the spool when a snapshot was taken, and that arrived from both times. */
  readonly readInBothTimes: number;
  /** How often a byte of the spool was changed. */
  readonly damaged: number;
  /** Lines that never arrived. */
  readonly lost: number;
  /** Of those, in frames that the collector set aside as damaged and counted. */
  readonly quarantined: number;
  /** Frames that came again and were known by their ids. */
  readonly knownAgain: number;
  /** False where this user may not mount a disk to fill: then those rounds are kills alone. */
  readonly fullDisk: boolean;
  /** How often the collector said that its disk was full. */
  readonly foundFull: number;
  /** What its ledger says in the end: read = spooled + dropped, and every line spooled. */
  readonly ledger: { readonly read: number; readonly spooled: number; readonly dropped: number };
}

/**
 * Runs a real collector on a growing, rotating file and ends each round with kill -9, after one of the blows. When it is
 * over, or `signal` wants an end, every line must have arrived once; what a damaged frame held must have been set aside
 * and counted.
 */
export async function torture(
  folder: string,
  kills: number,
  say: (text: string) => void,
  { among = BLOWS, signal }: { among?: readonly Blow[]; signal?: AbortSignal } = {},
): Promise<TortureResult> {
  const receiver = new Receiver();
  const network = new Network();
  const certificates = makeCertificates(folder);
  await receiver.start(certificates);
  network.target = receiver.port;
  const spool = join(folder, 'spool');
  mkdirSync(spool);
  const disk = new SmallDisk(spool);
  const log = join(folder, 'app.log');
  const clock = join(folder, 'clock-offset');
  const jump = () => CLOCK_JUMPS[Math.floor(Math.random() * CLOCK_JUMPS.length)] as number;
  const { ca, certificate, key } = certificates;
  const server = `https://127.0.0.1:${await network.listen()}`;
  const inputs = [{ type: 'file', paths: [log] }];
  const config = { id: 'c0test01', server, ca, certificate, key, spool, spool_max: '1GiB', inputs };
  writeFileSync(join(folder, 'collector.yaml'), stringify(config));

  let child: ChildProcess | undefined;
  let complaints = '';
  let foundFull = 0;
  let lines: string[] = [];
  /** Lines of times that were rolled back: some of them did arrive, and that is right. */
  const undone = new Set<string>();
  /** Lines that each of two times has read for itself. */
  const inBothTimes = new Set<string>();
  let number = 0;
  let quarantined = 0;
  let damaged = 0;
  const blows: Record<string, number> = {};

  const write = (count: number) => {
    let text = '';
    for (let n = 0; n < count; n++) {
      const line = `Nov 22 10:00:00 host app[1]: line ${number++} ${'y'.repeat(number % 120)}`;
      lines.push(line);
      text += `${line}\n`;
    }
    appendFileSync(log, text);
  };
  const moveOn = () => {
    const copies = readdirSync(folder)
      .flatMap((name) => /^app\.log\.(\d+)$/.exec(name)?.[1] ?? [])
      .map(Number);
    for (const n of copies.sort((a, b) => b - a)) renameSync(`${log}.${n}`, `${log}.${n + 1}`);
  };
  const rotate = () => {
    moveOn();
    renameSync(log, `${log}.1`);
    writeFileSync(log, '');
  };
  const start = () => {
    const started = spawn(process.execPath, [CLI, 'collector', '--config', join(folder, 'collector.yaml')], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        HAIDANG_LOG_LEVEL: 'error',
        HAIDANG_TEST_CLOCK: clock,
        NODE_OPTIONS: `--import=${TURNED_CLOCK}`,
      },
    });
    started.stderr?.on('data', (chunk: Buffer) => {
      const text = chunk.toString();
      if (text.includes('the disk is full')) foundFull++;
      complaints = (complaints + text).slice(-4_000);
    });
    child = started;
  };
  const end = (signal: NodeJS.Signals) =>
    new Promise<void>((done) => {
      if (!child || child.exitCode !== null || child.signalCode !== null) return done();
      child.on('exit', () => done());
      child.kill(signal);
    });
  const arrived = () => new Set(receiver.originals);
  const pause = (most: number) => new Promise((done) => setTimeout(done, Math.random() * most));
  /** Events in damaged frames, as the collector reports them. */
  const setAside = () =>
    receiver.statuses.reduce((most, status) => Math.max(most, status.quarantined.events), quarantined);
  /** What the receiver has, and the lines that it has more often than the promise allows. */
  const counted = () => {
    const there = new Set<string>();
    const twice: string[] = [];
    let readInBothTimes = 0;
    const once = new Set(inBothTimes);
    for (const line of receiver.originals) {
      if (!there.has(line)) there.add(line);
      else if (once.delete(line)) readInBothTimes++;
      else twice.push(line);
    }
    return { there, twice, readInBothTimes };
  };
  const allThere = async (what: string) => {
    for (let left = -1; ; ) {
      const there = arrived();
      const missing = lines.filter((line) => !there.has(line)).length;
      quarantined = setAside();
      if (missing <= quarantined) return;
      if (left >= 0 && missing >= left) throw new Error(`${missing} lines are missing ${what}: ${complaints}`);
      left = missing;
      const seen = receiver.events.size;
      await until(
        `more lines ${what}; ${missing} are missing (${complaints})`,
        () => receiver.events.size > seen,
        WAIT_MS,
      );
    }
  };

  const segments = () =>
    readdirSync(spool)
      .filter((each) => each.endsWith('.seg'))
      .sort();
  /** The lines that the spool holds, sent or not. */
  const spooled = () => {
    const found = new Set<string>();
    for (const name of segments())
      for (const item of scanSegment(readFileSync(join(spool, name)))) {
        if (item.kind !== 'record') continue;
        const [, ...events] = zstdDecompressSync(item.payload).toString('utf8').trimEnd().split('\n');
        for (const event of events) found.add(String((JSON.parse(event) as EcsEvent).event.original));
      }
    return found;
  };
  /** Waits until nothing is on its way, and the collector has noted that. */
  const quiet = async () => {
    network.mode = 'open';
    await allThere('before the damage');
    await new Promise((done) => setTimeout(done, 600));
  };

  const strike = async (blow: Blow): Promise<void> => {
    switch (blow) {
      case 'kill alone':
        return;
      case 'outage with reboot':
        // What it read before the reboot waits on the disk, and what is written meanwhile comes on top of it.
        network.cut();
        await pause(400);
        await end('SIGKILL');
        write(300);
        start();
        await pause(1_500);
        return;
      case 'server started anew':
        await receiver.stop();
        write(300);
        await pause(400);
        await receiver.start(certificates);
        network.target = receiver.port;
        return;
      case 'full disk': {
        if (!disk.isMounted) return;
        // What waited is on its way before, so that the lines below are the ones that find no room.
        const before = foundFull;
        network.cut();
        disk.fill();
        write(2_000);
        await until(`the collector to notice its full disk (${complaints})`, () => foundFull > before, WAIT_MS);
        network.mode = 'open';
        // Half of the time it is killed, and starts on a disk that is full still.
        if (Math.random() < 0.5) {
          const noticed = foundFull;
          await end('SIGKILL');
          disk.fill();
          start();
          await until(`a start on a full disk (${complaints})`, () => foundFull > noticed, WAIT_MS);
        }
        disk.free();
        return;
      }
      case 'slow network':
        network.mode = 'slow';
        return;
      case 'half-open network':
        network.mode = 'half-open';
        return;
      case 'rotation during an outage':
        network.cut();
        write(500);
        rotate();
        write(500);
        await pause(300);
        return;
      case 'copytruncate':
        // What nobody has read of the file is in the copy alone.
        moveOn();
        cpSync(log, `${log}.1`);
        truncateSync(log);
        return;
      case 'clock of the server jumps':
        receiver.clockOffset = jump();
        network.cut();
        network.mode = 'open';
        return;
      case 'clock of the machine jumps':
        // While it reads and sends: nothing is cut.
        writeFileSync(clock, String(jump()));
        await pause(200);
        return;
      case 'damaged spool':
        // What was changed had been acknowledged, and that was noted; or it was never sent. In between are milliseconds.
        if (Math.random() < 0.5) await quiet();
        else {
          await quiet();
          network.cut();
          write(800);
          await pause(600);
        }
        await end('SIGKILL');
        damage();
        start();
        return;
      case 'machine rolled back':
        await end('SIGKILL');
        await rollBack();
        start();
    }
  };
  /** Changes one byte of the newest segment: its frames may be waiting, or sent long ago. */
  const damage = () => {
    const name = segments().at(-1);
    const bytes = name === undefined ? undefined : readFileSync(join(spool, name));
    if (!bytes || bytes.length < 2_000) return;
    const at = Math.floor(bytes.length * (0.1 + Math.random() * 0.85));
    bytes[at] = (bytes[at] as number) ^ 0x5a;
    writeFileSync(join(spool, name as string), bytes);
    damaged++;
  };
  /** Logs and spool go back to where they were a while ago, as a virtual machine does; what then happens is new. */
  const rollBack = async () => {
    const files = () => readdirSync(folder).filter((name) => name.startsWith('app.log'));
    const kept = join(folder, 'snapshot');
    cpSync(spool, join(kept, 'spool'), { recursive: true });
    for (const name of files()) cpSync(join(folder, name), join(kept, name), { preserveTimestamps: true });
    const before = lines.length;
    const inSpool = spooled();
    const there = arrived();
    for (const line of lines) if (!inSpool.has(line) && !there.has(line)) inBothTimes.add(line);
    const seen = receiver.events.size;
    start();
    write(700);
    await until(`something of the time that is undone (${complaints})`, () => receiver.events.size > seen, WAIT_MS);
    await pause(300);
    await end('SIGKILL');
    for (const line of lines.slice(before)) undone.add(line);
    lines = lines.slice(0, before);
    // In place, so that inodes stay, and with their times: a snapshot is of the disk, not of its files.
    for (const name of readdirSync(spool)) rmSync(join(spool, name), { recursive: true });
    cpSync(join(kept, 'spool'), spool, { recursive: true });
    for (const name of files()) {
      if (!existsSync(join(kept, name))) {
        rmSync(join(folder, name));
        continue;
      }
      writeFileSync(join(folder, name), readFileSync(join(kept, name)));
      const { atime, mtime } = statSync(join(kept, name));
      utimesSync(join(folder, name), atime, mtime);
    }
    rmSync(kept, { recursive: true });
  };

  const tidy = () => {
    child?.kill('SIGKILL');
    disk.unmount();
  };
  process.on('exit', tidy);
  try {
    write(300);
    start();
    await until(`the first lines (${complaints})`, () => receiver.events.size > 0, WAIT_MS);
    let made = 0;
    for (; made < kills && !signal?.aborted; made++) {
      const blow = among[made % among.length] as Blow;
      blows[blow] = (blows[blow] ?? 0) + 1;
      write(400);
      if (made % 7 === 6) rotate();
      await strike(blow);
      write(400);
      await pause(500);
      await end('SIGKILL');
      network.mode = 'open';
      start();
      if (made % 10 === 9) say(`${made + 1} of ${kills} kills, ${receiver.events.size} events`);
      // Starts take longer than blows: let it come to reading before the next.
      // The last lines came after any damage, so they do arrive.
      const seen = receiver.events.size;
      const there = arrived();
      const isMissing = lines.slice(-400).some((line) => !there.has(line));
      if (isMissing)
        await until(`the collector to send after ${blow} (${complaints})`, () => receiver.events.size > seen, WAIT_MS);
      quarantined = setAside();
    }
    network.mode = 'open';
    await until('a status report', () => receiver.statuses.length > 0, WAIT_MS);
    const reports = receiver.statuses.length;
    await until('a last status report', () => receiver.statuses.length > reports, WAIT_MS);
    quarantined = receiver.statuses.at(-1)?.quarantined.events ?? 0;
    await allThere('at the end');
    const source = () => receiver.statuses.at(-1)?.sources[0];
    await until('a report of every line', () => source()?.spooled === lines.length, WAIT_MS).catch((error) => {
      const { twice } = counted();
      const counts = `${lines.length} written, ${twice.length} doubled (${twice[0]} to ${twice.at(-1)})`;
      throw new Error(`${error.message}; ${counts}, ${damaged} times damaged: ${JSON.stringify(source())}`);
    });
    const { read, spooled, dropped } = source() as CollectorStatus['sources'][number];
    await end('SIGTERM');
    const { twice, readInBothTimes, there } = counted();
    const unique = lines.filter((line) => there.has(line)).length;
    return {
      kills: made,
      blows,
      written: lines.length,
      unique,
      doubled: twice.length,
      readInBothTimes,
      damaged,
      lost: lines.length - unique,
      quarantined,
      knownAgain: receiver.repeats,
      fullDisk: disk.isMounted,
      foundFull,
      ledger: { read, spooled, dropped: Object.values(dropped).reduce((sum, count) => sum + count, 0) },
    };
  } finally {
    await end('SIGKILL');
    network.close();
    await receiver.stop();
    process.off('exit', tidy);
    tidy();
  }
}
