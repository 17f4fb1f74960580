import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { mayPass, noAnswer, refusal, S3Error } from './errors.ts';
import { type Credentials, encodePart, queryText, sha256, sign } from './sign.ts';

/** One request to the storage. */
export interface S3Request {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD';
  /** Undefined: the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** An answer, read whole. */
export interface S3Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A bucket that speaks S3. */
export interface S3Client {
  readonly bucket: string;
  /** Asks, again where that may help. @throws S3Error for an answer of 300 and above */
  send(request: S3Request): Promise<S3Answer>;
  /** Reads an object into a file; what breaks off goes on from there. @throws S3Error */
  download(key: string, file: string, onBytes: (bytes: number) => void): Promise<{ size: number; sha256: string }>;
  close(): void;
}

export interface S3ClientOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly pathStyle: boolean;
  readonly ca: string | undefined;
  readonly credentials: Credentials;
  readonly now?: () => number;
  /** Waits between tries are at most this, milliseconds. */
  readonly longestWaitMs?: number;
}

const TRIES = 6;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 15_000;
/** A connection on which nothing moves for this long is given up. */
const SILENT_MS = 60_000;
/** Lists of a thousand names and errors are far below. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const CONNECTIONS = 4;

/** Opens a client; connects with the first request. */
export function openS3Client(options: S3ClientOptions): S3Client {
  const { endpoint, region, bucket, pathStyle, ca, credentials, now = Date.now } = options;
  const url = new URL(endpoint);
  const tls = url.protocol === 'https:';
  const agent = tls
    ? new HttpsAgent({ keepAlive: true, maxSockets: CONNECTIONS, ...(ca === undefined ? {} : { ca }) })
    : new HttpAgent({ keepAlive: true, maxSockets: CONNECTIONS });
  const host = pathStyle ? url.host : `${bucket}.${url.host}`;
  const hostname = (pathStyle ? url.hostname : `${bucket}.${url.hostname}`).replace(/^\[|\]$/g, '');
  const base = pathStyle ? `/${encodePart(bucket)}` : '';

  /** Resolves with the head of the answer; the body is still to be read. */
  function ask({ method, key, query = {}, headers = {}, body }: S3Request): Promise<IncomingMessage> {
    const path = `${base}/${key === undefined ? '' : key.split('/').map(encodePart).join('/')}`;
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    const all = { ...headers, ...length, host };
    const payloadHash = sha256(body ?? '');
    const signed = sign({ method, path, query, headers: all, payloadHash }, credentials, region, now());
    const text = queryText(query);
    return new Promise((done, failed) => {
      const request = (tls ? httpsRequest : httpRequest)(
        { method, hostname, port: url.port, path: text === '' ? path : `${path}?${text}`, headers: signed, agent },
        done,
      );
      request.setTimeout(SILENT_MS, () => request.destroy(new Error('it was silent for too long')));
      request.on('error', failed);
      request.end(body);
    });
  }

  async function once(request: S3Request): Promise<S3Answer> {
    const what = nameOf(request, bucket);
    try {
      const answer = await ask(request);
      const body = await readWhole(answer);
      const status = answer.statusCode ?? 0;
      // Some requests are answered 200 before their outcome is known, and fail in the body.
      if (status < 300 && !body.includes('<Error>')) return { status, headers: answer.headers, body };
      throw refusal(what, status < 300 ? 500 : status, body);
    } catch (error) {
      throw error instanceof S3Error ? error : noAnswer(what, endpoint, error);
    }
  }

  const pause = (tries: number) => {
    const longest = Math.min(options.longestWaitMs ?? LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
    // Drawn anew each time: who was cut off together must not come back together.
    return sleep(Math.random() * longest);
  };

  async function send(request: S3Request): Promise<S3Answer> {
    for (let tries = 1; ; tries++) {
      try {
        return await once(request);
      } catch (error) {
        if (tries === TRIES || !(error instanceof S3Error) || !mayPass(error)) throw error;
        await pause(tries);
      }
    }
  }

  async function download(key: string, file: string, onBytes: (bytes: number) => void) {
    const hash = createHash('sha256');
    const handle = openSync(file, 'w', 0o600);
    let size = 0;
    let etag: string | undefined;
    try {
      for (let tries = 1; ; tries++) {
        const begun = size;
        const request: S3Request = {
          method: 'GET',
          key,
          // The rest of the same object, not of one that took its place.
          ...(size === 0 ? {} : { headers: { range: `bytes=${size}-`, 'if-match': etag ?? '*' } }),
        };
        const what = nameOf(request, bucket);
        try {
          const answer = await ask(request);
          const status = answer.statusCode ?? 0;
          if (status !== (size === 0 ? 200 : 206)) throw refusal(what, status, await readWhole(answer));
          etag = answer.headers.etag;
          for await (const piece of answer as AsyncIterable<Buffer>) {
            writeSync(handle, piece);
            hash.update(piece);
            size += piece.length;
            onBytes(piece.length);
          }
          return { size, sha256: hash.digest('hex') };
        } catch (error) {
          const reason = error instanceof S3Error ? error : noAnswer(what, endpoint, error);
          // What moves on may take as many tries as it needs.
          if (size > begun) tries = 1;
          if (tries >= TRIES || !mayPass(reason)) throw reason;
          await pause(tries);
        }
      }
    } finally {
      closeSync(handle);
    }
  }

  return { bucket, send, download, close: () => agent.destroy() };
}

function nameOf({ method, key }: S3Request, bucket: string): string {
  return `${method} ${key ?? `bucket ${bucket}`}`;
}

async function readWhole(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MAX_ANSWER_BYTES) {
      answer.destroy();
      throw new Error('its answer is far too long');
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
