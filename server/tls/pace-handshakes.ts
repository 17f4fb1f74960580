import type { Socket } from 'node:net';
import type { Server as TlsServer } from 'node:tls';

/** Handshakes begun in one turn of the event loop: each costs about a millisecond, and everything else waits for a turn. */
const A_TURN = 4;

/**
 * Begins the TLS handshakes of a server a few at a time. Where a thousand collectors come back at the same moment, one turn of the
 * event loop would otherwise do all their public-key work, and nobody is answered meanwhile. Connections wait in the order they came,
 * their first bytes in their own buffers; how many there may be is the server's `maxConnections`. A slow handshake keeps no place:
 * the next begin a turn later.
 */
export function paceHandshakes(server: TlsServer, aTurn: number = A_TURN): void {
  const begin = server.listeners('connection')[0] as ((socket: Socket) => void) | undefined;
  if (!begin) throw new Error('A TLS server takes connections by a listener of its own; there is none.');
  const waiting: Socket[] = [];
  let busy = false;

  const turn = () => {
    let begun = 0;
    while (begun < aTurn) {
      const socket = waiting.shift();
      if (!socket) {
        busy = false;
        return;
      }
      socket.off('error', ignore);
      if (socket.destroyed) continue;
      begun += 1;
      begin.call(server, socket);
    }
    setImmediate(turn);
  };
  server.off('connection', begin);
  server.prependListener('connection', (socket: Socket) => {
    // Who breaks off while it waits is skipped.
    socket.on('error', ignore);
    waiting.push(socket);
    if (busy) return;
    busy = true;
    setImmediate(turn);
  });
}

function ignore(): void {}
