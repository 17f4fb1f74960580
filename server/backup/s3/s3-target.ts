import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { STAGING } from '../data-files.ts';
import { manifestText, parseManifest, syncPath } from '../manifest-file.ts';
import { type BackupTarget, GENERATION } from '../target.ts';
import { readS3Address } from './address.ts';
import { openS3Client } from './client.ts';
import { S3Error } from './errors.ts';
import { installationOf, readMarker } from './marker.ts';
import { deleteObjects, listObjects, listUploads } from './objects.ts';
import { readAuthority, readCredentials, type S3Settings } from './settings.ts';
import { uploadFile } from './upload.ts';

export interface S3TargetOptions {
  /** `s3://bucket/prefix` */
  readonly address: string;
  readonly data: string;
  readonly settings: S3Settings;
  /** What nothing refers to is removed only when it is older than this, milliseconds: it may belong to a run elsewhere. */
  readonly graceMs?: number | undefined;
  readonly partBytes?: number | undefined;
}

const MARKER = '.haidang-backup';
const GENERATIONS = 'backups/';
const COPY = /\.[0-9a-f]{16}$/;
const GRACE_MS = 12 * 3_600_000;
/** Storage tells times in whole seconds, and some tell the beginning of an upload as just now. */
const SLACK_MS = 60_000;

/** A bucket that holds backups below a prefix. @throws Error where keys or address are not readable */
export function openS3Target(options: S3TargetOptions): BackupTarget {
  const { address, data, settings, graceMs = GRACE_MS, partBytes } = options;
  const { bucket, prefix } = readS3Address(address);
  const client = openS3Client({
    endpoint: settings.endpoint ?? `https://s3.${settings.region}.amazonaws.com`,
    region: settings.region,
    bucket,
    pathStyle: settings.pathStyle,
    ca: readAuthority(settings),
    credentials: readCredentials(settings),
  });
  const root = prefix === '' ? '' : `${prefix}/`;
  const staging = join(data, STAGING);
  const manifestKey = (id: string) => `${root}${GENERATIONS}${id}.json`;

  async function markOurs(): Promise<void> {
    const key = `${root}${MARKER}`;
    const own = installationOf(data);
    const marker = await client.send({ method: 'GET', key }).catch((error) => {
      if (error instanceof S3Error && error.status === 404 && error.code !== 'NoSuchBucket') return undefined;
      throw error;
    });
    if (marker) {
      const theirs = readMarker(marker.body);
      if (own === undefined || theirs === undefined || theirs === own) return;
      throw new Error(
        `${address} holds the backups of another installation; choose another prefix, or delete that one first.`,
      );
    }
    const { objects } = await listObjects(client, root, 1);
    if (objects.length > 0)
      throw new Error(`${address} holds other objects and no backup; choose a prefix without any.`);
    const body = Buffer.from(`${JSON.stringify(own === undefined ? {} : { installation: own })}\n`);
    await client.send({ method: 'PUT', key, body });
  }

  return {
    name: address,
    room: { folder: data, keepsAll: false },
    async take() {
      await markOurs();
      // Only one run at a time has this data folder: what lies here was left by one that was broken off.
      rmSync(staging, { recursive: true, force: true });
      mkdirSync(staging, { mode: 0o700 });
      return () => rmSync(staging, { recursive: true, force: true });
    },
    async generations() {
      const { objects } = await listObjects(client, `${root}${GENERATIONS}`);
      const ids = objects.map(({ key }) => key.slice(root.length + GENERATIONS.length).replace(/\.json$/, ''));
      return ids
        .filter((id) => GENERATION.test(id))
        .sort()
        .reverse();
    },
    async manifest(id) {
      const { body } = await client.send({ method: 'GET', key: manifestKey(id) });
      return parseManifest(body, `${address}/${GENERATIONS}${id}.json`);
    },
    async copies() {
      const { objects } = await listObjects(client, root);
      const named = objects.map(({ key, size }) => [key.slice(root.length), size] as const);
      return new Map(named.filter(([name]) => COPY.test(name)));
    },
    staged: (path) => join(staging, `${path}.part`),
    async put(staged, copy, size, onBytes) {
      await uploadFile({
        client,
        key: root + copy,
        file: staged,
        size,
        onBytes,
        ...(partBytes === undefined ? {} : { partBytes }),
      });
      rmSync(staged, { force: true });
    },
    async publish(id, manifest) {
      await client.send({ method: 'PUT', key: manifestKey(id), body: Buffer.from(manifestText(manifest)) });
    },
    async forget(id) {
      await client.send({ method: 'DELETE', key: manifestKey(id) });
    },
    async removeUnused(used) {
      const { objects, at } = await listObjects(client, root);
      const due = objects.filter(({ key, modifiedAt }) => {
        const name = key.slice(root.length);
        return COPY.test(name) && !used.has(name) && at - modifiedAt >= graceMs - SLACK_MS;
      });
      await deleteObjects(
        client,
        due.map(({ key }) => key),
      );
      for (const { key, id, begunAt } of await listUploads(client, root)) {
        if (at - begunAt >= graceMs - SLACK_MS)
          await client.send({ method: 'DELETE', key, query: { uploadId: id } }).catch(gone);
      }
    },
    async damaged(files) {
      const { objects } = await listObjects(client, root);
      const sizes = new Map(objects.map(({ key, size }) => [key.slice(root.length), size]));
      return files.filter(({ copy, size }) => sizes.get(copy) !== size).map(({ path }) => path);
    },
    async fetch({ copy, size, sha256 }, to, onBytes) {
      mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
      const got = await client.download(root + copy, to, onBytes);
      syncPath(to);
      return got.size === size && got.sha256 === sha256;
    },
    close: () => client.close(),
  };
}

/** Somebody else ended it meanwhile. */
function gone(error: unknown): void {
  if (!(error instanceof S3Error) || error.status !== 404) throw error;
}
