import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/** How to reach the server. */
export interface Way {
  readonly server: URL;
  /**
   * `http://[user:password@]host:port`: a proxy that is asked to CONNECT (RFC 9110 §9.3.6); `https://` is spoken to over
   * TLS, so that the password is not readable on the way.
   */
  readonly proxy?: URL | undefined;
  /** PEM file of who signed the certificate of an `https://` proxy; without it the system's authorities are asked. */
  readonly proxyCa?: string | undefined;
  /** Milliseconds for all of it. */
  readonly within?: number;
}

const WITHIN_MS = 10_000;

/** A way that did not lead there; `step` says how far it went. */
export class DialError extends Error {
  readonly step: 'tcp' | 'proxy' | 'tls';
  /** The system's or TLS's code. */
  readonly code: string;

  constructor(step: DialError['step'], error: unknown) {
    super(error instanceof Error ? error.message : String(error), { cause: error });
    this.step = step;
    this.code = String((error as NodeJS.ErrnoException | null)?.code ?? '');
  }
}

/** Opens a connection to the server, through the proxy where there is one. @throws DialError */
export async function openSocket({ server, proxy, proxyCa, within = WITHIN_MS }: Way): Promise<Socket> {
  if (!proxy) return openTcp(server, 443, within);
  const isTls = proxy.protocol === 'https:';
  const tcp = await openTcp(proxy, isTls ? 443 : 3128, within);
  const socket = isTls ? await proxyTls(tcp, proxy, proxyCa, within) : tcp;
  const credentials = proxy.username
    ? `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
    : '';
  const authorization = credentials
    ? `Proxy-Authorization: Basic ${Buffer.from(credentials).toString('base64')}\r\n`
    : '';
  const name = `${server.hostname}:${server.port || 443}`;
  socket.write(`CONNECT ${name} HTTP/1.1\r\nHost: ${name}\r\n${authorization}\r\n`);
  const head = await readHead(socket, within);
  if (!/^HTTP\/1\.[01] 200\b/.test(head)) {
    socket.destroy();
    throw new DialError('proxy', new Error(`the proxy answered: ${head.split('\r\n', 1)[0]?.slice(0, 200)}`));
  }
  return socket;
}

async function openTcp(target: URL, port: number, within: number): Promise<Socket> {
  const socket = connectTcp({ host: bare(target), port: Number(target.port || port) });
  await settle(socket, 'connect', within, 'tcp');
  return socket;
}

/** TLS to the proxy itself; what is said to the server inside it is encrypted once more. */
async function proxyTls(socket: Socket, proxy: URL, ca: string | undefined, within: number): Promise<TLSSocket> {
  const host = bare(proxy);
  let trusted: string | undefined;
  try {
    trusted = ca === undefined ? undefined : readFileSync(ca, 'utf8');
  } catch (error) {
    socket.destroy();
    throw new DialError('proxy', error);
  }
  const tls = connectTls({
    socket,
    host,
    ...(isIP(host) ? {} : { servername: host }),
    ...(trusted === undefined ? {} : { ca: trusted }),
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
  });
  await settle(tls, 'secureConnect', within, 'proxy');
  return tls;
}

/** TLS 1.3 over a connection to the server. @throws DialError */
export async function openTls(
  way: Way,
  options: {
    readonly ca?: string;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
    /** `false` lets any certificate pass: to look at it, before anything is said. */
    readonly verify: boolean;
  },
): Promise<TLSSocket> {
  const socket = await openSocket(way);
  const host = bare(way.server);
  const { verify, ca, cert, key } = options;
  const tls = connectTls({
    socket,
    ...(isIP(host) ? {} : { servername: host }),
    host,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    rejectUnauthorized: verify,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['h2'],
  });
  await settle(tls, 'secureConnect', way.within ?? WITHIN_MS, 'tls');
  return tls;
}

/** An answer of the server. */
export interface WireAnswer {
  readonly status: number;
  readonly body: string;
}

/** Asks one thing over HTTP/2 on a connection, and ends it. */
export async function askOnce(
  tls: TLSSocket,
  server: URL,
  method: string,
  path: string,
  body?: unknown,
  within = WITHIN_MS,
  headers: Readonly<Record<string, string>> = {},
): Promise<WireAnswer> {
  const session: ClientHttp2Session = connectHttp2(server.origin, { createConnection: () => tls });
  try {
    return await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('the server does not answer')), within);
      const text = body === undefined ? undefined : JSON.stringify(body);
      session.on('error', reject);
      const stream = session.request(
        {
          ':method': method,
          ':path': path,
          ...headers,
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
        },
        { endStream: text === undefined },
      );
      let status = 0;
      let answer = '';
      stream.setEncoding('utf8');
      stream.on('response', (headers) => {
        status = Number(headers[':status']) || 0;
      });
      stream.on('data', (piece: string) => {
        if (answer.length < 65_536) answer += piece;
        else stream.close(constants.NGHTTP2_CANCEL);
      });
      stream.on('error', reject);
      stream.on('close', () => {
        clearTimeout(late);
        if (status === 0) reject(new Error('the server broke off without an answer'));
        else resolve({ status, body: answer });
      });
      if (text !== undefined) stream.end(text);
    });
  } finally {
    session.destroy();
    tls.destroy();
  }
}

/** A host name or address as sockets take it: without the brackets of IPv6. */
export function bare(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function settle(socket: Socket, event: string, within: number, step: DialError['step']): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      clearTimeout(late);
      socket.destroy();
      reject(new DialError(step, error));
    };
    const late = setTimeout(
      () => fail(Object.assign(new Error('no answer within the time'), { code: 'ETIMEDOUT' })),
      within,
    );
    const closed = () => fail(new Error('the connection was closed'));
    socket.once('error', fail);
    socket.once('close', closed);
    socket.once(event, () => {
      clearTimeout(late);
      socket.off('error', fail);
      socket.off('close', closed);
      // What comes later is for whoever uses the connection; without this it would end the process.
      socket.on('error', () => undefined);
      resolve();
    });
  });
}

function readHead(socket: Socket, within: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let head = '';
    const done = (error?: Error) => {
      clearTimeout(late);
      socket.off('data', take);
      socket.off('close', closed);
      if (error) {
        socket.destroy();
        reject(new DialError('proxy', error));
      } else resolve(head);
    };
    const late = setTimeout(() => done(new Error('the proxy does not answer')), within);
    const closed = () => done(new Error('the proxy closed the connection'));
    const take = (piece: Buffer) => {
      head += piece.toString('latin1');
      if (head.includes('\r\n\r\n')) {
        socket.pause();
        done();
      } else if (head.length > 16_384) done(new Error('the answer of the proxy is too long'));
    };
    socket.on('data', take);
    socket.once('close', closed);
  });
}
