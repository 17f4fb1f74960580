import { hash } from 'node:crypto';
import type { BatchPlace } from '../store/embedded/day-reader.ts';
import { type DecodedFrame, lineOfFrame } from '../store/frame.ts';
import { contentHash, type DayContents } from './day-contents.ts';
import { type Finding, naming } from './findings.ts';
import type { ListedBatch } from './list.ts';

/** One batch in its day. */
export interface BatchAt {
  readonly day: string;
  readonly contents: DayContents;
  readonly batch: BatchPlace;
}

/** Compares a batch with what was signed of it. */
export function verifySigned(at: BatchAt, signed: ListedBatch): Finding[] {
  const frame = openFrame(at);
  if (typeof frame === 'string') return [unreadable(at, frame)];
  const findings: Finding[] = [];
  if (contentHash(at.batch, frame) !== signed.content) findings.push(changed(at, frame));
  if (at.contents.rowsHash(at.batch) !== signed.rows) findings.push(rowsChanged(at, frame));
  return findings;
}

/** Checks a batch against itself: rows against frame, ids against content. For what is not signed yet. */
export function verifyInside(at: BatchAt): Finding[] {
  const { batch, day, contents } = at;
  const frame = openFrame(at);
  if (typeof frame === 'string') return [unreadable(at, frame)];
  const { header } = frame;
  const fits =
    header.day === day &&
    `${header.collector}-${header.epoch}` === batch.stream &&
    header.first === batch.frameFirst &&
    header.last === batch.frameLast &&
    header.collector === batch.collector;
  const findings: Finding[] = [];
  if (!fits) {
    findings.push({
      kind: 'batch-changed',
      day,
      batch: batch.first,
      ...naming(idsOf(at, frame, linesOf(at))),
      message: `Batch ${batch.first} names another collector, stream or place than its frame.`,
    });
  }
  const lines = linesOf(at);
  const rowLines = contents.rowLines(batch);
  if (rowLines.length !== lines.length || rowLines.some((line, index) => line !== lines[index])) {
    findings.push(rowsChanged(at, frame));
  }
  const wrong = lines.filter((line) => !idFits(at, frame, line));
  if (wrong.length > 0) {
    findings.push({
      kind: 'event-changed',
      day,
      batch: batch.first,
      ...naming(idsOf(at, frame, wrong)),
      message: `Events of batch ${batch.first} do not match the content that their ids were made of: ${wrong.length}.`,
    });
  }
  return findings;
}

/** Ids of events that are gone with their batch, as far as the list knows them. */
export function idsOfListed(day: string, { first, last, stream, frameFirst }: ListedBatch): string[] {
  return Array.from({ length: Math.min(last - first + 1, 2_000) }, (_, at) => `${day}-${stream}-${frameFirst + at}-*`);
}

function openFrame({ contents, batch }: BatchAt): DecodedFrame | string {
  try {
    return contents.frame(batch);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function unreadable({ day, batch }: BatchAt, reason: string): Finding {
  const { first, last, stream, frameFirst } = batch;
  const ids = idsOfListed(day, { first, last, stream, frameFirst, content: '', rows: '' });
  return {
    kind: 'batch-changed',
    day,
    batch: first,
    ...naming(ids),
    message: `Batch ${first} cannot be read: ${reason}`,
  };
}

function changed(at: BatchAt, frame: DecodedFrame): Finding {
  const { day, batch } = at;
  const lines = linesOf(at);
  const wrong = lines.filter((line) => !idFits(at, frame, line));
  const what =
    wrong.length > 0
      ? `events in it do not match their ids any more (${wrong.length})`
      : 'who sent it, when, or a field beside the original line is another; any of its events may be meant';
  return {
    kind: 'batch-changed',
    day,
    batch: batch.first,
    ...naming(idsOf(at, frame, wrong.length > 0 ? wrong : lines)),
    message: `Batch ${batch.first} is not the one that was signed: ${what}.`,
  };
}

function rowsChanged(at: BatchAt, frame: DecodedFrame): Finding {
  const { contents, batch, day } = at;
  const present = new Set(contents.rowLines(batch));
  const missing = linesOf(at).filter((line) => !present.has(line));
  const what =
    missing.length > 0
      ? `events without a row are not found by searches (${missing.length})`
      : 'rows were moved, added, or have another time';
  return {
    kind: 'rows-changed',
    day,
    batch: batch.first,
    ...naming(idsOf(at, frame, missing.length > 0 ? missing : linesOf(at))),
    message: `The rows of batch ${batch.first} were changed: ${what}.`,
  };
}

/** Lines of the frame that were stored, in order of sequence. */
function linesOf({ batch }: BatchAt): number[] {
  if (batch.lines) return [...batch.lines];
  return Array.from({ length: batch.last - batch.first + 1 }, (_, at) => at);
}

function idsOf(at: BatchAt, frame: DecodedFrame, lines: readonly number[]): string[] {
  return lines.map((line) => eventOf(frame, line)?.id ?? `${prefixOf(at, line)}*`);
}

function prefixOf({ day, batch }: BatchAt, line: number): string {
  return `${day}-${batch.stream}-${batch.frameFirst + line}-`;
}

/** Whether a line's id has its place and, as far as it can be told, the hash of the original line. */
function idFits(at: BatchAt, frame: DecodedFrame, line: number): boolean {
  const event = eventOf(frame, line);
  const prefix = prefixOf(at, line);
  if (!event?.id?.startsWith(prefix)) return false;
  return event.original === undefined || event.id === prefix + hash('sha256', event.original).slice(0, 12);
}

function eventOf(
  frame: DecodedFrame,
  line: number,
): { id: string | undefined; original: string | undefined } | undefined {
  try {
    const parsed = JSON.parse(lineOfFrame(frame, line)) as { event?: { id?: unknown; original?: unknown } };
    const { id, original } = parsed.event ?? {};
    return {
      id: typeof id === 'string' ? id.slice(0, 100) : undefined,
      original: typeof original === 'string' ? original : undefined,
    };
  } catch {
    return undefined;
  }
}
