import type { EcsEvent } from '../../../ecs/event.ts';
import { HaidangError } from '../../errors.ts';
import type { IncomingBatch } from '../event-store.ts';
import { type DecodedFrame, decodeFrame, isOthers, lineOfFrame, sourcesOfLines } from '../frame.ts';
import { readLine } from '../line.ts';
import { type Provenance, stamp } from '../stamp.ts';
import { type ByteSink, copyBytes, SinkPool, writeNumber } from './byte-sink.ts';
import { findable } from './document.ts';
import { LineEncoder, type SourceBytes, sourceBytes } from './line-encoder.ts';
import type { Json } from './mapping.ts';
import type { StoredDocument } from './stored-document.ts';

/** Days that a batch may be away from the server's clock. */
export interface DayLimits {
  readonly past: number;
  readonly future: number;
}

/** What the documents of a batch's events end with, up to their number. */
export function placeBytes(node: string, batch: number): Buffer {
  return Buffer.from(`,"node":${JSON.stringify(node)},"batch":${batch},"sequence":`);
}

/** One line of a frame, checked: an event ready to be numbered, or what is wrong with it. */
export type PreparedLine = PreparedEvent | PreparedLetter;

/** An event whose document is written but for its number. */
export class PreparedEvent {
  readonly kind = 'event';
  readonly line: number;
  /** Day, collector, epoch and position: the event id without its hash, which decides what is there already. */
  readonly id: string;
  readonly source: string;
  readonly #sink: ByteSink;
  readonly #start: number;
  readonly #end: number;

  /** The document lies in `sink` from `start` to before `end`, without its last two braces. */
  constructor(line: number, id: string, source: string, sink: ByteSink, start: number, end: number) {
    this.line = line;
    this.id = id;
    this.source = source;
    this.#sink = sink;
    this.#start = start;
    this.#end = end;
  }

  /** Bytes of its document at the most. */
  get size(): number {
    return this.#end - this.#start + MOST_PLACE;
  }

  /** Writes the event's document; `place` is `placeBytes` of its batch. */
  writeTo(sink: ByteSink, place: Buffer, sequence: number): void {
    sink.reserve(this.size);
    const { bytes } = sink;
    let at = sink.length + this.#sink.bytes.copy(bytes, sink.length, this.#start, this.#end);
    at = copyBytes(bytes, at, place, 0, place.length);
    at = writeNumber(bytes, at, sequence);
    bytes[at] = BRACE;
    bytes[at + 1] = BRACE;
    sink.length = at + 2;
  }

  /** The event as JSON, as its document holds it. */
  get text(): string {
    const { line, document } = JSON.parse(
      `${this.#sink.bytes.toString('utf8', this.#start, this.#end)}}}`,
    ) as StoredDocument;
    return document ?? JSON.stringify(line);
  }

  /** With its hash. */
  get eventId(): string {
    return (JSON.parse(this.text) as EcsEvent).event.id ?? '';
  }
}

/** A line that is no event. */
export interface PreparedLetter {
  readonly kind: 'letter';
  readonly line: number;
  readonly id: string;
  readonly source: string;
  readonly document: Json;
}

/** A frame opened and checked, before anything is written of it. */
export interface PreparedBatch {
  readonly batch: IncomingBatch;
  readonly day: string;
  /** Position of the frame's first and last line within its stream. */
  readonly first: number;
  readonly last: number;
  /** In order; of a part of a frame, its own lines alone. */
  readonly lines: readonly PreparedLine[];
  /** The documents of its events. */
  readonly sink: ByteSink;
}

const DAY_MS = 86_400_000;
const BRACE = 0x7d;
/** Longest line kept of a dead letter, in characters. */
const LETTER_LINE = 64 * 1024;
/** A node's name is of 64 letters and digits at the most. */
const MOST_PLACE = 160;
/** A document is about three times as long as its line. */
const GROWTH = 3;
const MOST_SINKS = 16;

/** Opens frames and writes the documents of their events, all but their numbers. */
export class FramePreparer {
  readonly #encoder = new LineEncoder();
  readonly #sinks = new SinkPool(MOST_SINKS);

  /** Opens a frame and checks all of its lines. @throws HaidangError `HD_BATCH_MALFORMED`, `HD_BATCH_DAY` */
  prepare(batch: IncomingBatch, now: number, limits: DayLimits): PreparedBatch {
    const frame = decodeFrame(batch.body);
    const { header } = frame;
    if (header.collector !== batch.collector) {
      throw new HaidangError(
        'HD_BATCH_MALFORMED',
        `The batch names collector ${header.collector}, the certificate ${batch.collector}.`,
      );
    }
    checkDay(header.day, now, limits);
    return this.#lines(batch, frame);
  }

  /** The same for a batch that was accepted before. */
  prepareAgain(batch: IncomingBatch): PreparedBatch {
    return this.#lines(batch, decodeFrame(batch.body));
  }

  /** To be called when nothing will be read of a batch any more. */
  release({ sink }: PreparedBatch): void {
    this.#sinks.give(sink);
  }

  #lines(batch: IncomingBatch, frame: DecodedFrame): PreparedBatch {
    const { header, text, starts } = frame;
    const { agency, collector, receivedAt } = batch;
    const stream = `${header.day}-${collector}-${header.epoch}-`;
    const sink = this.#sinks.take(GROWTH * text.bytes.length + 64 * 1024);
    const sources = sourcesOfLines(header);
    this.#encoder.begin(stream);
    let source = '';
    let from: Provenance | undefined;
    let common: SourceBytes | undefined;
    const lines = sources.flatMap((name, line): PreparedLine | [] => {
      if (isOthers(frame, line)) return [];
      if (!from || !common || name !== source) {
        source = name;
        from = { agency, collector, receivedAt, source };
        common = sourceBytes(from);
      }
      const position = header.first + line;
      const id = `${stream}${position}`;
      const start = sink.length;
      const at = starts[line] as number;
      const end = (starts[line + 1] as number) - 1;
      if (!this.#encoder.encode(text, at, end, position, common, sink)) {
        const wrong = writeParsed(lineOfFrame(frame, line), `${id}-`, from, sink);
        if (wrong !== undefined) {
          const document = letterOf(batch, source, position, wrong, lineOfFrame(frame, line));
          return { kind: 'letter', line, id, source, document };
        }
      }
      return new PreparedEvent(line, id, source, sink, start, sink.length);
    });
    return { batch, day: header.day, first: header.first, last: header.last, lines, sink };
  }
}

/** Writes the document of a line by parsing it; gives what is wrong with one that is no event. */
function writeParsed(line: string, idStart: string, from: Provenance, sink: ByteSink): string | undefined {
  const read = readLine(line, idStart);
  if (typeof read === 'string') return read;
  const event = stamp(read.event, from);
  const document = { ...findable(event), '@timestamp': read.ts, document: JSON.stringify(event), store: from };
  sink.text(JSON.stringify(document).slice(0, -2));
  return undefined;
}

/** The document of a line that is no event. */
export function letterOf(batch: IncomingBatch, source: string, position: number, reason: string, line: string): Json {
  const { agency, collector, receivedAt } = batch;
  return { agency, collector, at: receivedAt, source, position, reason, line: line.slice(0, LETTER_LINE) };
}

function checkDay(day: string, now: number, limits: DayLimits): void {
  const start = Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00.000Z`);
  const off = (start - Math.floor(now / DAY_MS) * DAY_MS) / DAY_MS;
  if (off >= -limits.past && off <= limits.future) return;
  const limit = off < 0 ? `${limits.past} days in the past` : `${limits.future} days in the future`;
  throw new HaidangError('HD_BATCH_DAY', `The batch is of day ${day}, more than ${limit} by this server's clock.`);
}
