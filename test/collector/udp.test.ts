import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SyslogInput } from '../../collector/inputs/syslog.ts';
import { type CollectorBench, openBench } from './bench.ts';
import { ForgetfulDisk, seeded } from './forgetful-disk.ts';
import { readEvents } from './read-events.ts';
import { temporaryFolder, until } from './receiver.ts';

const SOURCE = 'syslog-udp:127.0.0.1:0';
let folder: ReturnType<typeof temporaryFolder>;
let bench: CollectorBench;
let disk: ForgetfulDisk;
let input: SyslogInput;

beforeEach(async () => {
  folder = temporaryFolder();
  disk = new ForgetfulDisk(seeded(7));
  bench = await openBench(folder.path, { files: disk.files() });
  const options = { host: '127.0.0.1', port: 0, udp: true, tcp: false, parser: 'auto' };
  input = new SyslogInput(options, bench.context);
  await input.start();
});
afterEach(async () => {
  await input.stop();
  await bench.spool.close();
  folder.remove();
});

test('a full disk: what memory cannot hold is dropped as spool_full, the rest is kept, and the sum is what was sent', async () => {
  const ledger = bench.ledger.source(SOURCE);
  disk.failure = 'ENOSPC';
  const sender = createSocket('udp4');
  let sent = 0;
  // One at a time, each waited for, so that the kernel has no reason to drop any.
  while ((ledger.dropped['spool_full'] ?? 0) < 5 && sent < 2_000) {
    const message = `<13>Nov 22 10:00:00 fw1 app: ${sent} ${'x'.repeat(40_000)}`;
    await new Promise((done) => sender.send(message, input.ports.udp ?? 0, '127.0.0.1', done));
    sent++;
    await until(`datagram ${sent}`, () => ledger.read === sent);
  }
  sender.close();
  expect(ledger.dropped).toEqual({ spool_full: 5 });
  expect(ledger.status()).toMatchObject({ spooled: 0 });
  disk.failure = undefined;
  await bench.intake.flush();
  expect(ledger.status()).toMatchObject({
    read: sent,
    spooled: sent - 5,
    dropped: { spool_full: 5 },
    kernelDropped: 0,
  });
  const kept = (await readEvents(bench.spool)).map(({ event }) =>
    Number(/app: (\d+) /.exec(String(event.original))?.[1]),
  );
  expect(kept).toEqual(Array.from({ length: sent - 5 }, (_, n) => n));
});

test.runIf(process.platform === 'linux')('what the kernel drops while nobody reads is counted', async () => {
  const ledger = bench.ledger.source(SOURCE);
  const total = 8_000;
  const script = `
    const socket = require('node:dgram').createSocket('udp4');
    const message = Buffer.from('<13>Nov 22 10:00:00 fw1 app: ' + 'x'.repeat(4000));
    let sent = 0;
    const next = () => (sent++ < ${total} ? socket.send(message, ${input.ports.udp}, '127.0.0.1', next) : socket.close());
    next();`;
  // This thread is the receiver: while it waits here for the sender to end, the socket's buffer runs over.
  execFileSync(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'inherit'] });
  await until('every datagram is read or counted', () => ledger.read + ledger.kernelDropped === total, 25_000);
  expect(ledger.kernelDropped).toBeGreaterThan(0);
  expect(ledger.read).toBeGreaterThan(0);
  expect(ledger.status().kernelDropped).toBe(ledger.kernelDropped);
});
