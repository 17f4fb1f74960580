import { chmod, rm } from 'node:fs/promises';
import type { IncomingMessage, Server } from 'node:http';
import { join } from 'node:path';
import type { Identity } from '../identity.ts';
import type { App } from '../services.ts';

// Not by import: its ECMAScript form also loads the HTTP client of `fetch`, a twentieth of a second at each start.
const { createServer } = process.getBuiltinModule('node:http');

/** `sun_path` holds 108 bytes with its end (unix(7)). */
const PATH_BYTES = 107;

/** Where the command line finds a running server. @throws Error where the path is too long for a socket. */
export function controlPath(folder: string): string {
  const path = join(folder, 'haidang.sock');
  if (Buffer.byteLength(path) > PATH_BYTES)
    throw new Error(`The path ${path} is too long for a socket; choose a data folder with a shorter path.`);
  return path;
}

/** Remembers which requests came over the control socket. */
export interface ControlRequests {
  readonly local: Identity;
  mark(request: IncomingMessage): void;
  /** The identity of such a request: the local user who may open the socket, as administrator. */
  identity(request: IncomingMessage): Identity | undefined;
}

/** Only the owner of the data folder (and root) can open the 0600 socket, so that its uid stands for the caller. */
export function controlRequests(uid = process.getuid?.() ?? 0): ControlRequests {
  const marked = new WeakSet<IncomingMessage>();
  const local: Identity = { kind: 'local', name: `local:${uid}`, role: 'administrator', agencies: 'all' };
  return {
    local,
    mark: (request) => void marked.add(request),
    identity: (request) => (marked.has(request) ? local : undefined),
  };
}

/** Serves the application on the control socket too. The folder's lock is held: a socket file that is there is stale. */
export async function listenOnControlSocket(folder: string, app: App, requests: ControlRequests): Promise<Server> {
  const path = controlPath(folder);
  await rm(path, { force: true });
  const server = createServer({ requestTimeout: 60_000 }, (request, response) => {
    requests.mark(request);
    app.routing(request, response);
  });
  // The live feed is for consoles; there is nothing to upgrade to here.
  server.on('upgrade', (_request, socket) => socket.destroy());
  const before = process.umask(0o177);
  try {
    await new Promise<void>((done, failed) => {
      server.once('error', failed);
      server.listen(path, done);
    });
  } finally {
    process.umask(before);
  }
  await chmod(path, 0o600);
  return server;
}
