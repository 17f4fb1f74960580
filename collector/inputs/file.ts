import { glob } from 'node:fs/promises';
import { resolve } from 'node:path';
import { reasonOf } from '../errors.ts';
import { AUDIT_EVENTS } from './audit-cutter.ts';
import { CHUNK_BYTES, type Cutter, type Encoding, makeCutter } from './cutter.ts';
import { isCompressed, rotatedFrom } from './file-position.ts';
import { FileTail } from './file-tail.ts';
import type { Input, InputContext } from './input.ts';

/** What a file input is configured with. */
export interface FileInputOptions {
  readonly paths: readonly string[];
  readonly parser: string;
  readonly from: 'start' | 'end';
  readonly encoding?: Encoding;
  /** Pattern of the lines that begin a record of many lines. */
  readonly multiline?: string | undefined;
  /** Reads rotated and compressed copies that are there at the very first start, too. */
  readonly backfill?: boolean;
  /** How long a rotated file must be quiet before it counts as read to its end, milliseconds. */
  readonly rotatedIdleMs?: number;
}

const POLL_MS = 75;
const RESCAN_MS = 2_000;
const MOST_FILES = 1_000;
const ROTATED_IDLE_MS = 5_000;

/** Follows every file that the globs match, now and later. */
export class FileInput implements Input {
  readonly #options: FileInputOptions;
  readonly #context: InputContext;
  readonly #tails = new Map<string, FileTail>();
  readonly #cutter: Cutter;
  readonly #buffer = Buffer.alloc(CHUNK_BYTES);
  #running = false;
  #loop: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  #tooMany = false;
  #held = false;

  constructor(options: FileInputOptions, context: InputContext) {
    this.#options = options;
    this.#context = context;
    this.#cutter = makeCutter({ encoding: options.encoding ?? 'utf-8', start: options.multiline });
  }

  async start(): Promise<void> {
    this.#running = true;
    await this.#scan(this.#options.from === 'end');
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#wake?.();
    await this.#loop;
    for (const tail of this.#tails.values()) await tail.close();
  }

  async #run(): Promise<void> {
    // Not by the clock, which may be set back by a day: new files would not be seen for as long.
    let scanAt = performance.now() + RESCAN_MS;
    while (this.#running) {
      if (performance.now() >= scanAt) {
        await this.#scan(false);
        scanAt = performance.now() + RESCAN_MS;
      }
      let more = false;
      for (const tail of this.#tails.values()) {
        if (!this.#running) return;
        more = (await tail.poll(this.#buffer)) || more;
      }
      if (!more) await this.#pause(POLL_MS);
    }
  }

  /** Waits; while the spool is behind the tails are still looked at, so that rotations are not missed. */
  async #pause(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((done) => {
      this.#wake = done;
      timer = setTimeout(done, milliseconds);
      if (!this.#context.intake.behind || this.#held) return;
      this.#held = true;
      void this.#context.intake.whenReady().then(() => {
        this.#held = false;
        this.#wake?.();
      });
    });
    clearTimeout(timer);
    this.#wake = undefined;
  }

  async #scan(fromEnd: boolean): Promise<void> {
    for (const path of await this.#match()) {
      if (this.#tails.has(path)) continue;
      if (this.#tails.size >= MOST_FILES) {
        if (!this.#tooMany)
          this.#context.log.error({ limit: MOST_FILES }, 'the paths match too many files; the rest is not read');
        this.#tooMany = true;
        return;
      }
      const { intake, log } = this.#context;
      if (intake.isOpen(`file:${path}`)) continue;
      const parse = this.#context.parserFor(this.#options.parser, { path, isLocal: true });
      const rotatedIdleMs = this.#options.rotatedIdleMs ?? ROTATED_IDLE_MS;
      const tail = new FileTail(path, intake.open(`file:${path}`, parse), {
        intake,
        log,
        rotatedIdleMs,
        cutter: this.#isAuditLog(path) ? AUDIT_EVENTS : this.#cutter,
        backfill: this.#options.backfill ?? false,
      });
      this.#tails.set(path, tail);
      try {
        await tail.begin(fromEnd);
      } catch (error) {
        this.#tails.delete(path);
        await tail.close();
        log.warn({ path, reason: reasonOf(error) }, 'cannot begin to read a file; trying again');
      }
    }
  }

  /** Records of one audit event are joined, unless the configuration says how lines belong together. */
  #isAuditLog(path: string): boolean {
    const { parser, encoding = 'utf-8', multiline } = this.#options;
    if (encoding !== 'utf-8' || multiline !== undefined) return false;
    return parser === 'auditd' || (parser === 'auto' && /(?:^|\/)audit\.log/.test(path));
  }

  async #match(): Promise<Set<string>> {
    const found = new Set<string>();
    for (const pattern of this.#options.paths) {
      // A plain path is followed even before the file is there.
      if (!/[*?[{]/.test(pattern)) found.add(resolve(pattern));
      else for await (const path of glob(pattern)) found.add(resolve(path));
    }
    for (const path of found) {
      if (this.#options.paths.includes(path)) continue;
      const base = rotatedFrom(path);
      if (isCompressed(path) || (base !== undefined && found.has(base))) found.delete(path);
    }
    return found;
  }
}
