import { randomBytes } from 'node:crypto';
import { constants, zstdCompress } from 'node:zlib';
import { type FrameHeader, type FrameSource, WIRE_LIMITS } from '../../ecs/wire.ts';
import type { Clock } from '../clock.ts';
import type { Ledger, SourceLedger } from '../ledger.ts';

/** A frame that has been cut and waits for the disk. */
export interface CutFrame {
  readonly header: FrameHeader;
  readonly events: number;
  readonly plainBytes: number;
  /** Carries every source, so that the segment it begins can be understood alone. */
  readonly startsSegment: boolean;
  /** The frame as it is stored and travels. */
  readonly payload: Promise<Buffer>;
}

const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 2 } };
/**
 * Bytes of source records in a frame. Small enough that the worst case (records that do not compress, kept as text and
 * as base64) stays under the wire's limits, and many times what a usual frame of 1,000 events holds.
 */
const FRAME_RAW_BYTES = 512 * 1024;
const FRAME_EVENTS = 1_000;

/** Compresses a frame on the thread pool. */
export function compressFrame(header: FrameHeader, lines: readonly string[]): Promise<Buffer> {
  const plain = `${JSON.stringify(header)}\n${lines.length === 0 ? '' : `${lines.join('\n')}\n`}`;
  return new Promise((resolve, reject) => {
    zstdCompress(Buffer.from(plain), ZSTD, (error, payload) => (error ? reject(error) : resolve(payload)));
  });
}

/**
 * Gathers events into the frame that is open. It gives each event its sequence; a frame holds one UTC day, and a batch
 * of records is never split over two frames, because the position belongs to the batch as a whole.
 */
export class FrameBuilder {
  readonly epoch = randomBytes(4).toString('hex');
  readonly #collector: string;
  readonly #clock: Clock;
  readonly #ledger: Ledger;
  #nextSequence = 1;
  #day = '';
  #lines: string[] = [];
  #plainBytes = 0;
  #rawBytes = 0;
  #runs: [SourceLedger, number][] = [];

  constructor(collector: string, clock: Clock, ledger: Ledger) {
    this.#collector = collector;
    this.#clock = clock;
    this.#ledger = ledger;
  }

  get events(): number {
    return this.#lines.length;
  }

  /** The open frame has all it may hold. */
  get isFull(): boolean {
    return this.#lines.length >= FRAME_EVENTS || this.#rawBytes >= FRAME_RAW_BYTES;
  }

  /** True where the next batch must go to a new frame: another day, or too many events together. */
  mustCut(events: number): boolean {
    if (this.#lines.length === 0) return false;
    return this.#lines.length + events > WIRE_LIMITS.frameEvents || this.#day !== this.#clock.day();
  }

  /** What every event id of the next batch begins with, up to the sequence. */
  idPrefix(): string {
    if (this.#lines.length === 0) this.#day = this.#clock.day();
    return `${this.#day}-${this.#collector}-${this.epoch}-`;
  }

  /** The sequence that the next line added will have. */
  get nextSequence(): number {
    return this.#nextSequence + this.#lines.length;
  }

  /** Adds a batch's events, each one line of JSON. */
  add(source: SourceLedger, lines: readonly string[], rawBytes: number): void {
    for (const line of lines) {
      this.#lines.push(line);
      this.#plainBytes += line.length;
    }
    this.#rawBytes += rawBytes;
    const last = this.#runs.at(-1);
    if (last && last[0] === source) last[1] += lines.length;
    else if (lines.length > 0) this.#runs.push([source, lines.length]);
  }

  /** Closes the open frame and begins the next; `startsSegment` makes it carry every source. */
  cut(startsSegment: boolean): CutFrame {
    const lines = this.#lines;
    const sources: FrameSource[] = [];
    const index = new Map<SourceLedger, number>();
    for (const source of this.#ledger.all()) {
      if (!startsSegment && !source.changed) continue;
      index.set(source, sources.length);
      sources.push(source.snapshot());
      source.changed = false;
    }
    const header: FrameHeader = {
      version: 1,
      collector: this.#collector,
      epoch: this.epoch,
      day: lines.length > 0 ? this.#day : this.#clock.day(),
      first: this.#nextSequence,
      last: this.#nextSequence + lines.length - 1,
      spooledAt: new Date(this.#clock.now()).toISOString(),
      sources,
      runs: this.#runs.map(([source, events]) => [index.get(source) ?? -1, events] as const),
    };
    const cut: CutFrame = {
      header,
      events: lines.length,
      plainBytes: this.#plainBytes,
      startsSegment,
      payload: compressFrame(header, lines),
    };
    this.#nextSequence += lines.length;
    this.#lines = [];
    this.#plainBytes = 0;
    this.#rawBytes = 0;
    this.#runs = [];
    return cut;
  }
}
