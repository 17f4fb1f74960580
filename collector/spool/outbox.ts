import { join } from 'node:path';
import type { FrameSource } from '../../ecs/wire.ts';
import type { Log } from '../log.ts';
import { noteDelivered } from './delivered.ts';
import type { SpoolFiles } from './files.ts';
import type { Quarantine } from './quarantine.ts';
import { decodeRecordHeader, RECORD_HEADER_BYTES, readRecord, scanSegment } from './record.ts';
import { ACKED_NAME, type Recovered, readFrameHeader, type Segment } from './recover.ts';
import type { DurableFrame } from './writer.ts';

/** A frame to send. */
export interface StoredFrame {
  readonly number: number;
  readonly events: number;
  readonly payload: Buffer;
}

/** Of what was written last, so that it is not read again where the server keeps up. */
const CACHE_BYTES = 1 * 1024 * 1024;
const MARK_EVERY_MS = 200;

/**
 * The reading side of the spool: frames in order for the output, what is acknowledged, and which segments may go.
 * Acknowledged segments are kept for a while, so that the server can ask again after a restore.
 */
export class Outbox {
  readonly #files: SpoolFiles;
  readonly #folder: string;
  readonly #quarantine: Quarantine;
  readonly #log: Log;
  readonly #keepMs: number;
  readonly #durableSources: () => readonly FrameSource[];
  readonly #segments: Segment[];
  readonly #cache = new Map<number, DurableFrame>();
  #cacheBytes = 0;
  #acked: number;
  #waiting: Recovered['waiting'];
  /** Highest number of a frame set aside: there is nothing to find up to it. */
  #skipped = 0;
  #at: { number: number; segment: Segment; offset: number } | undefined;
  #markTimer: NodeJS.Timeout | undefined;
  #marking: Promise<void> = Promise.resolve();

  /** `durableSources`: every source as the last frame on disk has it. */
  constructor(
    files: SpoolFiles,
    folder: string,
    recovered: Recovered,
    quarantine: Quarantine,
    keepMs: number,
    durableSources: () => readonly FrameSource[],
    log: Log,
  ) {
    this.#files = files;
    this.#folder = folder;
    this.#segments = recovered.segments;
    this.#acked = recovered.acked;
    this.#waiting = { ...recovered.waiting };
    this.#quarantine = quarantine;
    this.#keepMs = keepMs;
    this.#durableSources = durableSources;
    this.#log = log;
  }

  /** Number of the last frame that the server has. */
  get acked(): number {
    return this.#acked;
  }

  get waiting(): Readonly<Recovered['waiting']> {
    return this.#waiting;
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  addSegment(segment: Segment): void {
    this.#segments.push(segment);
  }

  /** Takes in frames that have just reached the disk. */
  add(frame: DurableFrame): void {
    this.#waiting.frames++;
    this.#waiting.events += frame.events;
    this.#waiting.bytes += frame.payload.length + RECORD_HEADER_BYTES;
    if (this.#cacheBytes >= CACHE_BYTES) return;
    this.#cache.set(frame.number, frame);
    this.#cacheBytes += frame.payload.length;
  }

  /** True where there is a frame after the given number. */
  hasAfter(number: number): boolean {
    return (this.#segments.at(-1)?.lastFrame ?? 0) > Math.max(number, this.#skipped);
  }

  /** The first frame after the given number; undefined where there is none yet. Damage on the way is set aside. */
  async frameAfter(after: number): Promise<StoredFrame | undefined> {
    for (;;) {
      const number = Math.max(after, this.#skipped);
      const cached = this.#cache.get(number + 1);
      if (cached) {
        this.#follow(cached);
        return cached;
      }
      const at = this.#locate(number);
      if (!at) return undefined;
      const found = await this.#readAt(at);
      if (!found) continue;
      this.#at = { number: found.number, segment: at.segment, offset: found.end };
      if (found.number > number) return found;
    }
  }

  /** Counts a frame as delivered (or set aside); frames are acknowledged in order. */
  ack(frame: StoredFrame): void {
    if (frame.number <= this.#acked) return;
    this.#acked = frame.number;
    this.#waiting.frames = Math.max(0, this.#waiting.frames - 1);
    this.#waiting.events = Math.max(0, this.#waiting.events - frame.events);
    this.#waiting.bytes = Math.max(0, this.#waiting.bytes - frame.payload.length - RECORD_HEADER_BYTES);
    const cached = this.#cache.get(frame.number);
    if (cached) {
      this.#cache.delete(frame.number);
      this.#cacheBytes -= cached.payload.length;
    }
    this.#markTimer ??= setTimeout(() => void this.#mark(), MARK_EVERY_MS);
  }

  /**
   * Takes back the acknowledgement of every segment that was not acknowledged as a whole before a time (by this machine's
   * clock); durable when it resolves. Gives how many events will be sent again.
   */
  async rewind(since: number): Promise<number> {
    const from = this.#segments.findIndex(({ ackedAt }) => ackedAt === null || ackedAt >= since);
    const again = from < 0 ? [] : this.#segments.slice(from).filter(({ firstFrame }) => Number.isFinite(firstFrame));
    const first = again[0];
    if (!first || first.firstFrame > this.#acked) return 0;
    const before = this.#waiting.events;
    this.#acked = first.firstFrame - 1;
    this.#skipped = 0;
    this.#at = undefined;
    this.#waiting = { frames: 0, events: 0, bytes: 0 };
    for (const segment of again) {
      segment.ackedAt = null;
      this.#waiting.frames += segment.lastFrame - segment.firstFrame + 1;
      this.#waiting.events += segment.events;
      this.#waiting.bytes += segment.bytes;
    }
    await this.#mark(true);
    return this.#waiting.events - before;
  }

  /** Removes acknowledged segments, oldest first: those past their time, and as many more as `need` bytes ask for. */
  async sweep(need = 0): Promise<void> {
    let freed = 0;
    while (this.#segments.length > 1) {
      const oldest = this.#segments[0] as Segment;
      const done = oldest.lastFrame <= this.#acked;
      const old = oldest.ackedAt !== null && oldest.ackedAt + this.#keepMs < Date.now();
      if (!done || !(old || freed < need)) return;
      this.#segments.shift();
      await this.#files.remove(join(this.#folder, oldest.name));
      freed += oldest.bytes;
    }
  }

  async close(): Promise<void> {
    if (this.#markTimer) await this.#mark();
    await this.#marking;
  }

  /** The mark may be lost in a crash: frames sent again are known to the server by their ids. */
  #mark(durable = false): Promise<void> {
    clearTimeout(this.#markTimer);
    this.#markTimer = undefined;
    this.#marking = this.#marking.then(async () => {
      try {
        const acked = this.#acked;
        // Before the mark: the note counts only beside the mark of the same frame.
        if (this.#segments.at(-1)?.lastFrame === acked)
          await noteDelivered(this.#files, this.#folder, acked, this.#durableSources());
        await this.#files.replace(join(this.#folder, ACKED_NAME), `${acked}\n`, durable);
        for (const segment of this.#segments) {
          if (segment.ackedAt !== null || segment.lastFrame > this.#acked) continue;
          segment.ackedAt = Date.now();
          await this.#files.touch(join(this.#folder, segment.name));
        }
      } catch (error) {
        this.#log.warn(
          { err: error },
          'could not note what the server has acknowledged; it may be sent again after a restart',
        );
      }
    });
    return this.#marking;
  }

  #follow(frame: DurableFrame): void {
    const size = RECORD_HEADER_BYTES + frame.payload.length;
    const at = this.#at;
    if (at && at.segment === frame.segment && at.number === frame.number - 1) {
      this.#at = { number: frame.number, segment: at.segment, offset: at.offset + size };
    } else if (frame.segment.firstFrame === frame.number) {
      this.#at = { number: frame.number, segment: frame.segment, offset: size };
    } else this.#at = undefined;
  }

  #locate(number: number): { segment: Segment; offset: number } | undefined {
    const at = this.#at;
    if (at && at.number <= number && at.offset < at.segment.bytes) return at;
    const segment = this.#segments.find((candidate) => candidate.lastFrame > number);
    return segment && { segment, offset: at?.segment === segment && at.number <= number ? at.offset : 0 };
  }

  async #readAt(at: { segment: Segment; offset: number }): Promise<(StoredFrame & { end: number }) | undefined> {
    const path = join(this.#folder, at.segment.name);
    const { bytes: limit } = at.segment;
    const head = decodeRecordHeader(await this.#files.read(path, at.offset, RECORD_HEADER_BYTES));
    if (head && at.offset + RECORD_HEADER_BYTES + head.length <= limit) {
      const size = RECORD_HEADER_BYTES + head.length;
      const record = readRecord(await this.#files.read(path, at.offset, size), 0);
      if (record) {
        return { number: record.number, events: record.events, payload: record.payload, end: at.offset + size };
      }
    }
    await this.#setAside(path, at);
    return undefined;
  }

  /** Sets a damaged stretch aside and goes on behind it. */
  async #setAside(path: string, at: { segment: Segment; offset: number }): Promise<void> {
    const { segment, offset } = at;
    const rest = await this.#files.read(path, offset, segment.bytes - offset);
    let end = rest.length;
    let next: StoredFrame | undefined;
    let events: number | undefined;
    for (const item of scanSegment(rest)) {
      if (item.kind === 'damaged') {
        events ??= item.events;
        continue;
      }
      end = item.offset;
      next = item;
      break;
    }
    const before = this.#at?.number ?? this.#acked;
    const lastLost = next ? next.number - 1 : segment.lastFrame;
    // What the server has is not lost here.
    if (lastLost > this.#acked) {
      const frames = Math.max(1, lastLost - Math.max(before, segment.firstFrame - 1));
      const lost = frames === 1 ? (events ?? 0) : ((await this.#eventsBetween(segment, offset, next)) ?? events ?? 0);
      await this.#quarantine.put(`${segment.name}-${offset}`, rest.subarray(0, end), {
        reason: 'damaged',
        detail: `bytes ${offset} to ${offset + end} of segment ${segment.name} do not match their checksum`,
        frames,
        events: lost,
      });
      this.#waiting.frames = Math.max(0, this.#waiting.frames - frames);
      this.#waiting.events = Math.max(0, this.#waiting.events - lost);
      this.#waiting.bytes = Math.max(0, this.#waiting.bytes - end);
    }
    this.#skipped = Math.max(this.#skipped, before, lastLost);
    this.#at = { number: Math.max(before, lastLost), segment, offset: offset + end };
  }

  /** How many events lie between two whole frames of one epoch, by their sequences. */
  async #eventsBetween(segment: Segment, offset: number, next: StoredFrame | undefined): Promise<number | undefined> {
    if (!next || offset === 0) return undefined;
    const start = await this.#files.read(join(this.#folder, segment.name), 0, offset);
    let previous: Buffer | undefined;
    for (const item of scanSegment(start)) if (item.kind === 'record') previous = item.payload;
    const before = previous && readFrameHeader(previous);
    const after = readFrameHeader(next.payload);
    return before && after && before.epoch === after.epoch ? after.first - before.last - 1 : undefined;
  }
}
