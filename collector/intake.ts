import type { EcsEvent } from '../ecs/event.ts';
import type { Clock } from './clock.ts';
import { contentHash } from './content-hash.ts';
import type { TimeMark } from './enrichers/clock-correction.ts';
import type { Enricher } from './enrichers/index.ts';
import type { Ledger, SourceLedger } from './ledger.ts';
import type { Log } from './log.ts';
import { FrameBuilder } from './spool/frame.ts';
import type { Spool } from './spool/spool.ts';

/** What is special about one record of a batch; goes to `haidang.*` of its event. */
export interface RecordMarks {
  /** The exact bytes, where they were not UTF-8 and the text has replacement characters. */
  readonly originalBase64?: string;
  /** Counts from 1 through the pieces of a record that was too long for one event. */
  readonly piece?: number;
  /** The sender went away in the middle of the record. */
  readonly truncated?: true;
}

/** Records of one source, in order; at most `BATCH_RECORDS` lines and, single long records aside, 256 KiB. */
export interface RecordBatch {
  readonly lines: readonly string[];
  /** By index into `lines`. */
  readonly marks?: ReadonlyMap<number, RecordMarks> | undefined;
  /** Empty lines among them: counted, not kept. */
  readonly empty: number;
  /** Bytes of the records as they came. */
  readonly bytes: number;
  /** Where to resume behind this batch; undefined for sources that cannot. */
  readonly position?: unknown;
  /** Address of the sender. */
  readonly peer?: string;
}

/** Makes an event of a record; `now` is in milliseconds, `program` is who wrote it where the input knows. */
export interface RecordParser {
  (line: string, now: number, program?: string): EcsEvent;
  /**
   * The event's JSON text at once, for lines of a form that allows it; undefined for the others. `id` is the event's, up
   * to the hash of its content.
   */
  readonly text?: (line: string, now: number, id: string) => string | undefined;
  /** The lines were dated by this machine's own clock, as far as they name this host. */
  readonly ownClock?: boolean;
  /** The event of a line whose JSON object has been read already; undefined where the line itself is needed. */
  readonly ofObject?: (object: Record<string, unknown>, line: string, now: number) => EcsEvent | undefined;
}

/** Where an input puts the records of one source. */
export interface Source {
  readonly ledger: SourceLedger;
  put(batch: RecordBatch): void;
  /** Notes a position (and counters) without records; it reaches the disk with the next frame. */
  mark(position: unknown): void;
  drop(reason: string, count: number): void;
}

export const BATCH_RECORDS = 500;
/** How long an event waits for company before its frame is cut. */
const LINGER_MS = 20;
/** The same where only counters or positions have changed. */
const LINGER_MARKS_MS = 1_000;

/** Takes records from the inputs, makes events of them and hands frames to the spool. */
export class Intake {
  readonly #spool: Spool;
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #enrich: Pick<Enricher, 'event' | 'text' | 'needsObject'> | undefined;
  readonly #frame: FrameBuilder;
  readonly #opened = new Set<string>();
  readonly #frameWaiters = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Infinity;

  /** `enrich`: what is added to events before they are spooled; nothing without it. */
  constructor(
    collector: string,
    spool: Spool,
    ledger: Ledger,
    clock: Clock,
    log: Log,
    enrich?: Pick<Enricher, 'event' | 'text' | 'needsObject'>,
  ) {
    this.#spool = spool;
    this.#ledger = ledger;
    this.#clock = clock;
    this.#log = log;
    this.#enrich = enrich;
    this.#frame = new FrameBuilder(collector, clock, ledger);
    spool.bind(ledger);
  }

  /** Random per start: part of every event id. */
  get epoch(): string {
    return this.#frame.epoch;
  }

  /** Inputs are to hold until `whenReady()`. */
  get behind(): boolean {
    return this.#spool.behind;
  }

  /** What cannot be held must be dropped, and counted. */
  get overflowing(): boolean {
    return this.#spool.overflowing;
  }

  whenReady(): Promise<void> {
    return this.#spool.whenReady();
  }

  /** True where an input reads this source already: two would count and send everything twice. */
  isOpen(name: string): boolean {
    return this.#opened.has(name);
  }

  /**
   * Resolves true when all that was put to a source so far is on disk, false after `withinMs`: who promises its sender
   * to keep what it took answers only then.
   */
  async whenDurable(source: SourceLedger, withinMs: number): Promise<boolean> {
    const wanted = source.framed;
    const end = performance.now() + withinMs;
    while (source.durable.spooled < wanted) {
      const left = end - performance.now();
      if (left <= 0) return false;
      await this.#nextFrame(left);
    }
    return true;
  }

  /** Opens a source under its name, with the counters and the position of earlier starts. */
  open(name: string, parse: RecordParser): Source {
    const ledger = this.#ledger.source(name);
    this.#opened.add(name);
    return {
      ledger,
      put: (batch) => this.#put(ledger, parse, batch),
      mark: (position) => {
        ledger.position = position;
        ledger.changed = true;
        this.#due(LINGER_MARKS_MS);
      },
      drop: (reason, count) => {
        ledger.drop(reason, count);
        ledger.lastReadAt = Date.now();
        this.#due(LINGER_MARKS_MS);
      },
    };
  }

  /** Lets sources be opened again, once every input has stopped: others take their place. */
  closeAll(): void {
    this.#opened.clear();
  }

  /** Cuts what is open and resolves when all of it is on disk. */
  async flush(): Promise<void> {
    this.#cut();
    await this.#spool.flush();
  }

  /** Resolves with the next frame on disk, or after a time; however many wait, the spool is asked once. */
  #nextFrame(withinMs: number): Promise<void> {
    if (this.#frameWaiters.size === 0) {
      this.#spool.onceFrame(() => {
        const waiters = [...this.#frameWaiters];
        this.#frameWaiters.clear();
        for (const wake of waiters) wake();
      });
    }
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(wake, withinMs);
      // Stays in the set after its time: it keeps the one question open, and goes with the next frame.
      this.#frameWaiters.add(wake);
    });
  }

  #put(ledger: SourceLedger, parse: RecordParser, batch: RecordBatch): void {
    const { lines, marks } = batch;
    if (this.#frame.mustCut(lines.length)) this.#cut();
    const now = this.#clock.now();
    const prefix = this.#frame.idPrefix();
    let sequence = this.#frame.nextSequence;
    const isOwnClock = parse.ownClock === true;
    const noText = this.#enrich?.needsObject(isOwnClock) === true;
    const peer = batch.peer === undefined ? '' : `,"haidang":{"peer":${JSON.stringify(batch.peer)}}}`;
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i] as string;
      const id = `${prefix}${sequence++}-`;
      const record = marks?.get(i);
      let text: string | undefined;
      try {
        if (record === undefined && !noText) text = withPeer(parse.text?.(line, now, id), peer);
        if (text !== undefined) text = this.#enrich?.text(text) ?? text;
        else {
          const event = parse(line, now);
          const time = this.#enrich?.event(event, now, isOwnClock);
          text = this.#encode(ledger, event, line, id, record, batch.peer, time);
        }
      } catch (error) {
        // A parser must not throw; where one does, the record is kept and the fault is logged without its content.
        this.#log.error({ err: error, source: ledger.source }, 'a parser failed; the record is kept as it came');
        const event = unparsed(line, now, 'The parser failed on this line.');
        text = this.#encode(ledger, event, line, id, record, batch.peer);
      }
      this.#frame.add(text);
    }
    this.#frame.endBatch(ledger, lines.length, batch.bytes);
    ledger.framed += lines.length;
    if (batch.empty > 0) ledger.drop('empty', batch.empty);
    if (batch.position !== undefined) ledger.position = batch.position;
    ledger.changed = true;
    ledger.lastReadAt = Date.now();
    if (this.#frame.isFull) this.#cut();
    else this.#due(lines.length > 0 ? LINGER_MS : LINGER_MARKS_MS);
  }

  #encode(
    ledger: SourceLedger,
    event: EcsEvent,
    line: string,
    id: string,
    marks: RecordMarks | undefined,
    peer: string | undefined,
    time?: TimeMark | undefined,
  ): string {
    const text = encodeEvent(event, line, id, marks, peer, time);
    if (event.event.kind === 'pipeline_error') ledger.unparsed++;
    return text;
  }

  #due(afterMs: number): void {
    const dueAt = Date.now() + afterMs;
    if (dueAt >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => this.#cut(), afterMs);
  }

  #cut(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dueAt = Infinity;
    if (this.#frame.events === 0) {
      let changed = false;
      for (const source of this.#ledger.all()) changed ||= source.changed;
      if (!changed) return;
    }
    this.#spool.push(this.#frame.cut(this.#spool.wantsStart));
  }
}

/** A text that was written at once, with its sender behind it: no such text says anything under `haidang` itself. */
function withPeer(text: string | undefined, peer: string): string | undefined {
  return text === undefined || peer === '' ? text : text.slice(0, -1) + peer;
}

/** The event of a record that no parser understood. */
export function unparsed(line: string, now: number, reason: string): EcsEvent {
  return {
    '@timestamp': new Date(now).toISOString(),
    event: { kind: 'pipeline_error', original: line },
    message: line,
    error: { message: reason },
  };
}

function encodeEvent(
  event: EcsEvent,
  line: string,
  id: string,
  marks: RecordMarks | undefined,
  peer: string | undefined,
  time: TimeMark | undefined,
): string {
  const original = event.event.original ?? line;
  event.event.original = original;
  event.event.id = id + contentHash(original);
  const own = ownFields(event['haidang']);
  if (marks !== undefined || peer !== undefined || own !== undefined || time !== undefined) {
    event['haidang'] = {
      ...own,
      ...(peer === undefined ? {} : { peer }),
      ...(time === undefined ? {} : { time }),
      ...(marks?.originalBase64 === undefined ? {} : { original_base64: marks.originalBase64 }),
      ...(marks?.piece === undefined ? {} : { piece: marks.piece }),
      ...(marks?.truncated === undefined ? {} : { truncated: true }),
    };
  } else if (event['haidang'] !== undefined) {
    // Ours alone: a log line may not pretend to it.
    delete event['haidang'];
  }
  return JSON.stringify(event);
}

/** What a parser may say under `haidang`: how often a line was repeated, and keys that clash with ECS. */
function ownFields(given: unknown): Record<string, unknown> | undefined {
  if (given === null || typeof given !== 'object') return undefined;
  const { json, repeated } = given as { json?: unknown; repeated?: unknown };
  const own: Record<string, unknown> = {};
  if (json !== null && typeof json === 'object') own['json'] = json;
  if (typeof repeated === 'number') own['repeated'] = repeated;
  return Object.keys(own).length > 0 ? own : undefined;
}
