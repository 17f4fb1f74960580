import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { SyslogInput } from '../../../collector/inputs/syslog.ts';
import type { EcsEvent } from '../../../ecs/event.ts';
import { openBench } from '../bench.ts';
import { readEvents } from '../read-events.ts';
import { temporaryFolder, until } from '../receiver.ts';

test('syslog senders that never finish a line hold a bounded sum; what came of a line that was cut is kept and marked', async () => {
  const folder = temporaryFolder();
  const bench = await openBench(folder.path);
  const options = { host: '127.0.0.1', port: 0, udp: false, tcp: true, parser: 'auto', mostHeld: 500_000 };
  const input = new SyslogInput(options, bench.context);
  await input.start();
  const sockets: Socket[] = [];
  const open = () => {
    const socket = connect(input.ports.tcp ?? 0, '127.0.0.1');
    sockets.push(socket);
    return socket.on('error', () => undefined);
  };
  try {
    const closed = new Set<Socket>();
    for (let at = 0; at < 8; at++) {
      const socket = open().on('close', () => closed.add(socket));
      socket.write(`<13>Nov 22 10:00:00 h${at} app: ${'x'.repeat(100_000)}`);
    }
    await until('those that are too many are let go', () => closed.size >= 4);
    open().write('<13>Nov 22 10:00:00 honest app: one\n');
    const isCut = (event: EcsEvent) => (event['haidang'] as { truncated?: true }).truncated === true;
    let events: EcsEvent[] = [];
    const look = async () => {
      await bench.intake.flush();
      events = await readEvents(bench.spool);
      return events.filter(isCut).length >= 4 && events.some((event) => !isCut(event));
    };
    await expect.poll(look, { timeout: 30_000 }).toBe(true);
    expect(events.filter((event) => !isCut(event)).map((event) => event.event.original)).toEqual([
      '<13>Nov 22 10:00:00 honest app: one',
    ]);
  } finally {
    for (const socket of sockets) socket.destroy();
    await input.stop();
    await bench.spool.close();
    folder.remove();
  }
});
