import type { ParseContext } from '../record.ts';
import { isAddress } from './draft.ts';
import {
  clockAt,
  fractionAt,
  isoTimeAt,
  monthAt,
  sureZone,
  twoDigits,
  utcTime,
  yearlessTime,
  zonedTime,
} from './time.ts';

/** Parameters by element id (RFC 5424 §6.3); repeated names keep the last value. */
export type StructuredData = Record<string, Record<string, string>>;

/** What stands before the message of a syslog line; absent parts are undefined. */
export interface SyslogHeader {
  ms?: number;
  host?: string;
  program?: string;
  /** Process id as written; not always a number. */
  procid?: string;
  /** 0 to 191: facility × 8 + severity (RFC 5424 §6.2.1). */
  priority?: number;
  version?: string;
  msgid?: string;
  structuredData?: StructuredData;
  message: string;
}

// A program's name has a letter, does not begin like JSON or XML, and is no message code such as `%SYS-5-CONFIG_I`. GDM's ends with a bracket of its own:
// `gdm-password][1200]`.
/** `sshd[1200]: …` with nothing before it, as programs' own output and some exports have it. */
const BARE_TAG = /^[a-zA-Z(][\w./()-]{0,63}\[\d{1,10}\]: /;
/** `2026 Nov 22 08:01:02 host` of NX-OS. */
const YEAR_FIRST = /^(<\d{1,3}>)?((?:19|20)\d\d) ([A-Z][a-z]{2} [ \d]?\d) (?=\d\d:\d\d:\d\d)/;
const WEEKDAY = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?=[A-Z][a-z]{2} )/;
const PROGRAM = /^(?=[^\s:[\]]{0,127}[A-Za-z])([^\s:[\]%{}"<>][^\s:[\]]{0,127})\]?(?:\[([^\]\s]{1,64})\])?:(?: |$)/;
/** `syslogd 1.4.1: restart.` */
const VERSION_TAG = /^([a-z][a-z-]{2,31}) \d{1,3}(?:\.\d{1,4}){1,3}\w{0,8}: /;
/** `sssd[be[example.org]]: …`. */
const NESTED_TAG = /^([a-z]{2,16})\[[a-z]{1,16}\[[^\][\s]{1,64}\]\]: /;
const LOGIN_TAG = /^(?:login| )? ?-- [^\s:[\]]{1,64}\[(\d{1,10})\]: /;
// `Nov 22 2026 08:01:02 ICT: …`; where the short name of a zone is ambiguous, the collector's zone holds.
const ZONE = /^ (UTC|MSK|WIB|WITA|[A-Z]{1,3}T): /;
// The code that network devices of one vendor begin their messages with; what stands before it is then the device.
const CODE = /^ %[A-Z][A-Z0-9_]{1,30}-(?:\w{1,30}-)?[0-7]-/;
const KERNEL = /^\[ *\d{1,12}\.\d{1,9}\] /;
const MAX_PARAMETERS = 200;

/** Reads the priority `<0>` to `<191>`; the end is 0 where there is none (RFC 5424 §6.2.1). */
function priorityOf(line: string): { value: number; end: number } {
  const end = line.charCodeAt(0) === 60 ? line.indexOf('>') : -1;
  const digits = end < 2 || end > 4 ? '' : line.slice(1, end);
  return /^(?:0|[1-9]\d{0,2})$/.test(digits) && Number(digits) <= 191
    ? { value: Number(digits), end: end + 1 }
    : { value: -1, end: 0 };
}

/** `Nov 22 08:01:02 2026 host`. */
const YEAR_BEHIND = /^ (?:19|20)\d\d $/;

let lastStamp = '';
let lastZone = '';
let lastMinute = 0;
let lastMs: number | undefined;

/** Reads `Nov 22 10:05:03`, with a year on either side of the clock and a fraction where devices add them. */
function bsdTimeAt(line: string, at: number, context: ParseContext): { ms: number; end: number } | undefined {
  const minute = Math.floor(context.now / 60_000);
  const stamp = line.slice(at, at + 16);
  const isKept = stamp === lastStamp && minute === lastMinute && context.timeZone === lastZone && stamp.endsWith(' ');
  if (isKept && !YEAR_BEHIND.test(line.slice(at + 15, at + 21))) {
    return lastMs === undefined ? undefined : { ms: lastMs, end: at + 15 };
  }
  const month = monthAt(line, at);
  if (month < 0 || line.charCodeAt(at + 3) !== 32) return undefined;
  let next = at + 4;
  if (line.charCodeAt(next) === 32) next++;
  let day = twoDigits(line, next);
  if (day < 0) {
    day = line.charCodeAt(next) - 48;
    next += 1;
  } else {
    next += 2;
  }
  if (!(day >= 1 && day <= 31) || line.charCodeAt(next) !== 32) return undefined;
  next++;
  let year = /^\d{4} $/.test(line.slice(next, next + 5)) ? Number(line.slice(next, next + 4)) : undefined;
  if (year !== undefined) next += 5;
  const seconds = clockAt(line, next);
  if (seconds < 0) return undefined;
  const fraction = fractionAt(line, next + 8);
  let end = fraction.end;
  if (year === undefined && YEAR_BEHIND.test(line.slice(end, end + 6))) {
    year = Number(line.slice(end + 1, end + 5));
    end += 5;
  }
  const local = year === undefined ? undefined : utcTime(year, month, day, seconds);
  const whole =
    year === undefined
      ? yearlessTime(month, day, seconds, context.now, context.timeZone)
      : local === undefined
        ? undefined
        : zonedTime(local, context.timeZone);
  if (whole === undefined) return undefined;
  if (end === at + 15 && year === undefined && stamp.endsWith(' ')) {
    lastStamp = stamp;
    lastZone = context.timeZone;
    lastMinute = minute;
    lastMs = whole;
  }
  return { ms: whole + fraction.ms, end };
}

/** Reads `program[pid]: message`; without such a tag all is message (RFC 3164 §4.1.3). */
function readTag(header: SyslogHeader, rest: string): SyslogHeader {
  const tag = PROGRAM.exec(rest);
  if (!tag) {
    // login of old systems takes the user's name into its tag: `login -- root[2421]: `, `  -- root[2421]: `.
    const login = LOGIN_TAG.exec(rest);
    const versioned = login ? null : VERSION_TAG.exec(rest);
    if (login) {
      header.program = 'login';
      header.procid = login[1] as string;
    }
    const within = login || versioned ? null : NESTED_TAG.exec(rest);
    const named = versioned ?? within;
    if (named) header.program = named[1] as string;
    header.message = rest.slice((login ?? named)?.[0].length ?? 0);
    return header;
  }
  header.program = tag[1] as string;
  if (tag[2] !== undefined) header.procid = tag[2];
  header.message = rest.slice(tag[0].length);
  return header;
}

/** Without a time only `program[pid]:` is surely a tag; `Error: …` may be the message's own words (RFC 3164 §4.3.3). */
function readBare(header: SyslogHeader, rest: string): SyslogHeader {
  if (PROGRAM.exec(rest)?.[2] !== undefined) return readTag(header, rest);
  header.message = rest;
  return header;
}

/** Reads `[id name="value" …]…` (RFC 5424 §6.3); undefined where it is malformed. */
function structuredDataAt(line: string, at: number): { elements: StructuredData; end: number } | undefined {
  const elements: StructuredData = Object.create(null);
  let next = at;
  let parameters = 0;
  while (line[next] === '[') {
    const id = /^[^\s="\]]{1,128}/.exec(line.slice(next + 1, next + 130))?.[0];
    if (id === undefined) return undefined;
    const element: Record<string, string> = Object.create(null);
    next += 1 + id.length;
    while (line[next] === ' ') {
      const name = /^[^\s="\]]{1,128}(?==")/.exec(line.slice(next + 1, next + 132))?.[0];
      if (name === undefined || ++parameters > MAX_PARAMETERS) return undefined;
      const start = next + name.length + 3;
      let end = start;
      while (end < line.length && line[end] !== '"') end += line[end] === '\\' ? 2 : 1;
      if (end >= line.length) return undefined;
      element[name] = line.slice(start, end).replace(/\\(["\\\]])/g, '$1');
      next = end + 1;
    }
    if (line[next] !== ']') return undefined;
    elements[id] = element;
    next++;
  }
  return next === at ? undefined : { elements, end: next };
}

/** Reads the rest of an RFC 5424 header from its time on; undefined where it is not one. */
function readRfc5424(header: SyslogHeader, line: string, at: number, zone: string): SyslogHeader | undefined {
  let next = at;
  if (line.startsWith('- ', at)) {
    next = at + 2;
  } else {
    const time = isoTimeAt(line, at, zone);
    if (!time || line[time.end] !== ' ') return undefined;
    header.ms = time.ms;
    next = time.end + 1;
  }
  const words: string[] = [];
  for (let word = 0; word < 4; word++) {
    const space = line.indexOf(' ', next);
    if (space <= next) return undefined;
    words.push(line.slice(next, space));
    next = space + 1;
  }
  const [host = '-', program = '-', procid = '-', msgid = '-'] = words;
  if (host !== '-') header.host = host;
  if (program !== '-') header.program = program;
  if (procid !== '-') header.procid = procid;
  if (msgid !== '-') header.msgid = msgid;
  if (line[next] === '[') {
    const found = structuredDataAt(line, next);
    if (found) {
      header.structuredData = found.elements;
      next = found.end;
    }
  } else if (line[next] === '-' && (line.length === next + 1 || line[next + 1] === ' ')) {
    next++;
  } else {
    return undefined;
  }
  if (line[next] === ' ') next++;
  if (line.charCodeAt(next) === 0xfeff) next++;
  // rsyslog's RSYSLOG_SyslogProtocol23Format keeps the space that RFC 3164 senders put before the message.
  while (line[next] === ' ') next++;
  header.message = line.slice(next);
  return header;
}

/**
 * Reads the header of a syslog line: RFC 5424, RFC 3164 and its common deviations, the same with an RFC 3339 time as
 * rsyslog writes files, each with or without priority, and kernel ring buffer lines. Undefined for anything else.
 */
export function readSyslogHeader(line: string, context: ParseContext): SyslogHeader | undefined {
  // A stream's octet count before the priority (RFC 6587 §3.4.1), where a capture has kept it.
  const counted = /^\d{1,6} (?=<\d{1,3}>)/.exec(line.slice(0, 12))?.[0].length ?? 0;
  if (counted > 0) return readSyslogHeader(line.slice(counted), context);
  const day = WEEKDAY.exec(line.slice(0, 12))?.[0].length ?? 0;
  if (day > 0) return readSyslogHeader(line.slice(day), context);
  if (YEAR_FIRST.test(line.slice(0, 40))) return readSyslogHeader(line.replace(YEAR_FIRST, '$1$3 $2 '), context);
  const priority = priorityOf(line);
  const start = priority.end;
  const header: SyslogHeader = { message: '' };
  if (start > 0) header.priority = priority.value;
  const version = /^([1-9]\d?) /.exec(line.slice(start, start + 3));
  if (version && (start > 0 || /^1 \d{4}-/.test(line.slice(0, 7)))) {
    const modern = readRfc5424(
      { ...header, version: version[1] as string },
      line,
      start + version[0].length,
      context.timeZone,
    );
    if (modern) return modern;
  }
  const first = line.charCodeAt(start);
  const time = first >= 48 && first <= 57 ? isoTimeAt(line, start, context.timeZone) : bsdTimeAt(line, start, context);
  // `Aug 24 05:34:00 CST 1987 host`: zone and year behind the clock (RFC 3164 §5.4, example 3).
  const yeared = time && /^ ([A-Z]{2,5}) ((?:19|20)\d\d) (?=\S)/.exec(line.slice(time.end, time.end + 13));
  if (time && yeared) {
    const zone = sureZone(yeared[1], context.timeZone);
    const turned = `${line.slice(start, time.end)} ${yeared[2]} `;
    const whole = bsdTimeAt(turned, 0, { ...context, timeZone: zone });
    const host = /^\S{1,255}/.exec(line.slice(time.end + yeared[0].length))?.[0] ?? '';
    header.ms = whole?.ms ?? time.ms;
    header.host = host;
    return readTag(header, line.slice(time.end + yeared[0].length + host.length + 1));
  }
  // Network devices put a colon behind the time, and name no host then.
  if (time && line[time.end] === ':' && line[time.end + 1] === ' ') {
    header.ms = time.ms;
    header.message = line.slice(time.end + 2);
    return header;
  }
  if (!time || line[time.end] !== ' ') {
    if (KERNEL.test(line.slice(start, start + 26))) {
      header.program = 'kernel';
      header.message = line.slice(line.indexOf(']', start) + 2);
      return header;
    }
    if (start > 0) return readBare(header, line.slice(start));
    return BARE_TAG.test(line.slice(0, 160)) ? readTag(header, line) : undefined;
  }
  header.ms = time.ms;
  const named = ZONE.exec(line.slice(time.end, time.end + 8));
  if (named) {
    const timeZone = sureZone(named[1], context.timeZone);
    if (timeZone !== context.timeZone) header.ms = bsdTimeAt(line, start, { ...context, timeZone })?.ms ?? time.ms;
    header.message = line.slice(time.end + named[0].length);
    return header;
  }
  if (line.startsWith('last message repeated ', time.end + 1)) return readTag(header, line.slice(time.end + 1));
  // fail2ban's own file names itself where a host would stand.
  const own = line.startsWith(' fail2ban.', time.end)
    ? /^ (fail2ban\.[a-z]{2,16}) {0,32}\[(\d{1,10})\]: /.exec(line.slice(time.end, time.end + 80))
    : null;
  if (own) {
    header.program = own[1] as string;
    header.procid = own[2] as string;
    header.message = line.slice(time.end + own[0].length);
    return header;
  }
  const space = line.indexOf(' ', time.end + 1);
  const word = line.slice(time.end + 1, space < 0 ? undefined : space);
  if (word.endsWith(':') && CODE.test(line.slice(time.end + 1 + word.length, time.end + word.length + 40))) {
    header.host = word.slice(0, -1);
    header.message = line.slice(space + 1);
    return header;
  }
  // Some agents of Windows put tabs between all fields, that behind the host's name as well.
  const tab = word.indexOf('\t');
  if (tab > 0) {
    header.host = word.slice(0, tab);
    return readTag(header, line.slice(time.end + tab + 2));
  }
  if (word.endsWith(':') && !isAddress(word)) return readTag(header, line.slice(time.end + 1));
  // Records of comma-separated fields that name no host.
  if (/^\d{0,12},/.test(word)) return readTag(header, line.slice(time.end + 1));
  if (word !== '') header.host = word;
  return readTag(header, space < 0 ? '' : line.slice(space + 1));
}
