import { type FileHandle, open } from 'node:fs/promises';
import { Reader, type Response } from 'maxmind';
import { CollectorError, reasonOf } from '../errors.ts';

/** Largest file that is read; the world's city tables are below it. */
const MOST_BYTES = 256 * 1024 * 1024;

/** Which file this is: another one under the same path differs in one of these. */
export interface FileStamp {
  readonly inode: number;
  readonly size: number;
  readonly changedMs: number;
}

/** A table of addresses that was read whole. */
export interface AddressTable {
  readonly stamp: FileStamp;
  /** What the file calls itself, such as `GeoLite2-Country`. */
  readonly kind: string;
  readonly builtAt: Date;
  /** The record of an address; undefined where the table has none. @throws where the file is damaged at this place */
  find(address: string): Readonly<Record<string, unknown>> | undefined;
}

/**
 * Reads a table of addresses (MaxMind DB format 2.0) into memory; undefined where it is the one of `before`. It is looked at
 * before it is used: what it says of itself, and a few look-ups over the whole of it.
 * @throws CollectorError `HD_GEO_FILE` where it is absent, cannot be read, or is no such table
 */
export async function readAddressTable(path: string, before?: FileStamp): Promise<AddressTable | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const { ino, size, mtimeMs, isFile } = await handle.stat().then((stat) => ({ ...stat, isFile: stat.isFile() }));
    const stamp: FileStamp = { inode: ino, size, changedMs: mtimeMs };
    if (before && before.inode === ino && before.size === size && before.changedMs === mtimeMs) return undefined;
    if (!isFile) throw new Error('it is not a file');
    if (size > MOST_BYTES) throw new Error(`it has ${size} bytes, more than ${MOST_BYTES}`);
    return tableOf(await handle.readFile(), stamp);
  } catch (error) {
    throw unusable(path, error);
  } finally {
    await handle?.close();
  }
}

/** What to say of a table that cannot be used. */
export function unusable(path: string, error: unknown): CollectorError {
  return new CollectorError('HD_GEO_FILE', `The table of addresses ${path} cannot be used: ${reasonOf(error)}.`, error);
}

/** Addresses of several parts of the world, so that a damaged table shows before the first event. */
const PROBES = [
  '1.1.1.1',
  '8.8.8.8',
  '113.160.0.1',
  '203.113.131.1',
  '255.255.255.254',
  '2001:4860::1',
  '2405:4800::1',
];

function tableOf(bytes: Buffer, stamp: FileStamp): AddressTable {
  const reader = new Reader<Response>(bytes);
  const { binaryFormatMajorVersion: version, databaseType, buildEpoch, ipVersion, searchTreeSize } = reader.metadata;
  if (version !== 2) throw new Error(`its format is version ${version}, not 2`);
  if (!(searchTreeSize > 0 && searchTreeSize < bytes.length)) throw new Error('it is cut off');
  const find = (address: string) => {
    if (ipVersion === 4 && address.includes(':')) return undefined;
    const found: unknown = reader.get(address);
    return found !== null && typeof found === 'object' ? (found as Readonly<Record<string, unknown>>) : undefined;
  };
  for (const address of PROBES) find(address);
  return { stamp, kind: databaseType, builtAt: buildEpoch, find };
}
