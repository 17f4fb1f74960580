import { constants, type Http2SecureServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Authority } from '../authority/authority.ts';
import type { Log } from '../log.ts';
import { toProblem } from '../problem.ts';
import { type Peer, peerOf } from './peer.ts';
import type { IngestLimits } from './schema.ts';

/** Keeps the connections with their certificates, and bounds how many one certificate may open. */
export function acceptSessions(
  server: Http2SecureServer,
  limits: IngestLimits,
  log: Log,
): Map<Http2Session, Peer | undefined> {
  const sessions = new Map<Http2Session, Peer | undefined>();
  const strangers = new Map<Http2Session, string>();
  /** Connections by certificate: looked up, as a thousand may come at once. */
  const open = new Map<string, number>();
  server.on('session', (session) => {
    const socket = session.socket as TLSSocket;
    // Not authorized is who comes without a good certificate: to enrol, and not for long.
    const peer = socket.authorized ? peerOf(socket) : undefined;
    const own = peer ? (open.get(peer.fingerprint) ?? 0) : 0;
    session.on('error', (error) => log.debug({ err: error }, 'A collector connection failed.'));
    if (!peer) {
      const address = socket.remoteAddress ?? '';
      const near = [...strangers.values()].filter((other) => other === address).length;
      if (strangers.size >= limits.strangers || near >= limits.strangersPerAddress) {
        session.destroy();
        return;
      }
      strangers.set(session, address);
      const end = setTimeout(() => session.destroy(), limits.strangerTime);
      session.on('close', () => {
        clearTimeout(end);
        strangers.delete(session);
      });
    }
    if (own >= limits.connectionsPerCertificate) {
      log.warn({ collector: peer?.collector }, 'A collector opened too many connections; the newest was closed.');
      session.destroy();
      return;
    }
    sessions.set(session, peer);
    if (peer) open.set(peer.fingerprint, own + 1);
    session.on('close', () => {
      sessions.delete(session);
      if (!peer) return;
      const left = (open.get(peer.fingerprint) ?? 1) - 1;
      if (left > 0) open.set(peer.fingerprint, left);
      else open.delete(peer.fingerprint);
    });
    session.setTimeout(limits.idleTime, () => session.close());
  });
  server.on('sessionError', (error) => log.debug({ err: error }, 'A collector connection failed.'));
  server.on('tlsClientError', (error) => log.debug({ err: error }, 'A TLS handshake of a collector failed.'));
  return sessions;
}

/** Answers with a problem document (RFC 9457), and Retry-After where waiting helps. */
export function refuse(stream: ServerHttp2Stream, error: unknown, log: Log): void {
  const { body, retryAfter, fault } = toProblem(error);
  if (fault) log.error({ err: error }, 'A batch was refused by a fault in the server.');
  const after = retryAfter ?? (body.status === 429 || body.status === 503 ? 5 : undefined);
  respond(
    stream,
    body.status,
    'application/problem+json',
    body,
    after === undefined ? {} : { 'retry-after': String(after) },
  );
}

/** Answers with a JSON document. */
export function respond(
  stream: ServerHttp2Stream,
  status: number,
  type: string,
  body: object,
  more: object = {},
): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  const text = JSON.stringify(body);
  stream.respond({ ':status': status, 'content-type': type, 'content-length': Buffer.byteLength(text), ...more });
  stream.end(text, () => {
    // The answer is whole: what is still to come of the request is not wanted (RFC 9113 §8.1).
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  });
}

/** Listens, and gives the port taken. @throws Error where it is busy */
export async function listen(server: Http2SecureServer, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

/** The listener's certificate with the authority's behind it: who enrols knows the authority by its fingerprint alone. */
export function chainOf(certificate: string, authority: Pick<Authority, 'certificate'>): string {
  return `${certificate.trimEnd()}\n${authority.certificate}`;
}

/** Puts the authority's present server certificate to use for new connections. */
export async function renewCertificate(server: Http2SecureServer, authority: Authority, log: Log): Promise<void> {
  try {
    const { key, certificate } = await authority.serverCredentials();
    const cert = chainOf(certificate, authority);
    server.setSecureContext({ key, cert, ca: authority.certificate, minVersion: 'TLSv1.3' });
  } catch (error) {
    log.error({ err: error }, 'The certificate of the ingest listener could not be renewed; it is tried again.');
  }
}
