import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { FrameSource } from '../../ecs/wire.ts';
import { readSmall, type SpoolFiles } from './files.ts';

const DELIVERED_NAME = 'delivered';
/** Past these the note is left out: it is made and written as a whole, several times a second. */
const MOST_SOURCES = 200;
const MOST_BYTES = 65_536;

/**
 * Writes every source as the last frame of the spool has it, at a moment when the server has all of them: where that
 * frame is damaged later, its records need not be read again, under new ids. Any older frame on disk tells more than
 * this note, so a start looks at it only where the frames end before what was acknowledged. Lost in a crash, it is missed
 * only by a spool that is damaged as well.
 */
export async function noteDelivered(
  files: SpoolFiles,
  folder: string,
  frame: number,
  sources: readonly FrameSource[],
): Promise<void> {
  const text = sources.length > MOST_SOURCES ? '' : JSON.stringify({ frame, sources });
  const content = `${crc32(text)}\n${text}\n`;
  const path = join(folder, DELIVERED_NAME);
  if (text !== '' && Buffer.byteLength(content) <= MOST_BYTES) await files.replace(path, content, false);
  else await files.remove(path);
}

/** Every source as `frame` had it; undefined where the note is of another frame, damaged or not there. */
export async function readDelivered(
  files: SpoolFiles,
  folder: string,
  frame: number,
): Promise<readonly FrameSource[] | undefined> {
  const content = await readSmall(files, join(folder, DELIVERED_NAME));
  const [checksum, text] = content?.split('\n') ?? [];
  if (text === undefined || checksum !== String(crc32(text))) return undefined;
  const note = JSON.parse(text) as { readonly frame: number; readonly sources: readonly FrameSource[] };
  return note.frame === frame ? note.sources : undefined;
}
