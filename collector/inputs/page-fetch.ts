import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { reasonOf } from '../errors.ts';

/** The certificate that a server showed. */
export interface ShownCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** ISO 8601. */
  readonly notAfter: string;
  /** `1.3`, as in `tls.version`. */
  readonly version?: string;
  /** Why it is not to be trusted; absent where it is. */
  readonly fault?: string;
}

/** What came of asking for a page. */
export interface Fetched {
  readonly milliseconds: number;
  readonly status?: number;
  readonly address?: string;
  readonly port?: number;
  readonly type?: string;
  readonly certificate?: ShownCertificate;
  /** At most `MOST_BYTES`. */
  readonly body?: Buffer;
  readonly cut?: true;
  /** The address after redirections, where there were any. */
  readonly finally?: string;
  /** Why there is no answer. */
  readonly error?: string;
}

/** Bytes of a page that are read. */
export const MOST_BYTES = 2 * 1024 * 1024;
const MOST_STEPS = 5;

function nameOf(part: { CN?: string | string[]; O?: string | string[] } | undefined): string {
  const first = part?.CN ?? part?.O ?? '';
  return Array.isArray(first) ? (first[0] ?? '') : first;
}

function certificateOf(socket: TLSSocket): ShownCertificate | undefined {
  const shown = socket.getPeerCertificate();
  const ends = Date.parse(shown.valid_to ?? '');
  if (Number.isNaN(ends)) return undefined;
  const version = /^TLSv(\d\.\d)$/.exec(socket.getProtocol() ?? '')?.[1];
  return {
    subject: nameOf(shown.subject),
    issuer: nameOf(shown.issuer),
    notAfter: new Date(ends).toISOString(),
    ...(version !== undefined && { version }),
    ...(!socket.authorized && { fault: String(socket.authorizationError ?? 'not trusted') }),
  };
}

interface Step {
  readonly answer: IncomingMessage;
  readonly certificate?: ShownCertificate | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

function ask(url: URL, signal: AbortSignal, ca: string | undefined): Promise<Step> {
  return new Promise((resolve, reject) => {
    const tls = url.protocol === 'https:';
    // A bad certificate is a finding: the page behind it is looked at all the same, and nothing is sent to it.
    const options = {
      signal,
      agent: false as const,
      headers: { 'user-agent': 'haidang-web-check', accept: 'text/html,*/*;q=0.5', 'accept-encoding': 'identity' },
      ...(tls && { rejectUnauthorized: false, ...(ca !== undefined && { ca }) }),
    };
    const asked = (tls ? tlsRequest : plainRequest)(url, options, (answer) => {
      const { socket } = answer;
      resolve({
        answer,
        address: socket.remoteAddress,
        port: socket.remotePort,
        certificate: tls ? certificateOf(socket as TLSSocket) : undefined,
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

async function bodyOf(answer: IncomingMessage): Promise<{ body: Buffer; cut: boolean }> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    parts.push(part);
    bytes += part.length;
    if (bytes > MOST_BYTES) {
      answer.destroy();
      return { body: Buffer.concat(parts).subarray(0, MOST_BYTES), cut: true };
    }
  }
  return { body: Buffer.concat(parts), cut: false };
}

/** Where an answer sends on to; undefined where it is final. */
function nextOf(answer: IncomingMessage, from: URL): URL | undefined {
  const { location } = answer.headers;
  if (location === undefined || ![301, 302, 303, 307, 308].includes(answer.statusCode ?? 0)) return undefined;
  const next = URL.parse(location, from);
  return next && /^https?:$/.test(next.protocol) ? next : undefined;
}

/**
 * Asks for a page as a browser would, through at most five redirections, within a time. Never rejects: what went wrong is
 * part of the answer. The first server's certificate is the one told of.
 */
export async function fetchPage(
  address: string,
  options: { readonly withinMs: number; readonly ca?: string | undefined },
): Promise<Fetched> {
  const started = performance.now();
  const took = () => Math.round(performance.now() - started);
  const signal = AbortSignal.timeout(options.withinMs);
  let certificate: ShownCertificate | undefined;
  try {
    let url = new URL(address);
    for (let step = 0; ; step++) {
      const { answer, ...met } = await ask(url, signal, options.ca);
      certificate ??= met.certificate;
      const next = nextOf(answer, url);
      if (next && step < MOST_STEPS) {
        answer.resume();
        url = next;
        continue;
      }
      const { body, cut } = await bodyOf(answer);
      const type = answer.headers['content-type'];
      return {
        milliseconds: took(),
        body,
        ...(answer.statusCode !== undefined && { status: answer.statusCode }),
        ...(met.address !== undefined && { address: met.address }),
        ...(met.port !== undefined && { port: met.port }),
        ...(type !== undefined && { type }),
        ...(certificate && { certificate }),
        ...(cut && { cut: true as const }),
        ...(step > 0 && { finally: url.href }),
      };
    }
  } catch (error) {
    const late = signal.aborted;
    return {
      milliseconds: took(),
      ...(certificate && { certificate }),
      error: late ? `no answer within ${options.withinMs / 1000} s` : reasonOf(error),
    };
  }
}
