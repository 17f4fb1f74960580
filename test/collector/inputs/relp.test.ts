import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HeldBytes } from '../../../collector/inputs/held-bytes.ts';
import { RelpInput } from '../../../collector/inputs/relp.ts';
import { RelpFault, RelpFraming, relpAnswer } from '../../../collector/inputs/relp-framing.ts';
import { type CollectorBench, openBench } from '../bench.ts';
import { ForgetfulDisk, seeded } from '../forgetful-disk.ts';
import { readEvents } from '../read-events.ts';
import { temporaryFolder, until } from '../receiver.ts';

const frame = (transaction: number, command: string, data = '') => {
  const bytes = Buffer.from(data);
  return Buffer.concat([
    Buffer.from(`${transaction} ${command} ${bytes.length}${bytes.length > 0 ? ' ' : ''}`),
    bytes,
    Buffer.from('\n'),
  ]);
};
const OPEN = frame(1, 'open', 'relp_version=0\nrelp_software=test\ncommands=syslog');

describe('frames', () => {
  test('whole frames come out however the bytes are cut', () => {
    const messages = ['', 'a', 'with\nnewlines\n', 'ộ'.repeat(50), '3 syslog 1 x\n'];
    const stream = Buffer.concat(messages.map((text, at) => frame(at + 1, 'syslog', text)));
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
        const framing = new RelpFraming();
        const found: string[] = [];
        let from = 0;
        for (const cut of [...cuts.sort((a, b) => a - b), stream.length]) {
          for (const { data } of framing.push(stream.subarray(from, cut))) found.push(data.toString());
          from = cut;
        }
        expect(found).toEqual(messages);
      }),
    );
  });

  test.each([
    ['no head', 'x'.repeat(100)],
    ['no number', 'abc syslog 1 x\n'],
    ['too long', '1 syslog 99999999 x'],
    ['another end', '1 syslog 2 xyz\n'],
    ['data without a space', '1 syslog 2\nxy\n'],
  ])('%s is refused', (_, text) => {
    expect(() => [...new RelpFraming().push(Buffer.from(text))]).toThrow(RelpFault);
  });

  test('random bytes are refused or waited for, and never fail otherwise', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), (chunks) => {
        const framing = new RelpFraming();
        try {
          for (const chunk of chunks)
            for (const found of framing.push(Buffer.from(chunk))) expect(found.command).toBeTruthy();
        } catch (error) {
          expect(error).toBeInstanceOf(RelpFault);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a sender', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let bench: CollectorBench;
  let disk: ForgetfulDisk;
  let input: RelpInput;
  let socket: Socket;
  let got = '';

  beforeEach(async () => {
    folder = temporaryFolder();
    disk = new ForgetfulDisk(seeded(5));
    bench = await openBench(folder.path, { files: disk.files() });
    input = new RelpInput({ host: '127.0.0.1', port: 0, tls: undefined, parser: 'auto' }, bench.context);
    await input.start();
    got = '';
    socket = connect(input.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      got += chunk;
    });
  });
  afterEach(async () => {
    disk.failure = undefined;
    socket.destroy();
    await input.stop();
    await bench.spool.close();
    folder.remove();
  });
  const ledger = () => bench.ledger.source('relp:127.0.0.1:0');

  test('opens, gets an answer for each message when it is on disk, and closes', async () => {
    socket.write(OPEN);
    await until('the answer to open', () => got.includes('commands=syslog'));
    expect(got).toMatch(/^1 rsp \d+ 200 OK\nrelp_version=0\n/);
    socket.write(
      Buffer.concat([
        frame(2, 'syslog', '<34>Nov 22 10:00:00 fw1 app: one\n'),
        frame(3, 'syslog', '<34>Nov 22 10:00:00 fw1 app: two'),
      ]),
    );
    await until('both answers', () => got.includes('3 rsp 6 200 OK\n'));
    expect(got).toContain('2 rsp 6 200 OK\n3 rsp 6 200 OK\n');
    expect(ledger().status()).toMatchObject({ read: 2, spooled: 2 });
    socket.write(frame(4, 'close'));
    await until('the goodbye', () => got.endsWith(`${relpAnswer('4', '')}0 serverclose 0\n`));
    const events = await readEvents(bench.spool);
    expect(events.map((event) => event.event.original)).toEqual([
      '<34>Nov 22 10:00:00 fw1 app: one',
      '<34>Nov 22 10:00:00 fw1 app: two',
    ]);
    expect(events[0]).toMatchObject({ host: { name: 'fw1' }, haidang: { peer: '127.0.0.1' } });
  });

  test('while the disk is full there is no answer; it comes when the disk works again', async () => {
    socket.write(OPEN);
    await until('the answer to open', () => got.includes('commands=syslog'));
    disk.failure = 'ENOSPC';
    socket.write(frame(2, 'syslog', '<34>Nov 22 10:00:00 fw1 app: one'));
    await until('the disk is known to be full', () => bench.intake.behind);
    expect(ledger().read).toBe(1);
    expect(ledger().status().spooled).toBe(0);
    expect(got).not.toContain('2 rsp');
    disk.failure = undefined;
    await until('the answer', () => got.includes('2 rsp 6 200 OK\n'));
    expect(ledger().status().spooled).toBe(1);
  });

  test('what does not keep to the protocol is let go, and nothing of its chunk is kept or answered', async () => {
    socket.write(Buffer.concat([OPEN, frame(2, 'syslog', 'never'), Buffer.from('garbage here is\n')]));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(got).not.toContain('2 rsp');
    expect(ledger().read).toBe(0);
  });

  test('a message before open is refused', async () => {
    socket.write(frame(1, 'syslog', 'too early'));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(ledger().read).toBe(0);
  });
});

describe('many senders that never finish a message', () => {
  test('hold no more than their bound together: the one that holds most is let go, the others send on', async () => {
    const folder = temporaryFolder();
    const bench = await openBench(folder.path);
    const input = new RelpInput(
      { host: '127.0.0.1', port: 0, tls: undefined, parser: 'auto', mostHeld: 1_000_000 },
      bench.context,
    );
    await input.start();
    const sockets: Socket[] = [];
    const sender = async () => {
      const socket = connect(input.port, '127.0.0.1');
      const told = { socket, got: '', isClosed: false };
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        told.isClosed = true;
      });
      socket.on('data', (chunk) => {
        told.got += chunk;
      });
      socket.write(OPEN);
      await until('the answer to open', () => told.got.includes('commands=syslog'));
      return told;
    };
    try {
      const greedy: Awaited<ReturnType<typeof sender>>[] = [];
      for (let at = 0; at < 12; at++) {
        const one = await sender();
        greedy.push(one);
        // All but the end of a message of 16 MiB, which never comes.
        one.socket.write(Buffer.concat([Buffer.from('2 syslog 16000000 '), Buffer.alloc(150_000, 'x')]));
      }
      await until('those that are too many are let go', () => greedy.filter(({ isClosed }) => isClosed).length >= 6);
      const honest = await sender();
      honest.socket.write(frame(2, 'syslog', '<34>Nov 22 10:00:00 fw1 app: one'));
      await until('the answer', () => honest.got.includes('2 rsp 6 200 OK\n'));
      expect(greedy.filter(({ isClosed }) => isClosed).length).toBeLessThan(12);
      const ledger = bench.ledger.source('relp:127.0.0.1:0');
      await until('what was cut is counted', () => (ledger.dropped['memory_full'] ?? 0) >= 6);
      expect(ledger.status()).toMatchObject({ spooled: 1 });
      expect(ledger.read).toBe(1 + (ledger.dropped['memory_full'] ?? 0));
    } finally {
      for (const socket of sockets) socket.destroy();
      await input.stop();
      await bench.spool.close();
      folder.remove();
    }
  });

  test('the bound is of what is held now: shares that shrink or end make room, and nobody is asked twice', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4), fc.nat(60)), { maxLength: 60 }), (steps) => {
        const held = new HeldBytes(100);
        const told = [0, 0, 0, 0, 0];
        const bytes = [0, 0, 0, 0, 0];
        const shares = told.map((_, at) =>
          held.open(() => {
            expect(bytes[at]).toBe(Math.max(...bytes));
            told[at] = (told[at] ?? 0) + 1;
            bytes[at] = 0;
          }),
        );
        for (const [at, size] of steps) {
          if (told[at] === 0) bytes[at] = size;
          shares[at]?.set(size);
          expect(held.total).toBe(bytes.reduce((sum, each) => sum + each, 0));
          expect(held.total).toBeLessThanOrEqual(100);
        }
        for (const share of shares) share.close();
        expect(held.total).toBe(0);
        expect(Math.max(...told)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
