import type { FastifyReply, FastifyRequest } from 'fastify';
import { ABSOLUTE_MS } from './sessions.ts';

const NAME = 'haidang_session';

/** The session token that a request brings; undefined where there is none of the right form. */
export function readCookie(request: FastifyRequest): string | undefined {
  const token = request.cookies[NAME];
  return token !== undefined && /^[\w-]{43}$/.test(token) ? token : undefined;
}

/** Sets the session cookie: out of reach of scripts, never sent from another site, gone with the session's last hour. */
export function setCookie(reply: FastifyReply, token: string, secure: boolean): void {
  const maxAge = ABSOLUTE_MS / 1000;
  reply.setCookie(NAME, token, { path: '/', httpOnly: true, sameSite: 'strict', secure, maxAge });
}

/** Takes the session cookie away. */
export function clearCookie(reply: FastifyReply, secure: boolean): void {
  reply.clearCookie(NAME, { path: '/', httpOnly: true, sameSite: 'strict', secure });
}
