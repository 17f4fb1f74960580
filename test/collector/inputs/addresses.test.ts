import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SyslogInput } from '../../../collector/inputs/syslog.ts';
import { type CollectorBench, openBench } from '../bench.ts';
import { readEvents } from '../read-events.ts';
import { temporaryFolder, until } from '../receiver.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some((each) => each.address === '::1'));
let folder: ReturnType<typeof temporaryFolder>;
let bench: CollectorBench;
let input: SyslogInput | undefined;

beforeEach(async () => {
  folder = temporaryFolder();
  bench = await openBench(folder.path);
});
afterEach(async () => {
  await input?.stop();
  await bench.spool.close();
  folder.remove();
});

const LINE = '<34>Nov 22 10:00:00 fw1 app: over';

async function listen(host: string): Promise<SyslogInput> {
  input = new SyslogInput({ host, port: 0, udp: true, tcp: true, parser: 'auto' }, bench.context);
  await input.start();
  return input;
}

async function peers(count: number): Promise<string[][]> {
  const total = () => [...bench.ledger.all()].reduce((sum, source) => sum + source.read, 0);
  await until(`${count} records`, () => total() === count);
  await bench.intake.flush();
  const events = await readEvents(bench.spool);
  return events.map((event) => [String(event.message), String((event['haidang'] as { peer: string }).peer)]).sort();
}

function sendTcp(port: number, host: string, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => socket.end(text, () => resolve()));
    socket.on('error', reject);
  });
}

function sendUdp(port: number, host: string, text: string): Promise<void> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  return new Promise((resolve, reject) => {
    socket.send(text, port, host, (error) => {
      socket.close();
      if (error) reject(error);
      else resolve();
    });
  });
}

test.skipIf(!hasIpv6)('IPv6: UDP and TCP, both framings; the sender’s address is its own', async () => {
  const { ports } = await listen('::1');
  await sendUdp(ports.udp ?? 0, '::1', `${LINE} udp6`);
  const counted = `${LINE} tcp6 counted`;
  await sendTcp(ports.tcp ?? 0, '::1', `${counted.length} ${counted}`);
  await sendTcp(ports.tcp ?? 0, '::1', `${LINE} tcp6 line\n`);
  expect(await peers(3)).toEqual([
    ['over tcp6 counted', '::1'],
    ['over tcp6 line', '::1'],
    ['over udp6', '::1'],
  ]);
  expect([...bench.ledger.all()].map((source) => source.source)).toEqual(['syslog-udp:[::1]:0', 'syslog-tcp:[::1]:0']);
});

test.skipIf(!hasIpv6)(
  'a port for all addresses hears both families, and IPv4 senders keep their IPv4 address',
  async () => {
    const { ports } = await listen('::');
    await sendUdp(ports.udp ?? 0, '127.0.0.1', `${LINE} udp4`);
    await sendTcp(ports.tcp ?? 0, '127.0.0.1', `${LINE} tcp4\n`);
    await sendTcp(ports.tcp ?? 0, '::1', `${LINE} tcp6\n`);
    expect(await peers(3)).toEqual([
      ['over tcp4', '127.0.0.1'],
      ['over tcp6', '::1'],
      ['over udp4', '127.0.0.1'],
    ]);
  },
);

test('a port in use is told as the fault of its source, and the other transport goes on', async () => {
  const first = await listen('127.0.0.1');
  const taken = first.ports.tcp ?? 0;
  const second = new SyslogInput(
    { host: '127.0.0.1', port: taken, udp: true, tcp: true, parser: 'auto' },
    bench.context,
  );
  await second.start();
  expect(bench.ledger.source(`syslog-tcp:127.0.0.1:${taken}`).error).toBe(
    `port ${taken}/tcp is in use by another program`,
  );
  await sendUdp(second.ports.udp ?? 0, '127.0.0.1', `${LINE} still`);
  expect(await peers(1)).toEqual([['over still', '127.0.0.1']]);
  await second.stop();
});
