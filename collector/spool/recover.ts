import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { type FrameHeader, type FrameSource, WIRE_LIMITS } from '../../ecs/wire.ts';
import type { Log } from '../log.ts';
import { readDelivered } from './delivered.ts';
import { readSmall, type SpoolFiles } from './files.ts';
import type { Quarantine } from './quarantine.ts';
import { decodeRecordHeader, type FoundRecord, RECORD_HEADER_BYTES, scanSegment } from './record.ts';

/** One segment file. Its frames are numbered without gaps, except where damage was set aside. */
export interface Segment {
  readonly name: string;
  /** Bytes on disk for certain. */
  bytes: number;
  firstFrame: number;
  /** `firstFrame - 1` while it is empty. */
  lastFrame: number;
  events: number;
  /** When its last frame was acknowledged. */
  ackedAt: number | null;
}

/** What the folder holds at the start. */
export interface Recovered {
  readonly segments: Segment[];
  readonly sources: Map<string, FrameSource>;
  readonly nextFrame: number;
  readonly nextSegment: number;
  /** The highest frame number that the server has acknowledged. */
  readonly acked: number;
  readonly waiting: { frames: number; events: number; bytes: number };
  /** Bytes of writes that a crash cut short. */
  readonly torn: number;
}

export const SEGMENT_NAME = /^(\d{10})\.seg$/;
export const ACKED_NAME = 'acked';
/** The last restore of the server for which this spool was sent again. */
export const RESENT_NAME = 'resent';

/** Reads the header line of a frame; undefined where the payload is not a frame. */
export function readFrameHeader(payload: Buffer): FrameHeader | undefined {
  try {
    const plain = zstdDecompressSync(payload, { maxOutputLength: 2 * WIRE_LIMITS.frameBytesPlain });
    const end = plain.indexOf(10);
    return JSON.parse(plain.toString('utf8', 0, end < 0 ? plain.length : end)) as FrameHeader;
  } catch {
    return undefined;
  }
}

/**
 * Reads the spool folder after a stop or a crash. The newest segment that holds a whole record gives positions and
 * counters (its first frame carries every source); what a crash cut short behind its last record is cut off. Damage
 * elsewhere is set aside and the rest goes on. Where the end is gone that the server had acknowledged, the note beside the
 * segments gives the positions (`delivered.ts`).
 */
export async function recover(files: SpoolFiles, folder: string, quarantine: Quarantine, log: Log): Promise<Recovered> {
  const names = (await files.list(folder)).filter((entry) => SEGMENT_NAME.test(entry.name));
  names.sort((a, b) => (a.name < b.name ? 1 : -1));
  const acked = Number(((await readSmall(files, join(folder, ACKED_NAME))) ?? '0').trim()) || 0;
  const segments: Segment[] = [];
  let sources: Map<string, FrameSource> | undefined;
  const waiting = { frames: 0, events: 0, bytes: 0 };
  let torn = 0;
  let complete = false;

  for (const { name, bytes, modifiedAt } of names) {
    const path = join(folder, name);
    let highest = acked;
    const count = (number: number, events: number, size: number) => {
      // Numbers rise in a segment: one that comes again, in a file that was damaged so, is sent once.
      if (number <= highest) return;
      highest = number;
      waiting.frames++;
      waiting.events += events;
      waiting.bytes += size;
    };
    const content = await files.read(path, 0, bytes);
    let segment = complete ? walk(content, name, count) : undefined;
    if (!segment) {
      const found = [...scanSegment(content)];
      const records = found.filter((item): item is FoundRecord => item.kind === 'record');
      const tail = found.at(-1);
      const isNewest: boolean = sources === undefined;
      for (const [index, item] of found.entries()) {
        if (item.kind === 'record' || (isNewest && item === tail)) continue;
        const next = found[index + 1];
        // The server has what was damaged here; should it ask for it again, that is told then.
        if (next?.kind === 'record' && next.number <= acked + 1) continue;
        await quarantine.put(`${name}-${item.offset}`, content.subarray(item.offset, item.end), {
          reason: 'damaged',
          detail: `bytes ${item.offset} to ${item.end} of segment ${name} are not a whole record`,
          frames: 1,
          events: item.events ?? 0,
        });
      }
      let end = content.length;
      if (isNewest && tail?.kind === 'damaged') {
        end = tail.offset;
        torn += content.length - end;
        if (records.length > 0) await files.cut(path, end);
      }
      if (records.length === 0) {
        await files.remove(path);
        continue;
      }
      segment = { name, bytes: end, firstFrame: Infinity, lastFrame: -1, events: 0, ackedAt: null };
      for (const record of records) {
        extend(segment, record.number, record.events);
        count(record.number, record.events, RECORD_HEADER_BYTES + record.payload.length);
      }
      if (!complete) {
        // Older segments fill in only what damage in the newest has taken.
        sources = new Map([...collectSources(records), ...(sources ?? [])]);
        complete = records[0]?.offset === 0;
      }
    }
    if (segment.lastFrame <= acked) segment.ackedAt = modifiedAt;
    segments.unshift(segment);
  }
  await files.syncFolder(folder);

  const lastFrame = segments.at(-1)?.lastFrame ?? 0;
  const delivered = acked > lastFrame ? await readDelivered(files, folder, acked) : undefined;
  if (delivered) {
    sources = new Map(delivered.map((source) => [source.source, source]));
    log.warn({ acked, lastFrame, bytes: torn }, 'the end of the spool is damaged; the server has what it held');
  } else {
    if (torn > 0)
      log.warn({ bytes: torn }, 'the last write of the spool was cut short by a crash; its records are read again');
    if (acked > lastFrame && segments.length > 0) {
      log.error(
        { acked, lastFrame },
        'the spool ends before what the server has acknowledged: it was damaged or put back from a copy, and events after that point may be sent twice under new ids',
      );
    }
  }
  return {
    segments,
    sources: sources ?? new Map(),
    nextFrame: Math.max(lastFrame, acked) + 1,
    nextSegment: Number(names[0]?.name.slice(0, 10) ?? '0') + 1,
    acked,
    waiting,
    torn,
  };
}

function extend(segment: Segment, number: number, events: number): void {
  segment.firstFrame = Math.min(segment.firstFrame, number);
  segment.lastFrame = Math.max(segment.lastFrame, number);
  segment.events += events;
}

/** Looks at the headers alone; undefined where they do not lead from one to the next up to the end. */
function walk(
  content: Buffer,
  name: string,
  count: (number: number, events: number, size: number) => void,
): Segment | undefined {
  const segment: Segment = {
    name,
    bytes: content.length,
    firstFrame: Infinity,
    lastFrame: -1,
    events: 0,
    ackedAt: null,
  };
  const seen: [number, number, number][] = [];
  let offset = 0;
  while (offset < content.length) {
    const header = decodeRecordHeader(content.subarray(offset, offset + RECORD_HEADER_BYTES));
    const size = RECORD_HEADER_BYTES + (header?.length ?? 0);
    if (!header || offset + size > content.length) return undefined;
    extend(segment, header.number, header.events);
    seen.push([header.number, header.events, size]);
    offset += size;
  }
  if (seen.length === 0) return undefined;
  for (const entry of seen) count(...entry);
  return segment;
}

function collectSources(records: readonly FoundRecord[]): Map<string, FrameSource> {
  const sources = new Map<string, FrameSource>();
  for (const record of records) {
    for (const source of readFrameHeader(record.payload)?.sources ?? []) sources.set(source.source, source);
  }
  return sources;
}
