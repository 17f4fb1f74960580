import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import type { ConsoleCredentials } from './credentials.ts';
import { paceHandshakes } from './pace-handshakes.ts';
import { isLoopback } from './shape.ts';

// Not by import: the ECMAScript form also loads the HTTP client of `fetch`, a twentieth of a second at each start.
const http = process.getBuiltinModule('node:http');

/** Bounds of the console's port; times in milliseconds. */
export interface ConsoleLimits {
  /** Connections at once, live ones with them. */
  readonly connections: number;
  /** Of one address that is not this machine's own: a whole office may stand behind one. */
  readonly perAddress: number;
  /** Until the headers of a request must be whole, and the TLS handshake before them. */
  readonly headersTime: number;
  /** Until the whole request must be there. */
  readonly requestTime: number;
  /** A connection between two requests. */
  readonly idleTime: number;
  /** A connection on which nothing moves in either way, as with a reader that takes nothing. */
  readonly silentTime: number;
  readonly checkEvery: number;
}

export const CONSOLE_LIMITS: ConsoleLimits = {
  connections: 4_000,
  perAddress: 400,
  headersTime: 10_000,
  requestTime: 30_000,
  idleTime: 20_000,
  silentTime: 180_000,
  checkEvery: 2_000,
};

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Makes the HTTP server of the console: with TLS where there are credentials, and with bounds that slow or many clients meet.
 * `asksCertificates`: whoever connects is asked for a certificate; any or none will do here, as those who need one compare it.
 */
export function consoleServer(
  credentials: ConsoleCredentials | undefined,
  limits: ConsoleLimits = CONSOLE_LIMITS,
  { asksCertificates = false }: { readonly asksCertificates?: boolean } = {},
): (handler: Handler) => Server {
  return (handler) => {
    const bounds = {
      headersTimeout: limits.headersTime,
      requestTimeout: limits.requestTime,
      keepAliveTimeout: limits.idleTime,
      connectionsCheckingInterval: limits.checkEvery,
      maxHeaderSize: 16 * 1024,
    };
    const server = credentials
      ? (process.getBuiltinModule('node:https').createServer(
          {
            ...{ ...bounds, ...credentials.current(), handshakeTimeout: limits.headersTime },
            ...(asksCertificates ? { requestCert: true, rejectUnauthorized: false } : {}),
          },
          handler,
        ) as unknown as Server)
      : http.createServer(bounds, handler);
    if (credentials) {
      credentials.serve(server as unknown as Parameters<ConsoleCredentials['serve']>[0]);
      paceHandshakes(server as unknown as TlsServer);
    }
    server.maxHeadersCount = 100;
    server.timeout = limits.silentTime;
    server.maxConnections = limits.connections;
    boundByAddress(server, limits.perAddress);
    return server;
  };
}

function boundByAddress(server: Server, most: number): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    // Behind this machine's own address stands a reverse proxy with everybody.
    if (isLoopback(address) || address === '::ffff:127.0.0.1') return;
    const count = (open.get(address) ?? 0) + 1;
    if (count > most) {
      socket.destroy();
      return;
    }
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  });
}
