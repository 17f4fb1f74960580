import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { HaidangError } from '../errors.ts';
import type { Share } from './budget.ts';

export interface BodyBounds {
  readonly bytes: number;
  /** Milliseconds for the whole body: a client that trickles is cut off. */
  readonly time: number;
}

/**
 * Reads a request's body within its bounds.
 * @throws HaidangError `HD_TOO_LARGE`, `HD_TOO_MANY`, `HD_BAD_REQUEST` (too slow, or cut off)
 */
export function readBody(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  bounds: BodyBounds,
  share: Share,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let length = 0;
    const deadline = setTimeout(() => {
      fail(new HaidangError('HD_BAD_REQUEST', `The body did not arrive within ${bounds.time / 1000} seconds.`));
    }, bounds.time);
    const settle = () => {
      clearTimeout(deadline);
      stream.removeListener('data', onData);
      stream.removeListener('end', onEnd);
      stream.removeListener('aborted', onAborted);
    };
    const fail = (error: unknown) => {
      settle();
      stream.resume();
      reject(error);
    };
    const onData = (piece: Buffer) => {
      length += piece.length;
      if (length > bounds.bytes) return fail(tooLarge(bounds.bytes));
      try {
        share.take(piece.length);
        pieces.push(piece);
      } catch (error) {
        fail(error);
      }
    };
    const onEnd = () => {
      settle();
      resolve(Buffer.concat(pieces, length));
    };
    const onAborted = () => fail(new HaidangError('HD_BAD_REQUEST', 'The body ended before its announced length.'));

    if (Number(headers['content-length'] ?? 0) > bounds.bytes) return fail(tooLarge(bounds.bytes));
    if (stream.aborted || stream.destroyed) return onAborted();
    // An empty body may have ended before anybody read.
    if (stream.readableEnded) return onEnd();
    stream.on('data', onData);
    stream.on('end', onEnd);
    stream.on('aborted', onAborted);
    return undefined;
  });
}

function tooLarge(bytes: number): HaidangError {
  return new HaidangError('HD_TOO_LARGE', `The body is larger than ${bytes} bytes.`);
}
