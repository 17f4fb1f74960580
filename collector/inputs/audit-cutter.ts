import { WIRE_LIMITS } from '../../ecs/wire.ts';
import { BATCH_RECORDS } from '../intake.ts';
import type { Cutter } from './cutter.ts';
import { addBytes, type CutLines, pieceLength } from './lines.ts';

const NEWLINE = 10;
/** Lines of other events between two records of one, at most: the kernel writes them close to each other. */
const APART = 32;
/** Records of one event, at most; what comes behind them is an event of its own. */
const MOST_RECORDS = 200;
/** Lines looked at before all that is open counts as whole. */
const MOST_LINES = BATCH_RECORDS;
/** What an event's id stands in, far within a line's first bytes. */
const HEAD_BYTES = 400;
const HEAD = /^((?:node=\S{1,255} )?)type=(\S{1,40}) (?:msg=)?(audit\(\d{9,11}\.\d{3}:\d{1,15}\)):/;
/** The kernel ends a system call's records with one of these. */
const LAST = /^(?:PROCTITLE|EOE|1320|1327)$/;
/** Records that are parts of an event; those that programs write (`USER_LOGIN`, `SERVICE_START`, …) are whole alone. */
const PART =
  /^(?:SYSCALL|PATH|CWD|EXECVE|SOCKADDR|SOCKETCALL|AVC|SELINUX_ERR|APPARMOR\w*|IPC\w*|MQ_\w+|FD_PAIR|OBJ_PID|BPRM_FCAPS|CAPSET|MMAP|NETFILTER_CFG|KERN_MODULE|CONFIG_CHANGE|LOGIN|TIME_\w+|BPF|URINGOP|OPENAT2|FANOTIFY|MAC_\w+|INTEGRITY_\w+|ANOM_\w+|SECCOMP|(?:UNKNOWN\[)?1[348]\d\d\]?)$/;

interface Open {
  readonly lines: Buffer[];
  bytes: number;
  /** Number of the last line that belongs to it. */
  at: number;
}

/** The end of the line that begins at a place, or -1. */
function lineEnd(bytes: Buffer, from: number): number {
  return bytes.indexOf(NEWLINE, from);
}

function addEvent(cut: CutLines, lines: readonly Buffer[]): void {
  const parts = lines.flatMap((line, at) => (at === 0 ? [line] : [Buffer.of(NEWLINE), line]));
  addBytes(cut, parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts), {});
}

/**
 * Cuts the log of the Linux audit daemon into events: the records of one system call (`SYSCALL`, `CWD`, `PATH`, …), which
 * share an audit id, come out as one record of many lines, also where records of other events stand between them. What is
 * cut off always ends where nothing is open, so a position covers whole events. An event ends with its last kind of
 * record, when 32 lines have gone by without it, at the bounds of a record, or when the file has been quiet.
 */
export const AUDIT_EVENTS: Cutter = {
  waits: true,

  next(bytes, pieces, isQuiet) {
    if (pieces > 0 || lineLength(bytes) > WIRE_LIMITS.recordBytes) return insideLongLine(bytes, pieces);
    const events: Open[] = [];
    const open = new Map<string, Open>();
    /** Events and bytes up to the last place where nothing was open. */
    let whole = { events: 0, consumed: 0, empty: 0 };
    let empty = 0;
    let at = 0;
    let number = 0;
    for (; number < MOST_LINES; number++) {
      const end = lineEnd(bytes, at);
      if (end < 0) break;
      const line = bytes.subarray(at, bytes[end - 1] === 13 && end > at ? end - 1 : end);
      at = end + 1;
      if (line.length === 0) empty++;
      else take(line, number, events, open);
      for (const [id, event] of open) {
        if (number - event.at >= APART) open.delete(id);
      }
      if (open.size === 0) whole = { events: events.length, consumed: at, empty };
    }
    const isBound = number === MOST_LINES || bytes.length > WIRE_LIMITS.recordBytes;
    if (isQuiet || (isBound && whole.consumed === 0)) whole = { events: events.length, consumed: at, empty };
    const cut: CutLines = { lines: [], marks: undefined, empty: whole.empty, consumed: whole.consumed };
    for (const { lines } of events.slice(0, whole.events)) addEvent(cut, lines);
    return { cut, pieces: 0 };
  },

  rest(bytes, pieces) {
    const cut: CutLines = { lines: [], marks: undefined, empty: 0, consumed: bytes.length };
    const last = bytes.at(-1) === NEWLINE ? bytes : Buffer.concat([bytes, Buffer.of(NEWLINE)]);
    if (pieces > 0) addBytes(cut, bytes, { piece: pieces + 1 });
    else {
      for (let from = 0; from < last.length; ) {
        const { cut: some } = AUDIT_EVENTS.next(last.subarray(from), 0, true);
        for (const [index, marks] of some.marks ?? []) {
          cut.marks ??= new Map();
          cut.marks.set(cut.lines.length + index, marks);
        }
        cut.lines.push(...some.lines);
        cut.empty += some.empty;
        if (some.consumed === 0) break;
        from += some.consumed;
      }
    }
    return cut;
  },

  lastEnd(bytes) {
    return bytes.lastIndexOf(NEWLINE) + 1 || -1;
  },
};

function take(line: Buffer, number: number, events: Open[], open: Map<string, Open>): void {
  const head = HEAD.exec(line.toString('latin1', 0, HEAD_BYTES));
  const type = head?.[2] ?? '';
  const isLast = LAST.test(type);
  if (!head || !(isLast || PART.test(type))) {
    events.push({ lines: [line], bytes: line.length, at: number });
    return;
  }
  const id = `${head[1]}${head[3]}`;
  let event = open.get(id);
  const isFull = event && event.bytes + line.length >= WIRE_LIMITS.recordBytes;
  if (!event || isFull || event.lines.length >= MOST_RECORDS) {
    event = { lines: [], bytes: 0, at: number };
    events.push(event);
    open.set(id, event);
  }
  event.lines.push(line);
  event.bytes += line.length + 1;
  event.at = number;
  if (isLast) open.delete(id);
}

function lineLength(bytes: Buffer): number {
  const end = lineEnd(bytes, 0);
  return end < 0 ? bytes.length : end;
}

/** No audit record is that long; what is comes in pieces, as from any file. */
function insideLongLine(bytes: Buffer, pieces: number): { cut: CutLines; pieces: number } {
  const cut: CutLines = { lines: [], marks: undefined, empty: 0, consumed: 0 };
  const end = lineEnd(bytes, 0);
  if (lineLength(bytes) > WIRE_LIMITS.recordBytes) {
    cut.consumed = pieceLength(bytes);
    addBytes(cut, bytes.subarray(0, cut.consumed), { piece: pieces + 1 });
    return { cut, pieces: pieces + 1 };
  }
  if (end < 0) return { cut, pieces };
  addBytes(cut, bytes.subarray(0, end), { piece: pieces + 1 });
  cut.consumed = end + 1;
  return { cut, pieces: 0 };
}
