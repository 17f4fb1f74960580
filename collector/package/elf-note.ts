/** Name of the note in which Node looks for a single executable's program (Node API, *Single executable applications*). */
const NAME = 'NODE_SEA_BLOB';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const PT_LOAD = 1;
const PT_NOTE = 4;
const PT_PHDR = 6;
const HEADER = 64;
const ENTRY = 56;
/** Largest page of any machine that we build for: arm64 kernels have 64 KiB. */
const PAGE = 65_536n;

/**
 * Puts a program into a copy of Node's ELF executable (ELF64, little endian): a note in a segment of its own at the end,
 * with the table of segments moved there as it has no room to grow, and the fuse switched on.
 * @throws Error where the file is not such an executable, or has a program already
 */
export function injectProgram(executable: Buffer, program: Buffer): Buffer {
  if (executable.readUInt32BE(0) !== 0x7f454c46 || executable[4] !== 2 || executable[5] !== 1) {
    throw new Error('This is no 64-bit little-endian ELF file.');
  }
  const head = Buffer.from(executable);
  switchFuse(head);
  const tableAt = Number(head.readBigUInt64LE(32));
  const count = head.readUInt16LE(56);
  if (head.readUInt16LE(54) !== ENTRY) throw new Error('The table of segments has another form than ELF64 has.');
  const entries = Array.from({ length: count }, (_, at) =>
    Buffer.from(head.subarray(tableAt + at * ENTRY, tableAt + (at + 1) * ENTRY)),
  );
  const loads = entries.filter((entry) => entry.readUInt32LE(0) === PT_LOAD);
  const [firstLoad] = loads;
  if (!firstLoad) throw new Error('The executable has no segment to load.');
  // Addresses go with offsets, as kernels before 5.18 reckon where the table of segments is by its offset alone.
  const base = firstLoad.readBigUInt64LE(16) - firstLoad.readBigUInt64LE(8);
  let end = BigInt(head.length);
  for (const load of loads) {
    const last = load.readBigUInt64LE(16) + load.readBigUInt64LE(40) - base;
    if (last > end) end = last;
  }
  const offset = ((end + PAGE - 1n) / PAGE) * PAGE;
  const address = base + offset;

  const note = noteOf(program);
  const tableBytes = (count + 2) * ENTRY;
  const noteAt = BigInt(Math.ceil(tableBytes / 16) * 16);
  const size = noteAt + BigInt(note.length);
  const own = [
    segment(PT_LOAD, offset, address, size, PAGE),
    segment(PT_NOTE, offset + noteAt, address + noteAt, BigInt(note.length), 4n),
  ];
  const lastLoad = entries.findLastIndex((entry) => entry.readUInt32LE(0) === PT_LOAD);
  const [load, found] = own as [Buffer, Buffer];
  const table = [...entries.slice(0, lastLoad + 1), load, found, ...entries.slice(lastLoad + 1)];
  for (const entry of table) {
    if (entry.readUInt32LE(0) !== PT_PHDR) continue;
    segment(PT_PHDR, offset, address, BigInt(tableBytes), 8n).copy(entry);
  }
  head.writeBigUInt64LE(offset, 32);
  head.writeUInt16LE(count + 2, 56);
  const gap = Buffer.alloc(Number(offset) - head.length);
  const room = Buffer.alloc(Number(noteAt) - tableBytes);
  if (head.length < HEADER) throw new Error('The file is cut.');
  return Buffer.concat([head, gap, ...table, room, note]);
}

function segment(type: number, offset: bigint, address: bigint, size: bigint, align: bigint): Buffer {
  const entry = Buffer.alloc(ENTRY);
  entry.writeUInt32LE(type, 0);
  // Readable, and nothing else.
  entry.writeUInt32LE(4, 4);
  for (const [at, value] of [offset, address, address, size, size, align].entries()) {
    entry.writeBigUInt64LE(value, 8 + at * 8);
  }
  return entry;
}

/** A note: lengths, type, name, contents, each filled up to four bytes. */
function noteOf(program: Buffer): Buffer {
  const name = Buffer.from(`${NAME}\0`);
  const head = Buffer.alloc(12);
  head.writeUInt32LE(name.length, 0);
  head.writeUInt32LE(program.length, 4);
  const fill = (bytes: Buffer) => Buffer.alloc((4 - (bytes.length % 4)) % 4);
  return Buffer.concat([head, name, fill(name), program, fill(program)]);
}

function switchFuse(executable: Buffer): void {
  const at = executable.indexOf(`${FUSE}:`);
  if (at < 0 || executable.indexOf(`${FUSE}:`, at + 1) >= 0) {
    throw new Error('The executable has no place for a program, or several; take the pinned Node.');
  }
  if (executable[at + FUSE.length + 1] !== 0x30) throw new Error('The executable has a program already.');
  executable[at + FUSE.length + 1] = 0x31;
}
