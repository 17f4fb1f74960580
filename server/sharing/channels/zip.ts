import { crc32 } from 'node:zlib';

/** A file of an archive. */
export interface ZipEntry {
  /** Plain ASCII, without folders. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** 1 January 1980: the earliest time that the format knows, so that the same contents give the same bytes. */
const DATE = 0x0021;
const VERSION = 20;

/** Packs files without compression (PKWARE APPNOTE 4.3): whatever opens archives opens this one. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes } of entries) {
    const encoded = Buffer.from(name, 'ascii');
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(VERSION, 0);
    facts.writeUInt16LE(DATE, 8);
    facts.writeUInt32LE(crc32(bytes), 10);
    facts.writeUInt32LE(bytes.length, 14);
    facts.writeUInt32LE(bytes.length, 18);
    facts.writeUInt16LE(encoded.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), facts, encoded, bytes]);
    const entry = Buffer.alloc(42);
    entry.writeUInt16LE(VERSION, 0);
    facts.copy(entry, 2);
    entry.writeUInt32LE(offset, 38);
    files.push(local);
    directory.push(Buffer.from('PK\x01\x02', 'latin1'), entry, encoded);
    offset += local.length;
  }
  const table = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(table.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...files, table, Buffer.from('PK\x05\x06', 'latin1'), end]);
}
