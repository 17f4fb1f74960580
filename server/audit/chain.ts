import { mkdirSync } from 'node:fs';
import { copyFile, type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { HaidangError } from '../errors.ts';
import type { EvidenceKey } from '../evidence/keys.ts';
import { auditFile, listAuditFiles, readLines } from './files.ts';
import { type AuditLine, lineHash, parseLine, type SealedLine } from './line.ts';

export type NewLine = Omit<AuditLine, 'number' | 'previous'>;

/** Where a chain ends. Number 0: it has no line yet. */
export interface AuditHead {
  readonly number: number;
  readonly hash: string | null;
}

/** The chain on disk. One process writes it: the data folder is locked. */
export interface AuditChain {
  /** Adds an act; durable, chained and signed when it returns. @throws HaidangError `HD_STORE_FULL`, `HD_TOO_MANY` */
  append(line: NewLine): Promise<SealedLine>;
  head(): AuditHead;
  /** Up to `limit` lines after a number, oldest first. */
  after(number: number, limit: number): readonly SealedLine[];
  /** Bytes of an unfinished write that were cut off at the start. */
  readonly cut: number;
  close(): Promise<void>;
}

const FILE_BYTES = 16 * 1024 * 1024;
const AT_ONCE = 200;
const MOST_WAITING = 5_000;
const KEPT_IN_MEMORY = 500;

interface Waiting {
  readonly line: NewLine;
  done(sealed: SealedLine): void;
  failed(error: unknown): void;
}

/** Opens the chain in a folder, or begins it. What a crash left half-written at the end was never confirmed, and is cut. */
export async function openAuditChain(folder: string, key: EvidenceKey, fileBytes = FILE_BYTES): Promise<AuditChain> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const end = findEnd(folder);
  let head: AuditHead = end.head;
  let name = end.name ?? auditFile(head.number + 1);
  let size = end.size;
  let file: FileHandle = await open(join(folder, name), 'a', 0o600);
  if (end.cut > 0) {
    // Kept beside the log: it may be more than an unfinished write.
    await copyFile(join(folder, name), join(folder, `cut-${Date.now()}.part`));
    await file.truncate(size);
  }
  await syncFolder(folder);
  const recent: SealedLine[] = [];
  const waiting: Waiting[] = [];
  let running = false;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, AT_ONCE);
      try {
        const sealed = await writeBatch(batch.map(({ line }) => line));
        for (const [at, { done }] of batch.entries()) done(sealed[at] as SealedLine);
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    running = false;
  }

  async function writeBatch(lines: readonly NewLine[]): Promise<readonly SealedLine[]> {
    if (size >= fileBytes) await startFile();
    let { number, hash } = head;
    const sealed = lines.map((line, at): SealedLine => {
      number += 1;
      const full: AuditLine = { number, previous: hash, ...line };
      const text = JSON.stringify(full);
      hash = lineHash(text);
      return { line: full, text, hash, signature: at === lines.length - 1 ? key.sign(text) : undefined };
    });
    const bytes = Buffer.from(sealed.map(({ text, signature = '' }) => `${text}\t${signature}\n`).join(''));
    try {
      await file.appendFile(bytes);
      await file.datasync();
    } catch (cause) {
      // Half of it may be there: it must not stand before what is written next.
      await file.truncate(size).catch(() => undefined);
      throw new HaidangError('HD_STORE_FULL', 'The audit log cannot be written, so that nothing is done unrecorded.', {
        cause,
        retryAfter: 30,
      });
    }
    size += bytes.length;
    head = { number, hash };
    recent.push(...sealed);
    recent.splice(0, recent.length - KEPT_IN_MEMORY);
    return sealed;
  }

  async function startFile(): Promise<void> {
    const next = auditFile(head.number + 1);
    const opened = await open(join(folder, next), 'a', 0o600);
    await syncFolder(folder);
    await file.close();
    [file, name, size] = [opened, next, 0];
  }

  return {
    cut: end.cut,
    head: () => head,
    append(line) {
      if (waiting.length >= MOST_WAITING)
        throw new HaidangError('HD_TOO_MANY', 'Too many acts wait to be recorded.', { retryAfter: 5 });
      return new Promise((done, failed) => {
        waiting.push({ line, done, failed });
        if (!running) writing = write();
      });
    },
    after(number, limit) {
      const first = recent[0]?.line.number ?? Number.POSITIVE_INFINITY;
      if (number + 1 >= first) return recent.slice(number + 1 - first, number + 1 - first + limit);
      return readAfter(folder, number, Math.min(limit, head.number - number));
    },
    async close() {
      await writing;
      await file.close();
    },
  };
}

function readAfter(folder: string, number: number, limit: number): SealedLine[] {
  const files = listAuditFiles(folder);
  const found: SealedLine[] = [];
  const from = Math.max(
    0,
    files.findLastIndex(({ first }) => first <= number + 1),
  );
  for (const { name } of files.slice(from)) {
    for (const { text } of readLines(join(folder, name))) {
      const sealed = parseLine(text);
      if (sealed && sealed.line.number > number) found.push(sealed);
      if (found.length >= limit) return found;
    }
  }
  return found;
}

/** The last signed line: what stands after it was never confirmed to anybody. */
function findEnd(folder: string): { head: AuditHead; name: string | undefined; size: number; cut: number } {
  for (const { name } of listAuditFiles(folder).reverse()) {
    let head: AuditHead | undefined;
    let size = 0;
    let last = 0;
    for (const { text, end, whole } of readLines(join(folder, name))) {
      last = end;
      const sealed = whole ? parseLine(text) : undefined;
      if (sealed?.signature === undefined) continue;
      head = { number: sealed.line.number, hash: sealed.hash };
      size = end;
    }
    if (head) return { head, name, size, cut: last - size };
    // A file that a crash left without a line: the one before it holds the end.
    if (last > 0) return { ...before(folder, name), name, size: 0, cut: last };
  }
  return { head: { number: 0, hash: null }, name: undefined, size: 0, cut: 0 };
}

function before(folder: string, name: string): { head: AuditHead } {
  const earlier = listAuditFiles(folder).filter((file) => file.name < name);
  let head: AuditHead = { number: 0, hash: null };
  for (const { text } of earlier.length === 0 ? [] : readLines(join(folder, earlier.at(-1)?.name ?? ''))) {
    const sealed = parseLine(text);
    if (sealed?.signature !== undefined) head = { number: sealed.line.number, hash: sealed.hash };
  }
  return { head };
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
