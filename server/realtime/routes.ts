import { Type } from 'typebox';
import type { WebSocket } from 'ws';
import { isTokenSession } from '../accounts/api-tokens.ts';
import type { SignedIn } from '../accounts/sessions.ts';
import { HaidangError } from '../errors.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { LiveMessage } from './schema.ts';

/** Consoles at once; beyond that the answer is 429, so that a flood of connections does not reach the rest. */
const CONNECTIONS_MAX = 500;
const CONNECTIONS_PER_SESSION = 10;
/** How often a connection's session is looked at again. */
const RECHECK_MS = 60_000;
/** Close code where the session ended (4400–4499 is this program's own range, RFC 6455 §7.4.2). */
const SESSION_ENDED = 4401;
const GOING_AWAY = 1001;

/** `GET /api/v1/live`: changed alerts over a WebSocket. */
export function liveRoutes(app: App, { live, accounts, agencies, log }: Services): void {
  const open = new Map<string, Set<WebSocket>>();
  const rights = new WeakMap<WebSocket, SignedIn>();
  let connections = 0;

  const close = (session: string): void => {
    for (const socket of open.get(session) ?? []) socket.close(SESSION_ENDED, 'The session ended.');
  };
  accounts.sessions.onEnd(close);
  accounts.tokens.onEnd(close);
  // At once, and not at the next look: what somebody may no longer see must not reach them meanwhile.
  accounts.sessions.onRights((session) => {
    for (const socket of open.get(session) ?? []) {
      const before = rights.get(socket);
      if (before) void recheck(socket, before);
    }
  });
  // The tree of agencies says who sees what, too.
  agencies.onChange(() => {
    for (const sockets of open.values())
      for (const socket of sockets) {
        const before = rights.get(socket);
        if (before) void recheck(socket, before);
      }
  });
  app.addHook('preClose', async () => {
    for (const sockets of open.values()) for (const socket of sockets) socket.close(GOING_AWAY, 'The server stops.');
  });

  app.route({
    method: 'GET',
    url: '/api/v1/live',
    config: { access: 'alerts.read' },
    schema: {
      tags: ['live'],
      description: 'A WebSocket (RFC 6455); each message is one JSON document of the shape given for 200.',
      querystring: Type.Object({ since: Type.Optional(Type.Integer({ minimum: 0, default: 0 })) }),
      response: { 200: LiveMessage, ...problems(400, 401, 403, 429) },
    },
    handler: async () => {
      throw new HaidangError('HD_BAD_REQUEST', 'This address speaks WebSocket; ask with "Upgrade: websocket".');
    },
    preHandler: async (request) => {
      const session = request.who?.session ?? '';
      if (connections >= CONNECTIONS_MAX || (open.get(session)?.size ?? 0) >= CONNECTIONS_PER_SESSION)
        throw new HaidangError('HD_TOO_MANY', 'Too many live connections; close a tab.', { retryAfter: 10 });
    },
    wsHandler: (socket, request) => {
      const signedIn = request.signedIn();
      const { since = 0 } = request.query as { since?: number };
      const session = signedIn.session ?? '';
      const sockets = open.get(session) ?? new Set();
      open.set(session, sockets.add(socket));
      rights.set(socket, signedIn);
      connections += 1;

      const leave = live.join(clientOf(socket, signedIn), since);
      const watch = watchConnection(socket, signedIn);
      socket.on('error', (error) => log.debug({ err: error }, 'a live connection failed'));
      // Consoles have nothing to say here; one that speaks is not one of ours.
      socket.on('message', () => socket.close(1008, 'Nothing is expected on this connection.'));
      socket.on('close', () => {
        leave();
        clearInterval(watch);
        connections -= 1;
        sockets.delete(socket);
        if (sockets.size === 0) open.delete(session);
      });
    },
  });

  /** Pings, and closes where the other side is gone, the session over, or its rights are no longer those it connected with. */
  function watchConnection(socket: WebSocket, signedIn: SignedIn): NodeJS.Timeout {
    let alive = true;
    socket.on('pong', () => {
      alive = true;
    });
    return setInterval(() => {
      if (!alive) return socket.terminate();
      alive = false;
      socket.ping();
      void recheck(socket, signedIn);
    }, RECHECK_MS / 2).unref();
  }

  async function recheck(socket: WebSocket, before: SignedIn): Promise<void> {
    if (before.session === undefined) return;
    try {
      const book = isTokenSession(before.session) ? accounts.tokens : accounts.sessions;
      const now = await book.check(before.session);
      if (!now || now.overdue || JSON.stringify(now.identity) !== JSON.stringify(before.identity))
        socket.close(SESSION_ENDED, 'The session ended.');
    } catch (error) {
      log.warn({ err: error }, 'a live session could not be checked');
    }
  }
}

/** What was written of a message: two hundred consoles hear the same one. */
const written = new WeakMap<LiveMessage, string>();

function textOf(message: LiveMessage): string {
  const known = written.get(message);
  if (known !== undefined) return known;
  const text = JSON.stringify(message);
  written.set(message, text);
  return text;
}

function clientOf(socket: WebSocket, signedIn: SignedIn) {
  return {
    identity: signedIn.identity,
    buffered: () => socket.bufferedAmount,
    send: (message: LiveMessage) => {
      if (socket.readyState === socket.OPEN) socket.send(textOf(message));
    },
  };
}
