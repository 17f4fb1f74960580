import { HaidangError } from '../../errors.ts';
import type { IncomingBatch } from '../event-store.ts';
import { type DecodedFrame, decodeFrame, lineOfFrame, sourcesOfLines } from '../frame.ts';
import { readLine } from '../line.ts';
import { type Provenance, stamp } from '../stamp.ts';
import { findable } from './document.ts';
import type { Json } from './mapping.ts';

/** Days that a batch may be away from the server's clock. */
export interface DayLimits {
  readonly past: number;
  readonly future: number;
}

/** One line of a frame, checked: an event ready to be numbered, or what is wrong with it. */
export type PreparedLine = PreparedEvent | PreparedLetter;

export interface PreparedEvent {
  readonly kind: 'event';
  readonly line: number;
  /** Day, collector, epoch and position: the event id without its hash, which decides what is there already. */
  readonly id: string;
  readonly eventId: string;
  readonly source: string;
  /** The event's document but for its number. */
  document(place: { readonly node: string; readonly sequence: number; readonly batch: number }): Json;
}

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
  readonly lines: readonly PreparedLine[];
}

const DAY_MS = 86_400_000;
/** Longest line kept of a dead letter, in characters. */
const LETTER_LINE = 64 * 1024;

/** Opens a frame and checks all of its lines. @throws HaidangError `HD_BATCH_MALFORMED`, `HD_BATCH_DAY` */
export function prepareBatch(batch: IncomingBatch, now: number, limits: DayLimits): PreparedBatch {
  const frame = decodeFrame(batch.body);
  const { header } = frame;
  if (header.collector !== batch.collector) {
    throw new HaidangError(
      'HD_BATCH_MALFORMED',
      `The batch names collector ${header.collector}, the certificate ${batch.collector}.`,
    );
  }
  checkDay(header.day, now, limits);
  return { batch, day: header.day, lines: linesOfFrame(batch, frame) };
}

/** The same for a batch that was accepted before. */
export function prepareAgain(batch: IncomingBatch): PreparedBatch {
  const frame = decodeFrame(batch.body);
  return { batch, day: frame.header.day, lines: linesOfFrame(batch, frame) };
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

function linesOfFrame(batch: IncomingBatch, frame: DecodedFrame): PreparedLine[] {
  const { header } = frame;
  const sources = sourcesOfLines(header);
  const stream = `${header.day}-${batch.collector}-${header.epoch}-`;
  return sources.map((source, line): PreparedLine => {
    const text = lineOfFrame(frame, line);
    const position = header.first + line;
    const read = readLine(text, `${stream}${position}-`);
    if (typeof read === 'string') {
      const document = letterOf(batch, source, position, read, text);
      return { kind: 'letter', line, id: `${stream}${position}`, source, document };
    }
    const { agency, collector, receivedAt } = batch;
    const from: Provenance = { agency, collector, receivedAt, source };
    const event = stamp(read.event, from);
    const found = findable(event);
    const document = JSON.stringify(event);
    return {
      kind: 'event',
      line,
      id: `${stream}${position}`,
      eventId: event.event.id ?? '',
      source,
      document: (place) => ({ ...found, '@timestamp': read.ts, document, store: { ...from, ...place } }),
    };
  });
}
