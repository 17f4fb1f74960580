import { randomBytes } from 'node:crypto';
import { type FrameHeader, type FrameSource, WIRE_LIMITS } from '../../ecs/wire.ts';
import type { Clock } from '../clock.ts';
import type { Ledger, SourceLedger } from '../ledger.ts';
import { Compressor } from './compress.ts';

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

/**
 * Bytes of source records in a frame. Small enough that the worst case (records that do not compress, kept as text and
 * as base64) stays under the wire's limits, and many times what a usual frame of 1,000 events holds.
 */
const FRAME_RAW_BYTES = 512 * 1024;
const FRAME_EVENTS = 1_000;

/** Room before the events for the frame's header. */
const HEADER_BYTES = 4_096;
/** Texts grow by steps of this size: twice the size would leave half of most of them empty. */
const STEP_BYTES = 256 * 1024;
const FIRST_BYTES = 2 * STEP_BYTES;
/** Texts kept to be written again; each is of the size of the largest frame it has held, up to `KEPT_BYTES`. */
const MOST_KEPT = 3;
const KEPT_BYTES = 2 * 1024 * 1024;
const NEWLINE = 10;

/**
 * Gathers events into the frame that is open. It gives each event its sequence; a frame holds one UTC day, and a batch
 * of records is never split over two frames, because the position belongs to the batch as a whole.
 */
export class FrameBuilder {
  readonly epoch = randomBytes(4).toString('hex');
  readonly #collector: string;
  readonly #clock: Clock;
  readonly #ledger: Ledger;
  readonly #compressor = new Compressor();
  readonly #kept: Buffer[] = [];
  #nextSequence = 1;
  #day = '';
  #text: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  /** Behind the last event in `#text`. */
  #end = HEADER_BYTES;
  #events = 0;
  #rawBytes = 0;
  #runs: [SourceLedger, number][] = [];

  constructor(collector: string, clock: Clock, ledger: Ledger) {
    this.#collector = collector;
    this.#clock = clock;
    this.#ledger = ledger;
  }

  get events(): number {
    return this.#events;
  }

  /** The open frame has all it may hold. */
  get isFull(): boolean {
    return this.#events >= FRAME_EVENTS || this.#rawBytes >= FRAME_RAW_BYTES;
  }

  /** True where the next batch must go to a new frame: another day, or too many events together. */
  mustCut(events: number): boolean {
    if (this.#events === 0) return false;
    return this.#events + events > WIRE_LIMITS.frameEvents || this.#day !== this.#clock.day();
  }

  /** What every event id of the next batch begins with, up to the sequence. */
  idPrefix(): string {
    if (this.#events === 0) this.#day = this.#clock.day();
    return `${this.#day}-${this.#collector}-${this.epoch}-`;
  }

  /** The sequence that the next line added will have. */
  get nextSequence(): number {
    return this.#nextSequence + this.#events;
  }

  /** Adds an event as its JSON text; a batch's events are added one by one, then `endBatch` tells whose they were. */
  add(json: string): void {
    // At most three bytes for each unit of UTF-16, and the newline.
    const most = this.#end + json.length * 3 + 1;
    if (most > this.#text.length) this.#grow(most);
    this.#end += this.#text.write(json, this.#end);
    this.#text[this.#end++] = NEWLINE;
    this.#events++;
  }

  /** Notes that the last so many events were a source's, and how many bytes it gave them in. */
  endBatch(source: SourceLedger, events: number, rawBytes: number): void {
    this.#rawBytes += rawBytes;
    const last = this.#runs.at(-1);
    if (last && last[0] === source) last[1] += events;
    else if (events > 0) this.#runs.push([source, events]);
  }

  /** Closes the open frame and begins the next; `startsSegment` makes it carry every source. */
  cut(startsSegment: boolean): CutFrame {
    const events = this.#events;
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
      day: events > 0 ? this.#day : this.#clock.day(),
      first: this.#nextSequence,
      last: this.#nextSequence + events - 1,
      spooledAt: new Date(this.#clock.now()).toISOString(),
      sources,
      runs: this.#runs.map(([source, events]) => [index.get(source) ?? -1, events] as const),
    };
    const cut: CutFrame = {
      header,
      events,
      plainBytes: this.#end - HEADER_BYTES,
      startsSegment,
      payload: this.#compress(header),
    };
    this.#nextSequence += events;
    this.#text = this.#kept.pop() ?? Buffer.allocUnsafe(FIRST_BYTES);
    this.#end = HEADER_BYTES;
    this.#events = 0;
    this.#rawBytes = 0;
    this.#runs = [];
    return cut;
  }

  async #compress(header: FrameHeader): Promise<Buffer> {
    const text = this.#text;
    const events = text.subarray(HEADER_BYTES, this.#end);
    const head = Buffer.from(`${JSON.stringify(header)}\n`);
    const before = HEADER_BYTES - head.length;
    if (before >= 0) head.copy(text, before);
    const plain = before >= 0 ? text.subarray(before, this.#end) : Buffer.concat([head, events]);
    try {
      return await this.#compressor.compress(plain);
    } finally {
      if (this.#kept.length < MOST_KEPT && text.length <= KEPT_BYTES) this.#kept.push(text);
    }
  }

  #grow(atLeast: number): void {
    const larger = Buffer.allocUnsafe(roomFor(atLeast, this.#text.length));
    this.#text.copy(larger, HEADER_BYTES, HEADER_BYTES, this.#end);
    this.#text = larger;
  }
}

/** Bytes to take where `atLeast` are needed: in steps, and a quarter more for texts so long that steps would be many. */
function roomFor(atLeast: number, before: number): number {
  return Math.ceil(Math.max(atLeast, before * 1.25) / STEP_BYTES) * STEP_BYTES;
}
