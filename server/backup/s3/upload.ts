import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import type { S3Client } from './client.ts';
import { S3Error } from './errors.ts';
import { listParts, listUploads } from './objects.ts';
import { escapeText, text } from './xml.ts';

/** Files above this go in parts of at least this size; memory holds as many parts as are under way. */
export const PART_BYTES = 8 * 1024 * 1024;
/** S3 takes 10,000 parts an object. */
const MOST_PARTS = 9_000;
const PARTS_AT_ONCE = 3;

export interface UploadOptions {
  readonly client: S3Client;
  readonly key: string;
  readonly file: string;
  readonly size: number;
  readonly onBytes: (bytes: number) => void;
  readonly partBytes?: number;
}

/**
 * Sends a file; the object is there whole or not at all. The key must tell the content: an upload of the same key that
 * was broken off goes on where it stopped. @throws S3Error
 */
export async function uploadFile(options: UploadOptions): Promise<void> {
  const { client, key, file, size, onBytes } = options;
  const least = options.partBytes ?? PART_BYTES;
  const handle = openSync(file, 'r');
  try {
    if (size <= least) {
      await client.send({ method: 'PUT', key, body: readAt(handle, 0, size) });
      onBytes(size);
    } else {
      const partBytes = Math.max(least, Math.ceil(size / MOST_PARTS));
      await inParts(options, handle, partBytes);
    }
  } finally {
    closeSync(handle);
  }
  const found = Number((await client.send({ method: 'HEAD', key })).headers['content-length']);
  if (found === size) return;
  throw new S3Error(`The storage has ${found} bytes of ${key} instead of ${size}; begin the backup again.`, 0, 'Short');
}

async function inParts(options: UploadOptions, handle: number, partBytes: number): Promise<void> {
  const { client, key, size, onBytes } = options;
  const { id, there } = await beginOrGoOn(client, key);
  const count = Math.ceil(size / partBytes);
  const etags: string[] = [];
  let next = 0;
  const sendParts = async () => {
    for (let at = next++; at < count; at = next++) {
      const body = readAt(handle, at * partBytes, Math.min(partBytes, size - at * partBytes));
      const md5 = createHash('md5').update(body).digest('hex');
      const known = there.get(at + 1);
      if (known?.etag === md5 && known.size === body.length) etags[at] = known.etag;
      else {
        const query = { partNumber: String(at + 1), uploadId: id };
        const { headers } = await client.send({ method: 'PUT', key, query, body });
        etags[at] = (headers.etag ?? '').replaceAll('"', '');
      }
      onBytes(body.length);
    }
  };
  // All of them end before the file is closed, also where one fails.
  const ended = await Promise.allSettled(Array.from({ length: PARTS_AT_ONCE }, sendParts));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  await complete(options, id, etags);
}

async function beginOrGoOn(client: S3Client, key: string) {
  const [unfinished] = (await listUploads(client, key)).filter((upload) => upload.key === key);
  if (unfinished) return { id: unfinished.id, there: await listParts(client, unfinished) };
  const { body } = await client.send({ method: 'POST', key, query: { uploads: '' } });
  const id = text(body, 'UploadId');
  if (id === undefined) throw new S3Error(`The storage began no upload of ${key}; see its log.`, 0, 'NoUploadId');
  return { id, there: new Map<number, { etag: string; size: number }>() };
}

async function complete({ client, key, size }: UploadOptions, id: string, etags: readonly string[]): Promise<void> {
  const parts = etags.map(
    (etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>"${escapeText(etag)}"</ETag></Part>`,
  );
  const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
  try {
    await client.send({
      method: 'POST',
      key,
      query: { uploadId: id },
      headers: { 'content-type': 'application/xml' },
      body,
    });
  } catch (error) {
    // The answer to the try before was lost, and the upload is no more: it ended well where the object is there.
    if (!(error instanceof S3Error) || error.code !== 'NoSuchUpload') throw error;
    const { headers } = await client.send({ method: 'HEAD', key });
    if (Number(headers['content-length']) !== size) throw error;
  }
}

function readAt(handle: number, from: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const read = readSync(handle, buffer, filled, length - filled, from + filled);
    if (read === 0) throw new Error('A copy on its way to the storage became shorter; begin the backup again.');
    filled += read;
  }
  return buffer;
}
