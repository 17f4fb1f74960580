import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import type { Draft, MessageParser } from './draft.ts';
import { finish, newDraft } from './draft.ts';
import { isProgram, isUntagged, PAM, programMessages } from './programs.ts';
import { put } from './put.ts';
import type { SyslogHeader } from './syslog-header.ts';
import { readSyslogHeader } from './syslog-header.ts';

// RFC 5424 §6.2.1, tables 1 and 2, by the keywords of syslog.conf(5).
const FACILITIES =
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock local0 local1 local2 local3 local4 local5 local6 local7'.split(
    ' ',
  );
const SEVERITIES = 'emergency alert critical error warning notice informational debug'.split(' ');

const REPEATED = /^message repeated (\d{1,9}) times: \[ ?(.*)\]$/s;
const ISO_WITH_TAG =
  /^\d{4}-\d\d-\d\dT[\d:.,]{8,20}(?:Z|[+-]\d\d:?\d\d)? \S{1,255} [^\s:[\]]{1,128}\]?(?:\[[^\]\s]{1,64}\])?:(?: |$)/;
/** A line without a program's name: whether it is one, its message tells. */
const ISO_WITHOUT_TAG =
  /^\d{4}-\d\d-\d\dT[\d:.,]{8,20}(?:Z|[+-]\d\d:?\d\d)? (?:(?=[^\s:%=]{1,255} )\S{1,255})? {0,3}(?=[%<a-zA-Z\d[{])/;
/** Without a time, or with a blank in it, a line is one where it names a program that is known. */
const KNOWN_TAG =
  /^(?:(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d \d{4}|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d\d:?\d\d))?) [^\s[\]]{1,255} )?([a-zA-Z(][\w./()-]{0,63})\[\d{1,10}\]: /;
const BSD_START = /^(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d/;
const OTHER_START =
  /^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} fail2ban\.[a-z]|(?:\d{1,6} )?<\d{1,3}>|1 \d{4}-\d\d-\d\dT|\[ *\d{1,12}\.\d{6}\] )/;

/** The bare name of a program: `sshd` of `/usr/sbin/sshd` and of the old `sshd(pam_unix)`; `postfix/smtpd` stays. */
function programName(tag: string): string {
  const name = tag.startsWith('/') ? tag.slice(tag.lastIndexOf('/') + 1) : tag;
  const module = name.indexOf('(pam_');
  if (module > 0) return name.slice(0, module);
  return name.startsWith('polkitd(') ? 'polkitd' : name;
}

/** Old PAM puts its module into the tag of any program: `gdm(pam_unix)[2803]`. */
function isPamTag(tag: string | undefined): boolean {
  return tag?.includes('(pam_') === true;
}

function syslogFields(header: SyslogHeader): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  if (header.priority !== undefined) {
    const facility = header.priority >> 3;
    const severity = header.priority & 7;
    fields['priority'] = header.priority;
    fields['facility'] = { code: facility, name: FACILITIES[facility] };
    fields['severity'] = { code: severity, name: SEVERITIES[severity] };
  }
  if (header.program !== undefined) fields['appname'] = header.program;
  if (header.host !== undefined) fields['hostname'] = header.host;
  if (header.procid !== undefined) fields['procid'] = header.procid;
  if (header.version !== undefined) fields['version'] = header.version;
  if (header.msgid !== undefined) fields['msgid'] = header.msgid;
  if (header.structuredData !== undefined) fields['structured_data'] = header.structuredData;
  return fields;
}

/**
 * Lets the program's parser read a message. A summary of repeats stays one event: its fields are those of the message
 * repeated, and `haidang.repeated` says how often it happened (ECS has no count).
 */
function readMessage(message: string, draft: Draft, first: MessageParser, second?: MessageParser): boolean {
  const repeated = message.startsWith('message repeated ') ? REPEATED.exec(message) : null;
  const text = repeated ? (repeated[2] as string) : message;
  if (repeated) draft['haidang'] = { repeated: Number(repeated[1]) };
  return first(text, draft) || (second?.(text, draft) ?? false);
}

function headed(
  line: string,
  header: SyslogHeader,
  context: ParseContext,
  named?: MessageParser,
  dataset = 'system.auth',
): EcsEvent {
  const program = header.program === undefined ? undefined : programName(header.program);
  const facility = header.priority === undefined ? -1 : header.priority >> 3;
  const known = programMessages(program, header.message, header) ?? (isPamTag(header.program) ? PAM : undefined);
  if (known?.whole) {
    // The line's own time stands in where the message has none; this machine did not write it.
    const { host: _, ...rest } = context;
    const inner = known.whole(header.message, { ...rest, now: header.ms ?? context.now }, header);
    if (inner) return nested(inner, line, header, known.noProcess ? undefined : program);
  }
  const security = known?.auth === true || facility === 4 || facility === 10;
  const draft = newDraft(
    line,
    header.message,
    known?.dataset ?? (security ? 'system.auth' : 'system.syslog'),
    context,
    header.ms,
  );
  applyHeader(draft, header, program);
  const own = known?.message;
  if (own) readMessage(header.message, draft, own, named);
  else if (named && readMessage(header.message, draft, named)) setDataset(draft, dataset);
  return finish(draft);
}

function setDataset(draft: Draft, dataset: string): void {
  draft.event.dataset = dataset;
  draft.event.module = dataset.slice(0, dataset.indexOf('.'));
}

/** The process id of a header; undefined where what stands there is no number. */
function pidOf({ procid }: SyslogHeader): number | undefined {
  return procid !== undefined && /^\d{1,10}$/.test(procid) ? Number(procid) : undefined;
}

function applyHeader(draft: Draft, header: SyslogHeader, program: string | undefined): void {
  if (header.host !== undefined) draft.host = { name: header.host, hostname: header.host };
  if (program !== undefined) {
    draft.process = { name: program };
    const pid = pidOf(header);
    if (pid !== undefined) draft.process.pid = pid;
  }
  if (header.priority === undefined && header.version === undefined) return;
  draft['log'] = { syslog: syslogFields(header) };
}

/** An event of another format that came inside a syslog line: the outer line is the original, and names the host. */
function nested(inner: EcsEvent, line: string, header: SyslogHeader, program: string | undefined): EcsEvent {
  const draft = inner as Draft;
  draft.event.original = line;
  // What names itself inside a relay's line is the host; EVE names its sensor there, which the line names better.
  if (header.host !== undefined && (draft.host === undefined || draft.event.module === 'suricata')) {
    draft.host = { name: header.host, hostname: header.host };
    if (draft['observer'] !== undefined && draft.event.module !== 'suricata') {
      put(draft, 'observer.name', header.host);
      put(draft, 'observer.hostname', header.host);
    }
  }
  if (program !== undefined && draft.process?.name === undefined) {
    const pid = draft.process === undefined ? pidOf(header) : undefined;
    draft.process = { name: program, ...(pid !== undefined && { pid }), ...draft.process };
  }
  if (header.priority !== undefined) draft['log'] = { ...(draft['log'] as object), syslog: syslogFields(header) };
  return finish(draft);
}

/** Reads a message whose program the input names (journald): the text itself is never taken for a header. */
export function parseProgramMessage(line: string, program: string, context: ParseContext): EcsEvent {
  return headed(line, { program, message: line }, context);
}

/**
 * Makes the parser of one program: lines with a syslog header are read by that, and their message by the parser of the
 * program they name, else by this one; a line without a header is read as a bare message.
 */
export function programParser(name: string, message: MessageParser, dataset = 'system.auth'): Parser {
  return {
    name,
    detects: () => false,
    parse(line, context) {
      const header = context.program === undefined ? readSyslogHeader(line, context) : undefined;
      if (header) return headed(line, header, context, message, dataset);
      const draft = newDraft(line, line, dataset, context);
      if (context.program !== undefined) draft.process = { name: context.program };
      return readMessage(line, draft, message) ? finish(draft) : undefined;
    },
  };
}

/** Lines with a syslog header of any kind; the message is read further where its program is known. */
export const syslog: Parser = {
  name: 'syslog',
  detects(line) {
    const first = line.charCodeAt(0);
    if (first >= 65 && first <= 90 && BSD_START.test(line)) return true;
    if (OTHER_START.test(line) || ISO_WITH_TAG.test(line)) return true;
    const tag = KNOWN_TAG.exec(line.slice(0, 400))?.[1];
    if (tag !== undefined && isProgram(programName(tag))) return true;
    const nameless = ISO_WITHOUT_TAG.exec(line.slice(0, 320));
    return nameless !== null && isUntagged(line.slice(nameless[0].length));
  },
  parse(line, context) {
    const header = readSyslogHeader(line, context);
    return header ? headed(line, header, context) : undefined;
  },
};

/**
 * The same parser for lines that come with a syslog header, whose host and priority are kept; a line whose message is
 * not the parser's own goes to it whole.
 */
export function framed(parser: Parser, module: string): Parser {
  return {
    ...parser,
    parse(line, context) {
      const header =
        context.program === undefined && !parser.detects(line) ? readSyslogHeader(line, context) : undefined;
      const event = header && headed(line, header, context);
      if (event?.event.module === module) return event;
      if (!header) return parser.parse(line, context);
      const { host: _, ...rest } = context;
      const around = { ...rest, now: header.ms ?? context.now };
      // Where the line names no host, its first word may be the message's own: `DENY: IN=eth0 …`.
      const isBare = header.host === undefined && header.program !== undefined && header.procid === undefined;
      const bare = isBare ? parser.parse(`${header.program}: ${header.message}`, around) : undefined;
      const whole = bare ? undefined : parser.parse(line, context);
      if (whole) return whole;
      // Whoever names the parser says what the message is, whatever program it is given to.
      const inner = bare ?? parser.parse(header.message, around);
      return inner && nested(inner, line, header, undefined);
    },
  };
}

/**
 * The same parser for an application whose lines may come inside syslog: what the header says is kept, and its message
 * alone is the parser's. Where `module` is named, the header may say a part of what the event is.
 */
export function withSyslogHeader(parser: Parser, module?: string): Parser {
  return {
    ...parser,
    parse(line, context) {
      const isHeaded = context.program === undefined && syslog.detects(line);
      const header = isHeaded ? readSyslogHeader(line, context) : undefined;
      if (!header) return parser.parse(line, context);
      const event = module === undefined ? undefined : headed(line, header, context);
      if (event && event.event.module === module) return event;
      // The line's own time stands in where the message has none; this machine did not write it.
      const { host: _, ...rest } = context;
      const inner = parser.parse(header.message, { ...rest, now: header.ms ?? context.now });
      if (!inner) return undefined;
      const pid = pidOf(header);
      if (pid !== undefined && inner['process'] === undefined) inner['process'] = { pid };
      return nested(inner, line, header, header.program && programName(header.program));
    },
  };
}

/** The parser of a program that writes files of its own form too: those first, else its messages by syslog. */
export function withFile(file: Parser, program: Parser): Parser {
  return { ...file, parse: (line, context) => file.parse(line, context) ?? program.parse(line, context) };
}
