import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, link, mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HaidangError } from '../errors.ts';

/** Largest piece of evidence. */
export const MOST_EVIDENCE_BYTES = 25 * 1024 * 1024;
/** Most of all evidence of one incident. */
export const MOST_INCIDENT_BYTES = 500 * 1024 * 1024;

/** Evidence as files under their SHA-256: the same bytes lie there once, and are never written again. */
export interface EvidenceFiles {
  /** Keeps bytes, durably; gives their SHA-256. */
  keep(bytes: Buffer): Promise<string>;
  /** Moves a file that was received; gives its SHA-256 and size. */
  keepFile(path: string): Promise<{ readonly sha256: string; readonly bytes: number }>;
  /** The bytes. @throws HaidangError `HD_EVIDENCE_CHANGED` where they are no longer what they were, `HD_NOT_FOUND`. */
  read(sha256: string): Promise<Buffer>;
  /** Where files that are being received go. */
  readonly incoming: string;
}

/** Opens the folder of evidence in the data folder. */
export function openEvidenceFiles(data: string): EvidenceFiles {
  const folder = join(data, 'incident-files');
  const placeOf = (sha256: string) => join(folder, sha256.slice(0, 2), sha256);

  async function put(sha256: string, write: (path: string) => Promise<void>): Promise<void> {
    const place = placeOf(sha256);
    if (await isThere(place)) return;
    await mkdir(join(place, '..'), { recursive: true, mode: 0o700 });
    const beside = `${place}.${randomBytes(6).toString('hex')}.part`;
    try {
      await write(beside);
      // A link fails where somebody was faster: the bytes are the same then.
      await link(beside, place).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
      await syncFolder(join(place, '..'));
      await syncFolder(folder);
    } finally {
      await rm(beside, { force: true });
    }
  }

  return {
    incoming: join(data, 'incoming'),
    async keep(bytes) {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      await put(sha256, (path) => writeDurably(path, bytes));
      return sha256;
    },
    async keepFile(path) {
      const sum = createHash('sha256');
      for await (const piece of createReadStream(path)) sum.update(piece as Buffer);
      const sha256 = sum.digest('hex');
      const { size } = await stat(path);
      await put(sha256, async (beside) => {
        await link(path, beside);
        const file = await open(beside, 'r');
        await file.sync().finally(() => file.close());
      });
      await rm(path, { force: true });
      return { sha256, bytes: size };
    },
    async read(sha256) {
      const place = placeOf(sha256);
      if (!/^[0-9a-f]{64}$/.test(sha256) || !(await isThere(place)))
        throw new HaidangError('HD_NOT_FOUND', 'The bytes of this evidence are not on this server.');
      const file = await open(place, 'r');
      const bytes = await file.readFile().finally(() => file.close());
      if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes;
      throw new HaidangError('HD_EVIDENCE_CHANGED', `The bytes of evidence ${sha256} were changed on the disk.`);
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function writeDurably(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}
