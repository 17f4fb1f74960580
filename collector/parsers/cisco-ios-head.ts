import type { ParseContext } from '../record.ts';
import { isAddress } from './draft.ts';
import type { SyslogHeader } from './syslog-header.ts';
import { readSyslogHeader } from './syslog-header.ts';
import { sureZone } from './time.ts';

const NUMBER = /^\d{1,10}$/;
const UPTIME = /^(?:\d{1,4}[wdy]\d{1,2}[wdh]|\d\d:\d\d:\d\d)$/;
/** The clock, with `*` or `.` where it is not set, and the year on either side; what follows it is a zone or hosts. */
const CLOCK =
  /^(?:[A-Z]{1,4}\/[\w/]{1,32}:)?[*.]?((?:\d{4} )?[A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,6})?)(?: (.{1,255}))?$/;
const ZONE = /^([A-Za-z]{2,5})(?:([+-])(\d{1,2})(?::?(\d\d))?)?$/;
const NAME = /^[A-Za-z][\w.-]{0,254}$/;
const PROCESS = /^([A-Za-z][\w.-]{0,63})\[(\d{1,10})\]$/;

type Head = Partial<SyslogHeader>;

function isHost(text: string): boolean {
  return NAME.test(text) || isAddress(text);
}

function timeOf(stamp: string, zone: RegExpExecArray | null, context: ParseContext): number | undefined {
  // `2026 Nov 22 08:01:02` of NX-OS has the year first.
  const turned = stamp.replace(/^(\d{4}) (\w{3} [ \d]?\d) /, '$2 $1 ');
  const timeZone = sureZone(zone?.[1]?.toUpperCase(), context.timeZone);
  const ms = readSyslogHeader(`${turned} x y: z`, { ...context, timeZone })?.ms;
  const ahead = (Number(zone?.[3] ?? 0) * 60 + Number(zone?.[4] ?? 0)) * 60_000;
  return ms === undefined ? undefined : ms - (zone?.[2] === '-' ? -ahead : ahead);
}

/** Reads one piece between colons into the head; false where it is none of a head's. */
function readPiece(piece: string, head: Head, context: ParseContext | undefined): boolean {
  if (piece === '' || NUMBER.test(piece) || UPTIME.test(piece)) return true;
  const clock = CLOCK.exec(piece);
  if (clock) {
    const [, stamp = '', rest] = clock;
    const zone = rest === undefined ? null : ZONE.exec(rest);
    const ms = context && timeOf(stamp, zone, context);
    if (ms !== undefined) head.ms = ms;
    if (rest === undefined || zone) return true;
    // A relay's time, and the host that it names; the device's own name comes last.
    const words = rest.split(' ');
    const named = words.length > 1 ? ZONE.exec(words[0] as string) : null;
    if (named && context && /^[A-Z]/.test(named[0])) {
      const exact = timeOf(stamp, named, context);
      if (exact !== undefined) head.ms = exact;
    }
    if (words.length > 2 || !words.every((word) => isHost(word))) return false;
    head.host = words[words.length - 1] as string;
    return true;
  }
  const process = PROCESS.exec(piece);
  if (process) {
    head.program = process[1] as string;
    head.procid = process[2] as string;
    return true;
  }
  const [name = '', number] = piece.split(' ', 3);
  if (!isHost(name) || (number !== undefined && (!NUMBER.test(number) || piece !== `${name} ${number}`))) return false;
  head.host = name;
  return true;
}

function readPieces(text: string, context: ParseContext | undefined): Head | undefined {
  const head: Head = {};
  const pieces = text.replace(/^<\d{1,3}>/, '').split(/:(?: +|$)/, 10);
  // Every piece ends with a colon, so that what stands last is empty, but for a name that stands before the code.
  const last = pieces.pop() ?? '';
  if (last.trim() !== '') return undefined;
  return pieces.length < 9 && pieces.every((piece) => readPiece(piece.trim(), head, context)) ? head : undefined;
}

/**
 * Reads what stands before the code of a router's or switch's message: sequence numbers, the device's name, its clock,
 * the process; undefined where something else does.
 */
export function readIosHead(text: string, context: ParseContext): Head | undefined {
  return readPieces(text, context);
}

/** Says whether a text may stand before the code. */
export function isIosHead(text: string): boolean {
  return readPieces(text, undefined) !== undefined;
}
