import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import { expect, it } from 'vitest';
import { paceHandshakes } from '../../server/tls/pace-handshakes.ts';

const turn = () => new Promise<void>((done) => setImmediate(done));

/** A server as far as pacing knows one: its own listener begins the handshake. */
function paced(aTurn: number) {
  const server = new EventEmitter();
  const begun: Socket[] = [];
  server.on('connection', (socket: Socket) => begun.push(socket));
  paceHandshakes(server as unknown as TlsServer, aTurn);
  return { server, begun };
}

it('begins a few handshakes a turn, in the order in which the connections came, and all of them in the end', async () => {
  const { server, begun } = paced(4);
  const sockets = Array.from({ length: 10 }, () => new Socket());
  for (const socket of sockets) server.emit('connection', socket);
  expect(begun).toEqual([]);
  const counts: number[] = [];
  for (let at = 0; at < 4; at += 1) {
    await turn();
    counts.push(begun.length);
  }
  expect(counts).toEqual([4, 8, 10, 10]);
  expect(begun).toEqual(sockets);
  // Whoever comes later is begun at the next turn.
  const late = new Socket();
  server.emit('connection', late);
  await turn();
  expect(begun.at(-1)).toBe(late);
});

it('takes no turn for who broke off while it waited, and is not brought down by it', async () => {
  const { server, begun } = paced(2);
  const sockets = Array.from({ length: 6 }, () => new Socket());
  for (const socket of sockets) server.emit('connection', socket);
  for (const socket of sockets.slice(0, 4)) socket.destroy(new Error('the other side is gone'));
  await turn();
  expect(begun).toEqual(sockets.slice(4));
});
