import { createZstdDecompress } from 'node:zlib';
import { WIRE_LIMITS } from '../../ecs/wire.ts';
import { HaidangError } from '../errors.ts';
import { type FrameHead, frameHeadCheck } from './schema.ts';

const NEWLINE = 10;

/**
 * Reads the first line of a frame, off the main thread and without decompressing the rest.
 * @throws HaidangError `HD_BATCH_MALFORMED`
 */
export function readFrameHead(body: Uint8Array): Promise<FrameHead> {
  return new Promise((resolve, reject) => {
    const refuse = (detail: string, cause?: unknown) => {
      inflate.destroy();
      reject(new HaidangError('HD_BATCH_MALFORMED', detail, { cause }));
    };
    const inflate = createZstdDecompress({ chunkSize: 16 * 1024 });
    const pieces: Buffer[] = [];
    let length = 0;
    inflate.on('data', (piece: Buffer) => {
      const end = piece.indexOf(NEWLINE);
      pieces.push(end < 0 ? piece : piece.subarray(0, end));
      length += piece.length;
      if (end < 0 && length > WIRE_LIMITS.frameBytes) return refuse('The first line of the batch is too long.');
      if (end < 0) return;
      inflate.destroy();
      try {
        resolve(parseHead(Buffer.concat(pieces)));
      } catch (error) {
        reject(error);
      }
    });
    inflate.on('error', (error) => refuse('The batch is not zstd-compressed, or it is damaged.', error));
    inflate.on('end', () => refuse('The batch has no header line.'));
    inflate.end(body);
  });
}

function parseHead(line: Buffer): FrameHead {
  let head: unknown;
  try {
    head = JSON.parse(line.toString('utf8'));
  } catch (cause) {
    throw new HaidangError('HD_BATCH_MALFORMED', 'The header line of the batch is not JSON.', { cause });
  }
  if (frameHeadCheck.Check(head)) return head;
  const first = frameHeadCheck.Errors(head)[0];
  const where = first?.instancePath.slice(0, 100) || '/';
  throw new HaidangError(
    'HD_BATCH_MALFORMED',
    `The header line of the batch is wrong at ${where}: ${first?.message ?? 'not as agreed'}.`,
  );
}
