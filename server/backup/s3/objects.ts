import type { S3Client } from './client.ts';
import { blocks, text, texts } from './xml.ts';

/** An object of the bucket. */
export interface S3Object {
  readonly key: string;
  readonly size: number;
  /** By the storage's own clock, milliseconds. */
  readonly modifiedAt: number;
}

/** More than a backup ever has: what goes on after it is no backup of ours. */
const MOST_OBJECTS = 2_000_000;
const MOST_UPLOADS = 10_000;

/** Every object below a prefix, and the storage's own time when it answered. @throws S3Error */
export async function listObjects(
  client: S3Client,
  prefix: string,
  most = MOST_OBJECTS,
): Promise<{ readonly objects: readonly S3Object[]; readonly at: number }> {
  const objects: S3Object[] = [];
  let at = Date.now();
  let token: string | undefined;
  do {
    const { body, headers } = await client.send({
      method: 'GET',
      query: {
        'list-type': '2',
        prefix,
        'encoding-type': 'url',
        'max-keys': String(Math.min(1000, most)),
        ...(token === undefined ? {} : { 'continuation-token': token }),
      },
    });
    at = Date.parse(headers.date ?? '') || Date.now();
    for (const block of blocks(body, 'Contents')) {
      objects.push({
        key: decoded(text(block, 'Key') ?? ''),
        size: Number(text(block, 'Size')),
        modifiedAt: Date.parse(text(block, 'LastModified') ?? '') || at,
      });
    }
    token = text(body, 'IsTruncated') === 'true' ? text(body, 'NextContinuationToken') : undefined;
  } while (token !== undefined && objects.length < most);
  return { objects, at };
}

/** An upload in parts that was begun and neither ended nor given up. */
export interface S3Upload {
  readonly key: string;
  readonly id: string;
  readonly begunAt: number;
}

/** Unfinished uploads below a prefix. @throws S3Error */
export async function listUploads(client: S3Client, prefix: string): Promise<readonly S3Upload[]> {
  const uploads: S3Upload[] = [];
  let after: { key: string; id: string } | undefined;
  do {
    const { body } = await client.send({
      method: 'GET',
      query: {
        uploads: '',
        prefix,
        'encoding-type': 'url',
        ...(after === undefined ? {} : { 'key-marker': after.key, 'upload-id-marker': after.id }),
      },
    });
    for (const block of blocks(body, 'Upload')) {
      const key = decoded(text(block, 'Key') ?? '');
      // Not every storage heeds the prefix.
      if (!key.startsWith(prefix)) continue;
      uploads.push({
        key,
        id: text(block, 'UploadId') ?? '',
        begunAt: Date.parse(text(block, 'Initiated') ?? '') || 0,
      });
    }
    const [key, id] = [text(body, 'NextKeyMarker'), text(body, 'NextUploadIdMarker')];
    const more = text(body, 'IsTruncated') === 'true' && key !== undefined && key !== '';
    after = more ? { key: decoded(key), id: id ?? '' } : undefined;
  } while (after !== undefined && uploads.length < MOST_UPLOADS);
  return uploads;
}

/** Parts of an unfinished upload that the storage has, by number. @throws S3Error */
export async function listParts(
  client: S3Client,
  { key, id }: Pick<S3Upload, 'key' | 'id'>,
): Promise<ReadonlyMap<number, { readonly etag: string; readonly size: number }>> {
  const parts = new Map<number, { etag: string; size: number }>();
  let after: string | undefined;
  do {
    const { body } = await client.send({
      method: 'GET',
      key,
      query: { uploadId: id, ...(after === undefined ? {} : { 'part-number-marker': after }) },
    });
    for (const block of blocks(body, 'Part')) {
      const [etag = ''] = texts(block, 'ETag');
      parts.set(Number(text(block, 'PartNumber')), {
        etag: etag.replaceAll('"', ''),
        size: Number(text(block, 'Size')),
      });
    }
    const next = text(body, 'IsTruncated') === 'true' ? text(body, 'NextPartNumberMarker') : undefined;
    after = next === after ? undefined : next;
  } while (after !== undefined && parts.size < 10_000);
  return parts;
}

/** Deletes objects, one request each: the request for many at once differs between kinds of storage. @throws S3Error */
export async function deleteObjects(client: S3Client, keys: readonly string[]): Promise<void> {
  for (const key of keys) await client.send({ method: 'DELETE', key });
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}
