import type { FileHandle } from 'node:fs/promises';
import { crc32, inflateRawSync } from 'node:zlib';

/** One file of an archive, before it is read. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/** What an archive from a stranger may make us read. */
export interface ZipLimits {
  readonly entries: number;
  /** Unpacked bytes of one file, and of all that are read. */
  readonly fileBytes: number;
  readonly totalBytes: number;
  /** Unpacked bytes for one packed byte, past the first 64 KiB. */
  readonly ratio: number;
}

/** Why an archive, or a file in it, is not read. */
export class ZipError extends Error {}

const END = { signature: 0x06054b50, bytes: 22, comment: 65_535 } as const;
const CENTRAL = { signature: 0x02014b50, bytes: 46 } as const;
const LOCAL = { signature: 0x04034b50, bytes: 30 } as const;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
const FREE_BYTES = 65_536;
const MOST_DIRECTORY = 16 * 1024 * 1024;

/** Reads the list of files of an archive (PKWARE APPNOTE §4.3.12 and §4.3.16). @throws ZipError */
export async function readZipDirectory(file: FileHandle, limits: ZipLimits): Promise<readonly ZipEntry[]> {
  const { size } = await file.stat();
  const tail = await bytesAt(
    file,
    Math.max(0, size - END.bytes - END.comment),
    Math.min(size, END.bytes + END.comment),
  );
  const end = endOf(tail);
  if (end === undefined) throw new ZipError('The file is no zip archive, or its end is missing.');
  const count = tail.readUInt16LE(end + 10);
  const bytes = tail.readUInt32LE(end + 12);
  const start = tail.readUInt32LE(end + 16);
  if (count === 0xffff || bytes === 0xffffffff || start === 0xffffffff)
    throw new ZipError('Archives of the form zip64 are not read; pack fewer files.');
  if (count > limits.entries) throw new ZipError(`The archive holds ${count} files, more than ${limits.entries}.`);
  if (bytes > MOST_DIRECTORY || start + bytes > size) throw new ZipError('The archive’s list of files is damaged.');
  const directory = await bytesAt(file, start, bytes);
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + CENTRAL.bytes > directory.length || directory.readUInt32LE(at) !== CENTRAL.signature)
      throw new ZipError('The archive’s list of files is damaged.');
    const nameBytes = directory.readUInt16LE(at + 28);
    const rest = nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    if (at + CENTRAL.bytes + rest > directory.length) throw new ZipError('The archive’s list of files is damaged.');
    const name = directory.toString('utf8', at + CENTRAL.bytes, at + CENTRAL.bytes + nameBytes);
    checkName(name);
    if (directory.readUInt16LE(at + 8) & ENCRYPTED) throw new ZipError(`The file "${name}" is encrypted.`);
    entries.push({
      name,
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      packed: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      offset: directory.readUInt32LE(at + 42),
    });
    at += CENTRAL.bytes + rest;
  }
  return entries;
}

/** Unpacks one file. What the archive says of its size is not believed: reading stops at the limits. @throws ZipError */
export async function readZipEntry(file: FileHandle, entry: ZipEntry, limits: ZipLimits): Promise<Buffer> {
  const { name, method, packed, size, offset, crc } = entry;
  const most = Math.min(limits.fileBytes, FREE_BYTES + packed * limits.ratio);
  if (size > most || packed > limits.fileBytes)
    throw new ZipError(`The file "${name}" unpacks to ${size} bytes, more than is read of it (${most}).`);
  const head = await bytesAt(file, offset, LOCAL.bytes);
  if (head.length < LOCAL.bytes || head.readUInt32LE(0) !== LOCAL.signature)
    throw new ZipError(`The file "${name}" is not where the archive says.`);
  const start = offset + LOCAL.bytes + head.readUInt16LE(26) + head.readUInt16LE(28);
  const body = await bytesAt(file, start, packed);
  const content = method === STORED ? body : unpack(name, method, body, most);
  if (content.length !== size || crc32(content) !== crc) throw new ZipError(`The file "${name}" is damaged.`);
  return content;
}

function unpack(name: string, method: number, body: Buffer, most: number): Buffer {
  if (method !== DEFLATED) throw new ZipError(`The file "${name}" is packed by method ${method}, which is not read.`);
  try {
    return inflateRawSync(body, { maxOutputLength: Math.max(1, most) });
  } catch (cause) {
    throw new ZipError(`The file "${name}" cannot be unpacked, or is longer than the archive says.`, { cause });
  }
}

/** Nothing is written by these names; but a name that leads elsewhere says what kind of archive this is. */
function checkName(name: string): void {
  const parts = name.split('/');
  if (name.startsWith('/') || /[\\\0]/.test(name) || /^[a-z]:/i.test(name) || parts.includes('..'))
    throw new ZipError(
      `The archive names a file outside of itself ("${name.slice(0, 200)}"); it is refused as a whole.`,
    );
}

function endOf(tail: Buffer): number | undefined {
  for (let at = tail.length - END.bytes; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END.signature) continue;
    if (at + END.bytes + tail.readUInt16LE(at + 20) === tail.length) return at;
  }
  return undefined;
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
