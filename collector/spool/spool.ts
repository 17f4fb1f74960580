import { join } from 'node:path';
import type { CollectorStatus, FrameSource } from '../../ecs/wire.ts';
import type { Ledger } from '../ledger.ts';
import type { Log } from '../log.ts';
import { readSmall, type SpoolFiles } from './files.ts';
import type { CutFrame } from './frame.ts';
import { Outbox, type StoredFrame } from './outbox.ts';
import { Quarantine } from './quarantine.ts';
import { RESENT_NAME, type Recovered, recover, type Segment } from './recover.ts';
import { SEGMENT_BYTES, SpoolWriter } from './writer.ts';

/** What a spool is opened with. */
export interface SpoolOptions {
  readonly folder: string;
  readonly files: SpoolFiles;
  readonly log: Log;
  /** Most bytes of all segments together; undefined: 10 GiB or a fifth of the free disk, whichever is less. */
  readonly maxBytes?: number | undefined;
  /** How long acknowledged segments stay, milliseconds. */
  readonly keepMs?: number;
  readonly segmentBytes?: number;
}

const KEEP_MS = 48 * 3_600_000;
const SWEEP_MS = 60_000;
const DEFAULT_MAX_BYTES = 10 * 1024 ** 3;
/** JSON bytes that may wait for the disk before the inputs are held. */
const BEHIND_BYTES = 1 * 1024 * 1024;
/** The same for what cannot be held (UDP). */
const OVERFLOW_BYTES = 16 * 1024 * 1024;

/** The disk buffer between inputs and server: frames in, durable; frames out, in order; nothing kept twice. */
export class Spool {
  readonly #recovered: Recovered;
  readonly #quarantine: Quarantine;
  readonly #outbox: Outbox;
  readonly #writer: SpoolWriter;
  readonly #segmentBytes: number;
  readonly #files: SpoolFiles;
  readonly #folder: string;
  readonly #log: Log;
  readonly #sweepTimer: NodeJS.Timeout;
  #ledger: Ledger | undefined;
  #startCut = false;
  #segment: Segment | undefined;
  #ready: (() => void)[] = [];
  #frameWaiters: (() => void)[] = [];

  readonly #maxBytes: number;

  private constructor(options: SpoolOptions, recovered: Recovered, quarantine: Quarantine, maxBytes: number) {
    this.#maxBytes = maxBytes;
    const { files, folder, log } = options;
    this.#files = files;
    this.#folder = folder;
    this.#log = log;
    this.#recovered = recovered;
    this.#quarantine = quarantine;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    const durableSources = () => [...(this.#ledger?.all() ?? [])].map((source) => source.durable);
    this.#outbox = new Outbox(files, folder, recovered, quarantine, options.keepMs ?? KEEP_MS, durableSources, log);
    this.#writer = new SpoolWriter(
      files,
      folder,
      recovered,
      {
        durableSources,
        room: async (bytes) => {
          const over = this.#outbox.bytes + bytes - maxBytes;
          if (over <= 0) return undefined;
          await this.#outbox.sweep(over);
          if (this.#outbox.bytes + bytes <= maxBytes) return undefined;
          // The newest segment never goes, and a burst may have filled it: with all acknowledged, waiting frees nothing.
          if (this.#outbox.waiting.frames === 0) return undefined;
          return `the spool has reached its limit of ${Math.floor(maxBytes / 1_048_576)} MiB`;
        },
        onFull: () => this.#outbox.sweep(this.#segmentBytes),
        onNewSegment: (segment) => {
          this.#segment = segment;
          this.#outbox.addSegment(segment);
        },
        onDurable: (frames) => {
          for (const { cut, stored } of frames) {
            if (cut) this.#ledger?.durable(cut.header.sources);
            if (cut?.startsSegment) this.#startCut = false;
            this.#outbox.add(stored);
          }
          for (const wake of this.#frameWaiters.splice(0)) wake();
        },
        onProgress: () => this.#letGo(),
      },
      log,
    );
    this.#sweepTimer = setInterval(() => {
      this.#outbox.sweep().catch((error) => log.warn({ err: error }, 'could not remove an old segment'));
    }, SWEEP_MS);
    this.#sweepTimer.unref();
  }

  /** Opens the folder and repairs what a crash has left. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const { files, folder, log } = options;
    await files.makeFolder(folder);
    const quarantine = await Quarantine.open(files, join(folder, 'quarantine'), log);
    const recovered = await recover(files, folder, quarantine, log);
    const used = recovered.segments.reduce((sum, segment) => sum + segment.bytes, 0);
    const fifth = Math.floor(((await files.freeBytes(folder)) + used) / 5);
    const spool = new Spool(options, recovered, quarantine, options.maxBytes ?? Math.min(DEFAULT_MAX_BYTES, fifth));
    await spool.#outbox.sweep();
    return spool;
  }

  /** Every source as the last frame on disk has it. */
  get restored(): Iterable<FrameSource> {
    return this.#recovered.sources.values();
  }

  /** Names the counters that durable frames are booked to; call once, before the first frame. */
  bind(ledger: Ledger): void {
    this.#ledger = ledger;
  }

  /** The next frame to be cut begins a segment. */
  get wantsStart(): boolean {
    return !this.#startCut && (!this.#segment || this.#segment.bytes >= this.#segmentBytes);
  }

  push(frame: CutFrame): void {
    if (frame.startsSegment) this.#startCut = true;
    this.#writer.push(frame);
  }

  /** Why nothing can be written now, or undefined. */
  get full(): string | undefined {
    return this.#writer.full;
  }

  /** Inputs are to hold: the disk is slower than they are, or full. */
  get behind(): boolean {
    return this.#writer.queuedBytes > BEHIND_BYTES || this.#writer.full !== undefined;
  }

  /** Even what cannot wait at its source (UDP) must be dropped now. */
  get overflowing(): boolean {
    return this.#writer.queuedBytes > OVERFLOW_BYTES;
  }

  /** Resolves when inputs may go on. */
  whenReady(): Promise<void> {
    return this.behind ? new Promise((resolve) => this.#ready.push(resolve)) : Promise.resolve();
  }

  /** Resolves when everything pushed is on disk. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  get acked(): number {
    return this.#outbox.acked;
  }

  /** Bytes that the segments take, and the most that they may. */
  get size(): { readonly bytes: number; readonly max: number } {
    return { bytes: this.#outbox.bytes, max: this.#maxBytes };
  }

  get waiting(): CollectorStatus['waiting'] {
    return { ...this.#outbox.waiting };
  }

  get quarantined(): CollectorStatus['quarantined'] {
    return this.#quarantine.totals();
  }

  frameAfter(number: number): Promise<StoredFrame | undefined> {
    return this.#outbox.frameAfter(number);
  }

  hasFrameAfter(number: number): boolean {
    return this.#outbox.hasAfter(number);
  }

  /** Calls back once, when the next frame has reached the disk. */
  onceFrame(wake: () => void): void {
    this.#frameWaiters.push(wake);
  }

  ack(frame: StoredFrame): void {
    this.#outbox.ack(frame);
    if (this.#writer.full !== undefined) this.#writer.wake();
  }

  /** Sets a frame aside that the server refuses as a whole, and goes on behind it. */
  async refuse(frame: StoredFrame, reason: string, detail: string): Promise<void> {
    await this.#quarantine.put(`frame-${String(frame.number).padStart(12, '0')}`, frame.payload, {
      reason,
      detail,
      frames: 1,
      events: frame.events,
    });
    this.ack(frame);
  }

  /**
   * Begins to send again what was not acknowledged before `since` (milliseconds, by this machine's clock), once for each
   * id: the server was restored from a backup of that time.
   */
  async resend(id: string, since: number): Promise<void> {
    const path = join(this.#folder, RESENT_NAME);
    if ((await readSmall(this.#files, path))?.trim() === id) return;
    const events = await this.#outbox.rewind(since);
    // After the mark: a crash between the two sends again once more, which adds nothing.
    await this.#files.replace(path, `${id}\n`, true);
    this.#log.warn(
      { events, since: new Date(since).toISOString() },
      'the server was restored from a backup; what it lacks is sent again',
    );
  }

  async close(): Promise<void> {
    clearInterval(this.#sweepTimer);
    await this.#writer.close();
    await this.#outbox.close();
  }

  #letGo(): void {
    if (this.behind) return;
    for (const resolve of this.#ready.splice(0)) resolve();
  }
}
