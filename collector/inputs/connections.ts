import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { reasonOf } from '../errors.ts';
import type { SourceLedger } from '../ledger.ts';
import type { Log } from '../log.ts';
import { type ListenerTls, tlsOptions } from './tls.ts';

/** A port that is listened on. */
export interface Listener {
  readonly port: number;
  stop(): Promise<void>;
}

/** When a connection last spoke, milliseconds: the server of a connection keeps it up to date. */
export interface ConnectionState {
  lastAt: number;
}

/** What is served over TCP, and what is told of it. */
export interface Served {
  readonly name: string;
  readonly ledger: SourceLedger;
  readonly log: Log;
  serve(socket: Socket, state: ConnectionState): Promise<void>;
}

const MOST_CONNECTIONS = 512;
/** Only a connection that has been silent so long makes room for a new one, milliseconds. */
const IDLE_ENOUGH_MS = 300_000;

/** Listens on TCP, or on TLS where files are given; at most 512 connections, the longest silent one makes room. */
export async function listenTcp(
  host: string,
  port: number,
  tls: ListenerTls | undefined,
  served: Served,
): Promise<Listener> {
  const { name, ledger, log } = served;
  const connections = new Map<Socket, ConnectionState>();
  const raw = new Set<Socket>();
  const running = new Set<Promise<void>>();
  const options = { keepAlive: true, keepAliveInitialDelay: 60_000, noDelay: true };
  const server: Server = tls ? createTlsServer({ ...options, ...(await tlsOptions(tls)) }) : createServer(options);
  // Sockets in the middle of a handshake are connections as well.
  server.on('connection', (socket: Socket) => {
    if (raw.size >= MOST_CONNECTIONS && !closeIdlest(connections)) {
      ledger.error = `more than ${MOST_CONNECTIONS} connections`;
      socket.destroy();
      return;
    }
    raw.add(socket);
    socket.once('close', () => raw.delete(socket));
  });
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    if (socket.destroyed) return;
    ledger.error = null;
    const state = { lastAt: Date.now() };
    connections.set(socket, state);
    const done = served.serve(socket, state).finally(() => {
      connections.delete(socket);
      running.delete(done);
    });
    running.add(done);
  });
  server.on('tlsClientError', (error, socket) => {
    log.warn({ peer: socket.remoteAddress, reason: reasonOf(error) }, `${name}: a TLS handshake failed`);
    ledger.error = `a TLS handshake failed: ${reasonOf(error)}`.slice(0, 300);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error) => log.warn({ reason: reasonOf(error) }, `${name} has a fault`));
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : port,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of connections.keys()) socket.destroy();
      for (const socket of raw) socket.destroy();
      await Promise.all(running);
      await closed;
    },
  };
}

/** Makes room for a new connection; false where every one has spoken in the last five minutes. */
function closeIdlest(connections: ReadonlyMap<Socket, ConnectionState>): boolean {
  let idlest: [Socket, ConnectionState] | undefined;
  for (const entry of connections) if (!idlest || entry[1].lastAt < idlest[1].lastAt) idlest = entry;
  if (!idlest || Date.now() - idlest[1].lastAt < IDLE_ENOUGH_MS) return false;
  idlest[0].destroy();
  return true;
}

/** Waits for something, or for the end of the connection: a sender that has gone holds nothing here. */
export async function whileOpen(socket: Socket, awaited: Promise<void>): Promise<void> {
  if (socket.destroyed) return;
  let end: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    end = resolve;
    socket.once('close', end);
  });
  await Promise.race([awaited, closed]);
  socket.off('close', end);
}

/** The address of the other end; IPv4 as such also where it came to an IPv6 port. */
export function peerOf(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/i, '');
}

/**
 * Binds, and where that fails (a port in use, a certificate that cannot be read) says so once and tries again until it
 * works. Gives what stops the trying.
 */
export async function bindUntilDone(
  what: { readonly place: string; readonly name: string; readonly ledger: SourceLedger; readonly log: Log },
  bind: () => Promise<void>,
  retryMs: number,
): Promise<() => void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const attempt = async (): Promise<void> => {
    try {
      await bind();
      what.ledger.error = null;
    } catch (error) {
      const busy = error instanceof Error && (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      const reason = busy ? `port ${what.place} is in use by another program` : reasonOf(error);
      if (what.ledger.error !== reason) {
        what.log.warn(
          { listen: what.place, reason },
          `cannot listen for ${what.name}; the rest goes on, and this is tried again`,
        );
      }
      what.ledger.error = reason;
      if (!stopped) timer = setTimeout(() => void attempt(), retryMs);
    }
  };
  await attempt();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
