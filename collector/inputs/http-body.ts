import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib';

/** An answer that ends a request: its status, and why, in one sentence. */
export class HttpFault extends Error {
  readonly status: number;
  /** Seconds after which the sender is to try again. */
  readonly retryAfter: number | undefined;

  constructor(status: number, message: string, retryAfter?: number) {
    super(message);
    this.name = 'HttpFault';
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** How many bytes all bodies being read may hold together. */
export class BodyBudget {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes so many bytes; false where they are not there. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.#limit) return false;
    this.#used += bytes;
    return true;
  }

  get used(): number {
    return this.#used;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}

function decoder(encoding: string): Transform | undefined {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'zstd':
      return createZstdDecompress();
    case '':
    case 'identity':
      return undefined;
    default:
      throw new HttpFault(415, `The content encoding ${encoding} is not known here; gzip, deflate and zstd are.`);
  }
}

/**
 * Reads a request's body, decompressed, into memory. What it holds is taken from the budget and must be given back by
 * the caller (`held.bytes`), whatever happens. Throws `HttpFault`: 413 past `maxBytes`, 429 where the budget is used
 * up, 415 and 400 for encodings not known or broken.
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  budget: BodyBudget,
  held: { bytes: number },
): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  const tooLarge = () => new HttpFault(413, `The body is larger than ${maxBytes} bytes; send less in one request.`);
  if (announced > maxBytes) throw tooLarge();
  const decode = decoder(
    String(request.headers['content-encoding'] ?? '')
      .trim()
      .toLowerCase(),
  );
  const stream = decode ? request.pipe(decode) : request;
  const fail = (error: Error) => decode?.destroy(error);
  const broken = () => fail(new Error('the sender went away'));
  if (decode) {
    request.on('error', fail);
    request.on('aborted', broken);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge();
      if (!budget.take(chunk.length)) throw new HttpFault(429, 'Too much is being sent at once; try again.', 1);
      held.bytes += chunk.length;
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof HttpFault) throw error;
    throw new HttpFault(400, 'The body broke off or is not in the encoding that it names.');
  } finally {
    request.off('error', fail);
    request.off('aborted', broken);
    if (decode) {
      request.unpipe(decode);
      decode.destroy();
    }
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}
