import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import type { Indicator, IndicatorType } from '../../rules/indicators/indicator.ts';

/** The folder of the data folder that holds what lists contain. */
export function listFolder(data: string): string {
  return join(data, 'indicators');
}

/** The file of one content of a list: another content is another file, so that a crash leaves the one before. */
export function listFile(data: string, id: string, content: string): string {
  return join(listFolder(data), `${id}-${content}.tsv`);
}

/** Writes indicators one by one, a line each: type, value, last second, confidence. */
export interface ListWriter {
  write(indicator: Indicator): void;
  /** Once all of it is on disk. */
  end(): Promise<void>;
}

const FLUSH = 1 << 18;

/** Opens a new file for a list. */
export async function openListWriter(path: string): Promise<ListWriter> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const stream = createWriteStream(path, { mode: 0o600, flags: 'wx', flush: true });
  let waiting = '';
  return {
    write({ type, value, expires, confidence }) {
      waiting += `${type}\t${value}\t${expires}\t${confidence}\n`;
      if (waiting.length < FLUSH) return;
      stream.write(waiting);
      waiting = '';
    },
    async end() {
      stream.end(waiting);
      await finished(stream);
    },
  };
}

/** Reads a list as it was written. */
export async function* readListFile(path: string): AsyncGenerator<Indicator> {
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    const [type, value, expires, confidence] = line.split('\t');
    if (value === undefined) continue;
    yield { type: type as IndicatorType, value, expires: Number(expires), confidence: Number(confidence) };
  }
}

/** Deletes files that no list names: of imports that were broken off, and of contents that were replaced. */
export async function sweepListFiles(data: string, used: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(listFolder(data)).catch(() => [])) {
    const path = join(listFolder(data), name);
    if (!used.has(path)) await rm(path, { force: true });
  }
}
