import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

const NAME = /^(\d{12})\.log$/;
const CHUNK = 256 * 1024;
/** No line of ours comes near it: a longer one is damage, and is not gathered in memory. */
const LONGEST_LINE = 64 * 1024;

/** Folder of the audit log within the data folder. */
export function auditFolder(data: string): string {
  return join(data, 'audit');
}

/** Name of the file whose first line has this number. */
export function auditFile(firstNumber: number): string {
  return `${String(firstNumber).padStart(12, '0')}.log`;
}

/** Files of the log, in order of the chain. */
export function listAuditFiles(folder: string): { readonly name: string; readonly first: number }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => NAME.test(name))
    .sort()
    .map((name) => ({ name, first: Number(name.slice(0, 12)) }));
}

/** Whole lines of a file with the offset after each; a piece without an end is given last, as `whole: false`. */
export function* readLines(path: string): Generator<{ text: string; end: number; whole: boolean }> {
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK);
    let rest: Buffer = Buffer.alloc(0);
    let at = 0;
    for (;;) {
      const read = readSync(file, chunk, 0, CHUNK, null);
      if (read === 0) break;
      let have = Buffer.concat([rest, chunk.subarray(0, read)]);
      for (let end = have.indexOf(10); end !== -1; end = have.indexOf(10)) {
        at += end + 1;
        yield { text: have.toString('utf8', 0, end), end: at, whole: true };
        have = have.subarray(end + 1);
      }
      if (have.length > LONGEST_LINE) {
        yield { text: have.toString('utf8', 0, LONGEST_LINE), end: at, whole: false };
        return;
      }
      rest = have;
    }
    if (rest.length > 0) yield { text: rest.toString('utf8'), end: at + rest.length, whole: false };
  } finally {
    closeSync(file);
  }
}
