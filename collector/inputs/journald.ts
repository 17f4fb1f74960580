import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { WIRE_LIMITS } from '../../ecs/wire.ts';
import { BATCH_RECORDS, type RecordMarks, type RecordParser, type Source, unparsed } from '../intake.ts';
import { reasonText } from '../log.ts';
import type { Input, InputContext } from './input.ts';
import { type JournalEntry, journalBytes, journalEvent, journalText, readJournalEntry } from './journal-entry.ts';
import { type CutLines, LineStream } from './lines.ts';

/** Position of the journal source. */
interface JournalPosition {
  readonly cursor: string;
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
/** A JSON entry may be several times its message: bytes are written as numbers. */
const ENTRY_BYTES = 8 * WIRE_LIMITS.recordBytes;
/** How often a journalctl is asked that cannot follow. */
const ASK_MS = 2_000;
const CURSOR = /^[!-~]{1,512}$/;

/** Says whether this machine has a journal that this user may read. */
export function journalIsReadable(command = 'journalctl'): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(command, ['--quiet', '--no-pager', '-n', '1', '-o', 'json'], { timeout: 5_000 }, (error, stdout) => {
      resolve(!error && readJournalEntry(stdout.trim().split('\n')[0] ?? '') !== undefined);
    });
  });
}

/** The systemd unit this process runs in, from its control group; undefined outside one. */
export function ownUnit(cgroup = readOwnCgroup()): string | undefined {
  return /\/([^/\n]+\.service)(?:\/|$)/m.exec(cgroup)?.[1];
}

/** The match that names this machine; none where it has no id. */
function thisMachine(): readonly string[] {
  try {
    const id = readFileSync('/etc/machine-id', 'utf8').trim();
    return /^[0-9a-f]{32}$/.test(id) ? [`_MACHINE_ID=${id}`] : [];
  } catch {
    return [];
  }
}

function readOwnCgroup(): string {
  try {
    return readFileSync('/proc/self/cgroup', 'utf8');
  } catch {
    return '';
  }
}

/** Follows the systemd journal through `journalctl`, from the cursor of the last entry that is on disk. */
export class JournaldInput implements Input {
  readonly #context: InputContext;
  readonly #command: string;
  readonly #ownUnit: string | undefined;
  readonly #parse: RecordParser;
  readonly #source: Source;
  #child: ChildProcess | undefined;
  #running = false;
  #loop: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  /** This journalctl cannot follow more than the boot that runs: it is asked again and again instead. */
  #asksOnly = false;
  /** The entries of the batch being put, in step with its lines. */
  #entries: (JournalEntry | undefined)[] = [];

  constructor(context: InputContext, options: { command?: string; ownUnit?: string | undefined } = {}) {
    this.#context = context;
    this.#command = options.command ?? 'journalctl';
    this.#ownUnit = 'ownUnit' in options ? options.ownUnit : ownUnit();
    this.#parse = context.parserFor('auto', { isLocal: true });
    const parse = (line: string, now: number) => {
      const entry = this.#entries.shift();
      return entry ? journalEvent(entry, line, now, this.#parse) : unparsed(line, now, 'Not an entry of the journal.');
    };
    this.#source = context.intake.open('journald', Object.assign(parse, { ownClock: true }));
  }

  async start(): Promise<void> {
    this.#running = true;
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#child?.kill('SIGTERM');
    this.#wake?.();
    await this.#loop;
  }

  async #run(): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    while (this.#running) {
      const entries = await this.#follow();
      if (!this.#running) return;
      retryMs = entries > 0 ? FIRST_RETRY_MS : Math.min(retryMs * 2, this.#asksOnly ? ASK_MS : LAST_RETRY_MS);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, retryMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Runs journalctl until it ends; gives the number of entries it wrote. */
  async #follow(): Promise<number> {
    const position = this.#source.ledger.position as JournalPosition | undefined;
    // Since the start of the machine by the clock and not by `--boot`: in a container, a hardened service sees another boot
    // than its journal does, and would be shown nothing.
    const started = Math.floor(Date.now() / 1_000 - uptime()) - 1;
    const from = position?.cursor ? [`--after-cursor=${position.cursor}`] : [`--since=@${started}`];
    // Following alone shows nothing but the boot that runs, since systemd 251: what was logged between the last entry read
    // and a reboot would never be read. With `--merge` it shows all, of other machines too, so this one is named.
    const follow = this.#asksOnly ? [] : ['--follow', '--merge', ...thisMachine()];
    const args = ['--no-tail', '--all', '--quiet', '--no-pager', '--output=json', ...follow, ...from];
    const child = spawn(this.#command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString('utf8')).slice(-1_000);
    });
    const ended = new Promise<string>((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('close', (code, signal) =>
        resolve(`journalctl ended with ${signal ?? code}: ${reasonText(complaint).trim()}`),
      );
    });
    let entries = 0;
    const lines = new LineStream(ENTRY_BYTES);
    try {
      for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
        for (const cut of lines.push(chunk)) entries += this.#put(cut);
        this.#source.ledger.error = null;
        if (this.#context.intake.behind) await this.#context.intake.whenReady();
        if (!this.#running) break;
      }
    } catch {
      // The pipe broke; why, the end of the process tells.
    }
    // One that does not follow ends by itself.
    if (!this.#asksOnly || !this.#running) child.kill('SIGTERM');
    const reason = await ended;
    if (!this.#asksOnly && reason.includes('--merge')) {
      this.#asksOnly = true;
      this.#context.log.warn({ reason }, 'this journalctl cannot follow all boots; it is asked every two seconds');
    } else if (this.#running && !(this.#asksOnly && child.exitCode === 0)) {
      this.#source.ledger.error = reason;
      this.#context.log.warn({ reason }, 'journalctl has ended; it is started again from the last entry read');
    }
    return entries;
  }

  #put(cut: CutLines): number {
    const lines: string[] = [];
    const marks = new Map<number, RecordMarks>();
    const entries: (JournalEntry | undefined)[] = [];
    let empty = cut.empty;
    let cursor: string | undefined;
    for (const line of cut.lines) {
      const entry = readJournalEntry(line);
      const found = entry && journalText(entry, '__CURSOR');
      if (found && CURSOR.test(found)) cursor = found;
      if (entry && this.#ownUnit !== undefined && journalText(entry, '_SYSTEMD_UNIT') === this.#ownUnit) continue;
      const bytes = entry && journalBytes(entry, 'MESSAGE');
      const message = entry ? (journalText(entry, 'MESSAGE') ?? '') : line;
      if (message === '') {
        empty++;
        continue;
      }
      const pieces = cutMessage(message);
      for (const [index, piece] of pieces.entries()) {
        const mark: RecordMarks = {
          ...(bytes && pieces.length === 1 ? { originalBase64: bytes.toString('base64') } : {}),
          ...(pieces.length > 1 ? { piece: index + 1 } : {}),
        };
        if (Object.keys(mark).length > 0) marks.set(lines.length, mark);
        lines.push(piece);
        entries.push(entry);
      }
    }
    const position: JournalPosition | undefined = cursor === undefined ? undefined : { cursor };
    this.#entries = entries;
    // A batch of entries has at most BATCH_RECORDS lines, save where long messages came in pieces.
    for (let at = 0; at === 0 || at < lines.length; at += BATCH_RECORDS) {
      const isLast = at + BATCH_RECORDS >= lines.length;
      const part = lines.slice(at, at + BATCH_RECORDS);
      const partMarks = new Map(
        [...marks].filter(([i]) => i >= at && i < at + BATCH_RECORDS).map(([i, mark]) => [i - at, mark]),
      );
      this.#source.put({
        lines: part,
        marks: partMarks,
        empty: isLast ? empty : 0,
        bytes: part.reduce((sum, line) => sum + line.length, 0),
        ...(isLast && position ? { position } : {}),
      });
    }
    return cut.lines.length;
  }
}

function cutMessage(message: string): string[] {
  const characters = Math.floor(WIRE_LIMITS.recordBytes / 3);
  if (message.length <= characters) return [message];
  const pieces: string[] = [];
  for (let at = 0; at < message.length; at += characters) pieces.push(message.slice(at, at + characters));
  return pieces;
}
