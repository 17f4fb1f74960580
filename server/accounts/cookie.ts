import type { FastifyReply, FastifyRequest } from 'fastify';

const NAME = 'haidang_session';
/** Browsers take a cookie of such a name over TLS alone and from this very host, so that no neighbour can plant one (RFC 6265bis §4.1.3). */
const SECURE_NAME = `__Host-${NAME}`;

/** The session token that a request brings; undefined where there is none of the right form. `secure`: over TLS, where no other name counts. */
export function readCookie(request: FastifyRequest, secure: boolean): string | undefined {
  const token = request.cookies[nameFor(secure)];
  return token !== undefined && /^[\w-]{43}$/.test(token) ? token : undefined;
}

/** Sets the session cookie: out of reach of scripts, never sent from another site, gone when the session is over (`expires`, ISO 8601). */
export function setCookie(reply: FastifyReply, token: string, secure: boolean, expires: string): void {
  const maxAge = Math.max(0, Math.ceil((Date.parse(expires) - Date.now()) / 1000));
  reply.setCookie(nameFor(secure), token, { path: '/', httpOnly: true, sameSite: 'strict', secure, maxAge });
}

/** Takes the session cookie away, and what the browser kept of answers. */
export function clearCookie(reply: FastifyReply, secure: boolean): void {
  reply.header('clear-site-data', '"cache"');
  reply.clearCookie(nameFor(secure), { path: '/', httpOnly: true, sameSite: 'strict', secure });
}

function nameFor(secure: boolean): string {
  return secure ? SECURE_NAME : NAME;
}
