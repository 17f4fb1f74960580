import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser, ParserHint } from '../record.ts';
import { apache } from './apache.ts';
import { auditd } from './auditd.ts';
import { bind } from './bind.ts';
import { cef } from './cef.ts';
import { checkpoint } from './checkpoint.ts';
import { ciscoAsa } from './cisco-asa.ts';
import { ciscoIos } from './cisco-ios.ts';
import { dhcp, parseDhcpMessage } from './dhcp.ts';
import { parseDovecotMessage } from './dovecot.ts';
import { fortigate } from './fortigate.ts';
import { haproxy } from './haproxy.ts';
import { iis } from './iis.ts';
import { json } from './json.ts';
import { leef } from './leef.ts';
import { mikrotik } from './mikrotik.ts';
import { modsecurity } from './modsecurity.ts';
import { netfilter } from './netfilter.ts';
import { netflow } from './netflow.ts';
import { nginx } from './nginx.ts';
import { parseOpensshMessage } from './openssh.ts';
import { openvpn, parseOpenvpnMessage } from './openvpn.ts';
import { paloalto } from './paloalto.ts';
import { parsePamMessage } from './pam.ts';
import { parsePostfixMessage } from './postfix.ts';
import { postgresql } from './postgresql.ts';
import { sophos } from './sophos.ts';
import { squid } from './squid.ts';
import { parseSudoMessage } from './sudo.ts';
import { suricata } from './suricata.ts';
import { framed, parseProgramMessage, programParser, syslog, withFile, withSyslogHeader } from './syslog.ts';
import { isoString } from './time.ts';
import { sysmon, windows } from './windows.ts';
import { readWrapped, withWrapped } from './wrapped-lines.ts';
import { zeek } from './zeek.ts';

/** Their lines come by syslog as well; the words of its header are no virtual host. */
const NGINX = withSyslogHeader(nginx);
const APACHE = withSyslogHeader(apache);

/** Every parser, in the order in which `auto` asks them; those of one program are reached through `syslog`. */
export const PARSERS: readonly Parser[] = [
  syslog,
  programParser('openssh', parseOpensshMessage),
  programParser('sudo', parseSudoMessage),
  programParser('pam', parsePamMessage),
  programParser('postfix', parsePostfixMessage, 'postfix.log'),
  programParser('dovecot', parseDovecotMessage, 'dovecot.log'),
  framed(ciscoAsa, 'cisco'),
  framed(fortigate, 'fortinet'),
  framed(haproxy, 'haproxy'),
  framed(netfilter, 'iptables'),
  framed(squid, 'squid'),
  framed(bind, 'bind'),
  framed(auditd, 'auditd'),
  framed(ciscoIos, 'cisco'),
  framed(cef, 'cef'),
  framed(leef, 'leef'),
  framed(paloalto, 'panw'),
  framed(sophos, 'sophos'),
  framed(checkpoint, 'checkpoint'),
  framed(mikrotik, 'mikrotik'),
  framed(postgresql, 'postgresql'),
  withFile(openvpn, programParser('openvpn', parseOpenvpnMessage, 'openvpn.log')),
  withFile(dhcp, programParser('dhcp', parseDhcpMessage, 'dhcp.log')),
  iis,
  modsecurity,
  NGINX,
  APACHE,
  suricata,
  netflow,
  withSyslogHeader(windows, 'windows'),
  withSyslogHeader(sysmon, 'windows'),
  zeek,
  withWrapped(json, (line, context) => detect(line, context, undefined)),
];

/** The names that `parseLine` takes beside `auto`. */
export const PARSER_NAMES: readonly string[] = PARSERS.map((parser) => parser.name);

/** Parsers that are not part of the program: written as documents (`collector/custom-parsers`). */
export interface OwnParsers {
  readonly byName: ReadonlyMap<string, Parser>;
  /** Those that `auto` asks about what no other parser knows. */
  readonly matching: readonly Parser[];
}

/** No parsers beside the built-in ones. */
export const NO_OWN_PARSERS: OwnParsers = { byName: new Map(), matching: [] };

const BY_NAME = new Map(PARSERS.map((parser) => [parser.name, parser]));
const APACHE_FIRST = [APACHE, ...PARSERS];

function notUnderstood(line: string, reason: string, context: ParseContext): EcsEvent {
  return {
    '@timestamp': isoString(context.now),
    event: { kind: 'pipeline_error', original: line },
    message: line,
    ...(context.host !== undefined && { host: { name: context.host, hostname: context.host } }),
    error: { message: reason },
  };
}

/** nginx and httpd write the same access lines: the file's path tells them apart. */
function candidates(path: string | undefined): readonly Parser[] {
  return path !== undefined && /apache|httpd/i.test(path) ? APACHE_FIRST : PARSERS;
}

function detect(line: string, context: ParseContext, hint: ParserHint | undefined): EcsEvent | undefined {
  if (context.program !== undefined) return parseProgramMessage(line, context.program, context);
  const remembered = hint?.parser;
  const again = remembered?.detects(line) ? remembered.parse(line, context) : undefined;
  if (again) return again;
  for (const parser of candidates(context.path)) {
    if (parser === remembered || !parser.detects(line)) continue;
    const event = parser.parse(line, context);
    if (!event) continue;
    if (hint) hint.parser = parser;
    return event;
  }
  return undefined;
}

/** What `auto` makes of a line, own parsers asked about what is known by its syslog header, or as JSON, at most. */
function detectAny(
  line: string,
  context: ParseContext,
  hint: ParserHint | undefined,
  own: OwnParsers,
): EcsEvent | undefined {
  const event = detect(line, context, hint);
  const isKnown = event?.event.dataset !== undefined && event.event.dataset !== 'system.syslog';
  if (own.matching.length === 0 || isKnown) return event;
  for (const parser of own.matching) {
    const found = parser.detects(line) ? parser.parse(line, context) : undefined;
    if (found) return found;
  }
  return event;
}

/**
 * The JSON text of one line's event, where the line has a form whose text can be written at once; undefined where
 * `parseLine` is to be asked. The same event either way. `id` is the event's, up to the hash of its content.
 */
export function lineText(
  line: string,
  parser: string,
  context: ParseContext,
  id: string,
  hint: ParserHint,
): string | undefined {
  if (context.program !== undefined) return undefined;
  const taken = parser === 'auto' ? hint.parser : BY_NAME.get(parser);
  return taken?.text?.(line, context, id);
}

/** The event of a line whose JSON object has been read already; undefined where the parser named needs the line. */
export function objectEvent(
  object: Record<string, unknown>,
  line: string,
  parser: string,
  context: ParseContext,
): EcsEvent | undefined {
  return BY_NAME.get(parser)?.ofObject?.(object, line, context);
}

/**
 * Parses one line with the named parser or `auto`; always gives an event and never throws. What no parser understands
 * is kept with `event.kind: pipeline_error` and the reason in `error.message`. `hint`, one object a source, lets `auto`
 * try the parser of the line before first. `own` are parsers beside the built-in ones.
 */
export function parseLine(
  line: string,
  parser: string,
  context: ParseContext,
  hint?: ParserHint,
  own: OwnParsers = NO_OWN_PARSERS,
): EcsEvent {
  if (parser === 'auto') {
    return detectAny(line, context, hint, own) ?? notUnderstood(line, 'No parser recognises this line.', context);
  }
  const named = BY_NAME.get(parser) ?? own.byName.get(parser);
  if (!named) return notUnderstood(line, `There is no parser "${parser}".`, context);
  // Parsers of text find their marks inside JSON too, with what is no part of their line behind.
  const wrapped = named.ofObject === undefined ? readWrapped(line, context, json, named) : undefined;
  const event = wrapped ?? named.parse(line, context);
  if (event) return event;
  const why = named.why === undefined ? '' : ` ${named.why()}`;
  return notUnderstood(line, `The parser ${parser} does not understand this line.${why}`, context);
}
