import { join } from 'node:path';
import type { FrameSource } from '../../ecs/wire.ts';
import { reasonOf, systemCode } from '../errors.ts';
import type { Log } from '../log.ts';
import { compressOnce } from './compress.ts';
import type { SpoolFile, SpoolFiles } from './files.ts';
import type { CutFrame } from './frame.ts';
import { encodeRecordHeader, RECORD_HEADER_BYTES } from './record.ts';
import type { Segment } from './recover.ts';

/** A frame that is on disk. */
export interface DurableFrame {
  readonly number: number;
  readonly events: number;
  readonly payload: Buffer;
  readonly segment: Segment;
}

/** What the writer asks of the spool around it. */
export interface WriterHost {
  /** Every source as the last frame on disk has it. */
  durableSources(): FrameSource[];
  /** Makes room for so many bytes, or says why there is none. */
  room(bytes: number): Promise<string | undefined>;
  /** The disk has no room left: lets go of what is acknowledged, the oldest first. */
  onFull(): Promise<void>;
  /** Frames have reached the disk, in order. */
  onDurable(frames: readonly { readonly cut: CutFrame | undefined; readonly stored: DurableFrame }[]): void;
  /** A segment's first frames are about to be announced. */
  onNewSegment(segment: Segment): void;
  /** The queue has become shorter, or `full` has changed. */
  onProgress(): void;
}

export const SEGMENT_BYTES = 8 * 1024 * 1024;
const GROUP_BYTES = 4 * 1024 * 1024;
const GROUP_FRAMES = 64;
const RETRY_MS = 500;

/**
 * Writes frames to segments: what is ready goes out in one write and one fdatasync. It never gives up: while the disk
 * is full or failing it holds what it has and tries again, and the inputs wait behind it.
 */
export class SpoolWriter {
  readonly #files: SpoolFiles;
  readonly #folder: string;
  readonly #host: WriterHost;
  readonly #log: Log;
  readonly #queue: CutFrame[] = [];
  readonly #compressed = new WeakSet<CutFrame>();
  #queuedBytes = 0;
  #nextFrame: number;
  #nextSegment: number;
  #file: SpoolFile | undefined;
  #segment: Segment | undefined;
  #running = false;
  #idle: (() => void)[] = [];
  #full: string | undefined;
  #closing = false;
  #wake: (() => void) | undefined;

  constructor(
    files: SpoolFiles,
    folder: string,
    start: { nextFrame: number; nextSegment: number },
    host: WriterHost,
    log: Log,
  ) {
    this.#files = files;
    this.#folder = folder;
    this.#nextFrame = start.nextFrame;
    this.#nextSegment = start.nextSegment;
    this.#host = host;
    this.#log = log;
  }

  /** Bytes of JSON that wait for the disk. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Why nothing can be written now, or undefined. */
  get full(): string | undefined {
    return this.#full;
  }

  push(frame: CutFrame): void {
    // A rejection is dealt with when the frame's turn comes; until then it must not count as unhandled.
    frame.payload.then(
      () => this.#compressed.add(frame),
      () => undefined,
    );
    this.#queue.push(frame);
    this.#queuedBytes += frame.plainBytes;
    if (!this.#running) void this.#run();
  }

  /** Resolves when all that was pushed is on disk. */
  flush(): Promise<void> {
    if (!this.#running) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Tries again now what waits for room. */
  wake(): void {
    this.#wake?.();
  }

  /** Stops writing; frames still waiting are given up (their records are read again at the next start). */
  async close(): Promise<void> {
    this.#closing = true;
    this.wake();
    await this.flush();
    await this.#file?.close();
    this.#file = undefined;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#queue.length > 0 && !this.#closing) {
      const group = await this.#takeGroup();
      while (!(await this.#tryCommit(group)) && !this.#closing) await this.#pause();
      for (const { cut } of group) this.#queuedBytes -= cut.plainBytes;
      this.#host.onProgress();
    }
    this.#running = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #takeGroup(): Promise<{ cut: CutFrame; payload: Buffer }[]> {
    const group: { cut: CutFrame; payload: Buffer }[] = [];
    let bytes = 0;
    while (group.length < GROUP_FRAMES && bytes < GROUP_BYTES) {
      const head = this.#queue[0];
      if (!head || (group.length > 0 && (head.startsSegment || !this.#compressed.has(head)))) break;
      this.#queue.shift();
      const payload = await head.payload;
      bytes += payload.length;
      group.push({ cut: head, payload });
    }
    return group;
  }

  async #pause(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, RETRY_MS);
    });
    clearTimeout(timer);
    this.#wake = undefined;
  }

  async #tryCommit(group: readonly { cut: CutFrame; payload: Buffer }[]): Promise<boolean> {
    try {
      const bytes = group.reduce((sum, { payload }) => sum + payload.length + RECORD_HEADER_BYTES, 0);
      const none = await this.#host.room(bytes);
      if (none !== undefined) {
        this.#setFull(none);
        return false;
      }
      const frames: { cut: CutFrame | undefined; events: number; payload: Buffer }[] = group.map(
        ({ cut, payload }) => ({
          cut,
          events: cut.events,
          payload,
        }),
      );
      if (group[0]?.cut.startsSegment || !this.#file) {
        await this.#openSegment();
        if (!group[0]?.cut.startsSegment) frames.unshift(await this.#restatement(group[0]?.cut as CutFrame));
      }
      await this.#write(frames);
      this.#setFull(undefined);
      return true;
    } catch (error) {
      await this.#afterFailure(error);
      return false;
    }
  }

  async #write(frames: readonly { cut: CutFrame | undefined; events: number; payload: Buffer }[]): Promise<void> {
    const file = this.#file as SpoolFile;
    const segment = this.#segment as Segment;
    let number = this.#nextFrame;
    const parts = frames.flatMap(({ payload, events }) => [encodeRecordHeader(number++, events, payload), payload]);
    await file.append(parts);
    await file.sync();
    if (segment.bytes === 0) {
      await this.#files.syncFolder(this.#folder);
      this.#host.onNewSegment(segment);
    }
    const stored = frames.map(({ cut, events, payload }) => {
      const frame: DurableFrame = { number: this.#nextFrame++, events, payload, segment };
      segment.bytes += payload.length + RECORD_HEADER_BYTES;
      segment.firstFrame = Math.min(segment.firstFrame, frame.number);
      segment.lastFrame = frame.number;
      segment.events += events;
      return { cut, stored: frame };
    });
    this.#host.onDurable(stored);
  }

  async #openSegment(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    const name = `${String(this.#nextSegment).padStart(10, '0')}.seg`;
    this.#file = await this.#files.create(join(this.#folder, name));
    this.#nextSegment++;
    this.#segment = { name, bytes: 0, firstFrame: Infinity, lastFrame: -1, events: 0, ackedAt: null };
  }

  /** A frame without events that repeats every source, for a segment begun out of turn. */
  async #restatement(before: CutFrame): Promise<{ cut: undefined; events: number; payload: Buffer }> {
    const { first, ...rest } = before.header;
    const header = { ...rest, first, last: first - 1, sources: this.#host.durableSources(), runs: [] };
    return { cut: undefined, events: 0, payload: await compressOnce(Buffer.from(`${JSON.stringify(header)}\n`)) };
  }

  async #afterFailure(error: unknown): Promise<void> {
    const code = systemCode(error);
    const isFull = code === 'ENOSPC' || code === 'EDQUOT';
    this.#setFull(isFull ? 'the disk is full' : `the disk fails: ${reasonOf(error)}`);
    if (isFull) await this.#host.onFull().catch(() => undefined);
    const file = this.#file;
    const segment = this.#segment;
    if (!file || !segment) return;
    // After a failed fdatasync the system may call lost pages clean, so the file is not written to again.
    this.#file = undefined;
    try {
      await file.truncate(segment.bytes);
      await file.close();
      if (segment.bytes === 0) await this.#files.remove(join(this.#folder, segment.name));
    } catch (second) {
      this.#log.debug({ err: second }, 'could not tidy the segment that failed; the next start does');
    }
  }

  #setFull(reason: string | undefined): void {
    if (reason === this.#full) return;
    const before = this.#full;
    this.#full = reason;
    if (reason !== undefined) this.#log.error({ reason }, 'the spool cannot write; inputs wait until there is room');
    else if (before !== undefined) this.#log.info('the spool writes again');
    this.#host.onProgress();
  }
}
