import { join } from 'node:path';
import { type Log, reasonText } from '../log.ts';
import { readSmall, type SpoolFiles } from './files.ts';

/** What is written beside each thing set aside. */
interface QuarantineNote {
  readonly reason: string;
  readonly events: number;
  readonly frames: number;
  readonly bytes: number;
  readonly at: string;
  /** False where the folder's bound was reached and only this note was kept. */
  readonly kept: boolean;
}

/** Totals for the status report. */
export interface QuarantineTotals {
  readonly frames: number;
  readonly events: number;
  readonly reasons: Readonly<Record<string, number>>;
}

const KEPT_BYTES = 512 * 1024 * 1024;
const NOTE = '.json';

/**
 * The folder `quarantine/`: what is damaged on disk or refused by the server as a whole, with the reason, so that the
 * rest goes on and nobody has to guess what is missing. Names come from the frame's number, so that setting the same
 * thing aside again after a crash counts once.
 */
export class Quarantine {
  readonly #files: SpoolFiles;
  readonly #folder: string;
  readonly #log: Log;
  readonly #notes = new Map<string, QuarantineNote>();
  #bytes = 0;

  private constructor(files: SpoolFiles, folder: string, log: Log) {
    this.#files = files;
    this.#folder = folder;
    this.#log = log;
  }

  /** Opens the folder and counts what is in it. */
  static async open(files: SpoolFiles, folder: string, log: Log): Promise<Quarantine> {
    const quarantine = new Quarantine(files, folder, log);
    await files.makeFolder(folder);
    for (const entry of await files.list(folder)) {
      quarantine.#bytes += entry.bytes;
      if (!entry.name.endsWith(NOTE)) continue;
      const text = await readSmall(files, join(folder, entry.name));
      const note = readNote(text);
      if (note) quarantine.#notes.set(entry.name, note);
    }
    return quarantine;
  }

  /** Sets bytes aside under a name; durable when it resolves. `reason` is short: totals are kept by it. */
  async put(name: string, content: Buffer, found: { reason: string; detail: string; frames: number; events: number }) {
    const kept = this.#bytes + content.length <= KEPT_BYTES;
    const note: QuarantineNote & { detail: string } = {
      reason: found.reason,
      detail: reasonText(found.detail),
      frames: found.frames,
      events: found.events,
      bytes: content.length,
      at: new Date().toISOString(),
      kept,
    };
    if (kept) {
      await this.#files.replace(join(this.#folder, `${name}.bin`), content, true);
      this.#bytes += content.length;
    }
    await this.#files.replace(join(this.#folder, `${name}${NOTE}`), `${JSON.stringify(note, null, 2)}\n`, true);
    await this.#files.syncFolder(this.#folder);
    this.#notes.set(`${name}${NOTE}`, note);
    this.#log.error(
      { name, ...found, bytes: content.length },
      'set aside in the spool folder quarantine/; the rest goes on',
    );
  }

  totals(): QuarantineTotals {
    const reasons: Record<string, number> = Object.create(null) as Record<string, number>;
    let frames = 0;
    let events = 0;
    for (const note of this.#notes.values()) {
      frames += note.frames;
      events += note.events;
      reasons[note.reason] = (reasons[note.reason] ?? 0) + note.frames;
    }
    return { frames, events, reasons };
  }
}

function readNote(text: string | undefined): QuarantineNote | undefined {
  if (text === undefined) return undefined;
  try {
    const note = JSON.parse(text) as QuarantineNote;
    const sound = typeof note.reason === 'string' && Number.isInteger(note.frames) && Number.isInteger(note.events);
    return sound ? note : undefined;
  } catch {
    return undefined;
  }
}
