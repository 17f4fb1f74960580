/** What a loader, and Node after it, find in an executable that carries a program. */
export interface CarriedProgram {
  readonly machine: number;
  readonly program: Buffer;
  readonly fuse: string;
  readonly offset: bigint;
  readonly address: bigint;
  /** Whether the table of segments itself lies in a segment that is loaded, at the address it says. */
  readonly loadedTable: boolean;
}

interface Segment {
  readonly type: number;
  readonly offset: bigint;
  readonly address: bigint;
  readonly size: bigint;
}

const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:';

/** Reads an ELF64 file by its own tables (System V ABI, *Program Header*), apart from what writes it. */
export function programIn(file: Buffer): CarriedProgram {
  const tableAt = file.readBigUInt64LE(32);
  const count = file.readUInt16LE(56);
  const segments = Array.from({ length: count }, (_, n): Segment => {
    const at = Number(tableAt) + n * 56;
    return {
      type: file.readUInt32LE(at),
      offset: file.readBigUInt64LE(at + 8),
      address: file.readBigUInt64LE(at + 16),
      size: file.readBigUInt64LE(at + 32),
    };
  });
  const loads = segments.filter(({ type }) => type === 1);
  const table = segments.find(({ type }) => type === 6);
  for (const note of segments.filter(({ type }) => type === 4)) {
    const at = Number(note.offset);
    const nameBytes = file.readUInt32LE(at);
    const bytes = file.readUInt32LE(at + 4);
    if (file.toString('latin1', at + 12, at + 12 + nameBytes - 1) !== 'NODE_SEA_BLOB') continue;
    const start = at + 12 + Math.ceil(nameBytes / 4) * 4;
    const load = loads.find(({ offset, size }) => offset <= note.offset && note.offset + note.size <= offset + size);
    if (!load || load.address - load.offset !== note.address - note.offset)
      throw new Error('the note is not loaded where it says');
    const around =
      table && loads.find(({ offset, size }) => offset <= table.offset && table.offset + table.size <= offset + size);
    return {
      machine: file.readUInt16LE(18),
      program: file.subarray(start, start + bytes),
      fuse: file.toString('latin1', file.indexOf(FUSE) + FUSE.length, file.indexOf(FUSE) + FUSE.length + 1),
      offset: load.offset,
      address: load.address,
      loadedTable:
        table !== undefined && around !== undefined && around.address - around.offset === table.address - table.offset,
    };
  }
  throw new Error('the executable carries no program');
}
