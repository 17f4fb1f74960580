import { promisify } from 'node:util';
import { zstdCompress, zstdCompressSync, zstdDecompress } from 'node:zlib';
import { readField } from '../../ecs/event.ts';
import { LineScanner } from '../../ecs/line-scanner.ts';
import { WIRE_LIMITS } from '../../ecs/wire.ts';
import type { AgencyBook } from '../agencies/names.ts';
import { type AgencyTable, agencyTable } from '../agencies/networks.ts';
import type { AgencyRecord } from '../agencies/record.ts';
import { HaidangError } from '../errors.ts';
import type { AgencyId } from '../identity.ts';
import { type DecodedFrame, lineOfFrame, openFrame, sourcesOfLines } from '../store/frame.ts';

/** What of a frame belongs to one agency. */
export interface FramePart {
  readonly agency: AgencyId;
  /** The frame as it came where all of it is the agency's, else one with its lines alone. */
  readonly body: Uint8Array;
}

/** For whom a machine logs, as its certificate's record says. */
export interface LoggedFor {
  readonly agency: AgencyId;
  /** The whole set, the owner too; absent where it is the owner alone. */
  readonly agencies?: readonly AgencyId[] | undefined;
}

/** Says whose the events of a frame are. */
export interface Assigner {
  /**
   * Takes a frame apart by agency, in order of their first events; a frame of one agency alone stays as it came. No event goes
   * to an agency outside the set, whatever it says. @throws HaidangError `HD_BATCH_MALFORMED`
   */
  partsOf(from: LoggedFor, body: Uint8Array): Promise<readonly FramePart[]>;
}

/**
 * Fields whose address says whose an event is, the first that tells deciding: who sent the record to the collector, the
 * machine that it is of, then the two ends of a connection. An address of the owner decides nothing, so that the next is asked.
 */
export const ASSIGNING_FIELDS = ['haidang.peer', 'host.ip', 'source.ip', 'destination.ip'] as const;

/** Lines looked at before others may have their turn. */
const STRETCH = 250;
const MOST_TABLES = 256;
/** Addresses of one field that are looked at. */
const MOST_VALUES = 16;
const NEWLINE = 10;
/** Stands for an empty line of the collector's, which is no event and has to be kept as such. */
const BLANK = 32;
const SMALL_BYTES = 64 * 1024;

const unpack = promisify(zstdDecompress);
const pack = promisify(zstdCompress);

/** An assigner by the networks and sources of the agencies, as they are at the moment of each frame. */
export function createAssigner(agencies: Pick<AgencyBook, 'all'>): Assigner {
  const scanner = new LineScanner(ASSIGNING_FIELDS);
  const tables = new Map<string, AgencyTable>();
  let tablesOf: ReadonlyMap<string, AgencyRecord> | undefined;

  const tableOf = async (set: readonly AgencyId[]): Promise<AgencyTable> => {
    const all = await agencies.all();
    if (all !== tablesOf || tables.size >= MOST_TABLES) tables.clear();
    tablesOf = all;
    const key = set.join(' ');
    const table = tables.get(key) ?? agencyTable(set, all);
    tables.set(key, table);
    return table;
  };

  return {
    async partsOf({ agency: owner, agencies: set = [owner] }, body) {
      if (set.length <= 1) return [{ agency: owner, body }];
      const table = await tableOf(set);
      if (table.isEmpty) return [{ agency: owner, body }];
      const frame = openFrame(await unpacked(body));
      const lines = await agenciesOfLines(frame, owner, table, scanner);
      const found = new Set(lines);
      if (found.size <= 1) return [{ agency: lines[0] ?? owner, body }];
      const parts: FramePart[] = [];
      for (const agency of found) parts.push({ agency, body: await packed(partOf(frame, lines, agency)) });
      return parts;
    },
  };
}

async function unpacked(body: Uint8Array): Promise<Buffer> {
  try {
    return await unpack(body, { maxOutputLength: WIRE_LIMITS.frameBytesPlain });
  } catch (cause) {
    throw new HaidangError('HD_BATCH_MALFORMED', 'The batch is not a whole zstd frame, or it unpacks to too much.', {
      cause,
    });
  }
}

async function agenciesOfLines(
  frame: DecodedFrame,
  owner: AgencyId,
  table: AgencyTable,
  scanner: LineScanner,
): Promise<AgencyId[]> {
  const bySource = new Map<string, AgencyId | undefined>();
  const lines: AgencyId[] = [];
  for (const [at, source] of sourcesOfLines(frame.header).entries()) {
    if (!bySource.has(source)) bySource.set(source, table.ofSource(source));
    const named = bySource.get(source);
    lines.push(named ?? (table.hasNetworks ? byAddress(frame, at, owner, table, scanner) : owner));
    if (at % STRETCH === STRETCH - 1) await new Promise((resolve) => setImmediate(resolve));
  }
  return lines;
}

function byAddress(
  frame: DecodedFrame,
  at: number,
  owner: AgencyId,
  table: AgencyTable,
  scanner: LineScanner,
): AgencyId {
  const start = frame.starts[at] as number;
  const end = (frame.starts[at + 1] as number) - 1;
  const isScanned = scanner.scan(frame.text, start, end);
  const event = isScanned ? undefined : parsed(lineOfFrame(frame, at));
  if (!isScanned && !event) return owner;
  for (const [field, name] of ASSIGNING_FIELDS.entries()) {
    const value = event ? readField(event, name) : scanner.value(field);
    if (value === undefined) continue;
    for (const address of Array.isArray(value) ? value.slice(0, MOST_VALUES) : [value]) {
      const agency = typeof address === 'string' ? table.ofAddress(address) : undefined;
      if (agency !== undefined && agency !== owner) return agency;
    }
  }
  return owner;
}

function parsed(line: string): object | undefined {
  try {
    const event: unknown = JSON.parse(line);
    return event !== null && typeof event === 'object' ? event : undefined;
  } catch {
    return undefined;
  }
}

/** The frame with one agency's lines; those of others are empty, so that each keeps its place. */
function partOf({ header, text, starts }: DecodedFrame, lines: readonly AgencyId[], agency: AgencyId): Buffer {
  const head = Buffer.from(JSON.stringify({ ...header, part: true }));
  let bytes = head.length + 1 + lines.length;
  for (const [at, whose] of lines.entries()) if (whose === agency) bytes += Math.max(1, lengthOf(starts, at));
  // Line ends everywhere, and then the head and the agency's own lines between them.
  const part = Buffer.alloc(bytes, NEWLINE);
  let end = head.copy(part) + 1;
  for (const [at, whose] of lines.entries()) {
    if (whose === agency) {
      const start = starts[at] as number;
      const length = lengthOf(starts, at);
      if (length === 0) part[end++] = BLANK;
      else end += text.bytes.copy(part, end, start, start + length);
    }
    end++;
  }
  return part;
}

function lengthOf(starts: Uint32Array, at: number): number {
  return (starts[at + 1] as number) - (starts[at] as number) - 1;
}

/** Packs a part; a small one at once, as handing it to another thread and back takes longer. */
async function packed(part: Buffer): Promise<Uint8Array> {
  // A compressor that knows how little comes lays out tables that are as small.
  const options = { pledgedSrcSize: part.length, chunkSize: 16 * 1024 };
  return part.length <= SMALL_BYTES ? zstdCompressSync(part, options) : pack(part, options);
}
