import type { CollectorStatus, FrameSource } from '../ecs/wire.ts';

/**
 * The counters of one source. At every moment `read = framed + dropped`, and `framed - spooled` are the records in
 * memory: `spooled` moves only when the frame is on disk.
 */
export class SourceLedger {
  readonly source: string;
  /** Put into frames, on disk or not yet. */
  framed: number;
  unparsed: number;
  readonly dropped: Record<string, number>;
  /** After the last record put into a frame. */
  position: unknown;
  kernelDropped = 0;
  lastReadAt: number | null = null;
  error: string | null = null;
  /** Differs from what the last frame says: the next frame carries it. */
  changed = false;
  /** As the last frame on disk has it. */
  durable: FrameSource;

  constructor(source: string, restored?: FrameSource) {
    this.source = source;
    this.durable = restored ?? { source, read: 0, spooled: 0, dropped: {}, unparsed: 0 };
    this.framed = this.durable.spooled;
    this.unparsed = this.durable.unparsed;
    this.dropped = Object.assign(Object.create(null) as Record<string, number>, this.durable.dropped);
    this.position = this.durable.position;
  }

  /** Read and, in the end, either spooled or dropped. */
  get read(): number {
    return this.framed + this.droppedTotal;
  }

  get droppedTotal(): number {
    let total = 0;
    for (const count of Object.values(this.dropped)) total += count;
    return total;
  }

  /** Counts records that do not reach the spool. */
  drop(reason: string, count: number): void {
    if (count <= 0) return;
    this.dropped[reason] = (this.dropped[reason] ?? 0) + count;
    this.changed = true;
  }

  /** The counters as a frame cut now carries them. */
  snapshot(): FrameSource {
    return {
      source: this.source,
      read: this.read,
      spooled: this.framed,
      dropped: { ...this.dropped },
      unparsed: this.unparsed,
      ...(this.position === undefined ? {} : { position: this.position }),
    };
  }

  /** What the status report says: spooled counts what is on disk, and read what is on disk or dropped. */
  status(): CollectorStatus['sources'][number] {
    const spooled = this.durable.spooled;
    return {
      source: this.source,
      read: spooled + this.droppedTotal,
      spooled,
      dropped: { ...this.dropped },
      unparsed: this.durable.unparsed,
      kernelDropped: this.kernelDropped,
      lastReadAt: this.lastReadAt === null ? null : new Date(this.lastReadAt).toISOString(),
      error: this.error,
    };
  }
}

/** Every source this collector has ever had, with the counters that its last frame on disk gave. */
export class Ledger {
  readonly #sources = new Map<string, SourceLedger>();

  constructor(restored: Iterable<FrameSource> = []) {
    for (const source of restored) this.#sources.set(source.source, new SourceLedger(source.source, source));
  }

  /** Finds or begins a source's counters. */
  source(name: string): SourceLedger {
    let found = this.#sources.get(name);
    if (!found) {
      found = new SourceLedger(name);
      this.#sources.set(name, found);
    }
    return found;
  }

  all(): Iterable<SourceLedger> {
    return this.#sources.values();
  }

  get size(): number {
    return this.#sources.size;
  }

  /** Takes over what a frame says, now that the frame is on disk. */
  durable(sources: readonly FrameSource[]): void {
    for (const source of sources) this.source(source.source).durable = source;
  }
}
