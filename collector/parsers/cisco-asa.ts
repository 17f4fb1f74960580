import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import { readSecurityEvent } from './cisco-ftd.ts';
import { readIosHead } from './cisco-ios-head.ts';
import { CISCO_MESSAGES } from './cisco-messages.ts';
import { readPlainWords } from './cisco-plain-words.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, finish, newDraft } from './draft.ts';
import { readTemplate } from './message-template.ts';
import { countOf, put, putTransport } from './put.ts';
import { readSyslogHeader } from './syslog-header.ts';
import { setUrl } from './url.ts';

const MARK = /%(ASA|FTD|PIX|FWSM|NGIPS)-(?:[A-Za-z][\w]{0,30}-|-)?([0-7])-(\d{6}): ?/;
const MARK_FIRST = /^:{0,2} {0,3}%(?:ASA|FTD|PIX|FWSM|NGIPS)-/;
const INNER_TIME = /^:? ?(?=(?:\w{3} )?\w{3} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d)/;
const MAX_HEAD = 512;
const MAX_CISCO = 16_384;
const LEVELS = ['emergency', 'alert', 'critical', 'error', 'warning', 'notification', 'informational', 'debug'];
const SECONDS = /^(?:(\d{1,5})d ?)?(\d{1,6})h?:(\d{1,2})m?:(\d{1,2})s?$/;

/** What stands for an address where there is none. */
const NOWHERE: ReadonlySet<string> = new Set(['console', 'None', 'unknown', 'Unknown']);
const REPEATED = /^message repeated (\d{1,9}) times: \[ ?(.*)\]$/s;
/** Messages that write an ICMP type and code where others have ports. */
const TYPED_PORTS: ReadonlySet<string> = new Set(['106100', '106102', '106103']);
/** What stands in brackets behind an address where no identity is known: the name that the address has. */
const HOST_IN_BRACKETS = /^(?=.*\.)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+$/;

type Texts = Record<string, string>;

/** `1:02:03`, `0h:12m:03s` or `1d 02h:03m:04s` in nanoseconds. */
function durationOf(text: string | undefined): number | undefined {
  const found = text === undefined ? null : SECONDS.exec(text.trim());
  if (!found) return undefined;
  const seconds = Number(found[1] ?? 0) * 86_400 + Number(found[2]) * 3_600 + Number(found[3]) * 60 + Number(found[4]);
  return seconds * 1_000_000_000;
}

/** Splits `DOMAIN\name`; a name that the device hides or does not know is none. */
function accountOf(text: string | undefined): { name: string; domain?: string } | undefined {
  const whole = text?.trim().replace(/^["']|["']$/g, '');
  if (whole === undefined || whole === '' || /^\*+$/.test(whole) || whole === 'Unknown' || whole === '<unknown>')
    return undefined;
  // A security group tag stands behind a comma or alone: `name, 10:servers`.
  const name = whole.replace(/, ?\d{1,6}(?::\S{1,64})?$/, '');
  if (/^\d{1,6}(?::\S{1,64})?$/.test(name)) return undefined;
  const slash = name.indexOf('\\');
  if (slash < 0) return { name };
  const domain = name.slice(0, slash);
  return { name: name.slice(name.lastIndexOf('\\') + 1), ...(domain !== 'LOCAL' && domain !== '' && { domain }) };
}

function setEnd(
  draft: Draft,
  side: 'source' | 'destination',
  texts: Texts,
  names: readonly [string, string, string, string],
): void {
  const [address, port, nat, natPort] = names;
  const text = texts[address];
  // Commands typed at the machine itself come from `console`, which is no place on the network.
  const found = text === undefined || NOWHERE.has(text) ? undefined : endpoint(text, texts[port]);
  if (found) draft[side] = found;
  const mapped = texts[nat];
  const end = mapped === undefined || mapped === text ? undefined : endpoint(mapped, texts[natPort]);
  if (end?.ip !== undefined) put(draft, `${side}.nat.ip`, end.ip);
  const mappedPort = countOf(texts[natPort]);
  if (end?.ip !== undefined && mappedPort !== undefined) put(draft, `${side}.nat.port`, mappedPort);
}

function setEnds(draft: Draft, texts: Texts): void {
  setEnd(draft, 'source', texts, ['src', 'sport', 'nat', 'natport']);
  setEnd(draft, 'destination', texts, ['dst', 'dport', 'nat2', 'nat2port']);
  const service = texts['dport'];
  if (service !== undefined && !/^\d+$/.test(service)) put(draft, 'network.protocol', service.toLowerCase());
  const { foreign, local, global } = texts;
  if (foreign === undefined || local === undefined) return;
  const inbound = texts['direction'] === 'inbound';
  const far = endpoint(foreign);
  const near = endpoint(local);
  if (far) draft[inbound ? 'source' : 'destination'] = far;
  if (near) draft[inbound ? 'destination' : 'source'] = near;
  if (near && global !== undefined && global !== local) {
    const mapped = endpoint(global)?.ip;
    put(draft, `${inbound ? 'destination' : 'source'}.nat.ip`, mapped);
  }
}

/** The identity in brackets behind an address; a host's name there is none. */
function identityOf(text: string | undefined): string | undefined {
  return text === 'any' || (text !== undefined && HOST_IN_BRACKETS.test(text)) ? undefined : text;
}

function setPeople(draft: Draft, texts: Texts): void {
  const first = accountOf(identityOf(texts['suser']));
  const second = accountOf(identityOf(texts['duser']));
  // The far end of a ping is named first, and is the source of an inbound one alone.
  const isTurned = texts['foreign'] !== undefined && texts['direction'] !== 'inbound';
  if (first) put(draft, isTurned ? 'destination.user' : 'source.user', first);
  if (second) put(draft, isTurned ? 'source.user' : 'destination.user', second);
  if (first) draft.user = { ...first };
  const own = accountOf(texts['user']);
  if (own) draft.user = { ...own };
  const group = texts['group'];
  if (group !== undefined && group !== '') put(draft, 'user.group.name', group);
}

function setNetwork(draft: Draft, texts: Texts, number: string): void {
  putTransport(draft, texts['transport']);
  const direction = (texts['direction'] ?? texts['outward'])?.toLowerCase();
  if (direction === 'inbound' || direction === 'outbound') put(draft, 'network.direction', direction);
  const icmp = texts['transport']?.toLowerCase().startsWith('icmp');
  if (icmp && draft.source?.port !== undefined) {
    // Where access lists name ports, ICMP has its type and code; elsewhere its identifier.
    if (TYPED_PORTS.has(number)) {
      put(draft, 'cisco.asa.icmp_type', draft.source.port);
      put(draft, 'cisco.asa.icmp_code', draft.destination?.port);
    }
    delete draft.source.port;
    delete draft.destination?.port;
  }
  put(draft, 'cisco.asa.icmp_type', countOf(texts['itype']));
  put(draft, 'cisco.asa.icmp_code', countOf(texts['icode']));
  put(draft, 'network.bytes', countOf(texts['bytes']));
  if (draft.source) put(draft, 'source.bytes', countOf(texts['sbytes']));
  if (texts['dbytes'] !== undefined) put(draft, 'destination.bytes', countOf(texts['dbytes']));
  put(draft, 'observer.ingress.interface.name', texts['sif']);
  put(draft, 'observer.egress.interface.name', texts['dif']);
  put(draft, 'cisco.asa.tcp_flags', texts['flags']?.trim());
  put(draft, number.startsWith('400') ? 'rule.id' : 'cisco.asa.connection_id', texts['id']);
}

function setRest(draft: Draft, texts: Texts, number: string): void {
  put(draft, 'rule.name', texts['acl'] ?? (number.startsWith('338') ? undefined : texts['list']));
  put(draft, 'event.duration', durationOf(texts['duration']));
  put(draft, 'event.reason', texts['reason']?.trim());
  put(draft, 'process.command_line', texts['command']?.replace(/^'|'$/g, ''));
  put(draft, 'file.path', texts['path']);
  const accessed =
    number === '304001'
      ? /^(?:[^\s@]{1,256}@)?([0-9A-Za-z._-]{1,255}|[0-9A-Fa-f:]{2,45}?):(.*)$/s.exec(texts['rest'] ?? '')
      : null;
  if (accessed) {
    const end = endpoint(accessed[1] as string);
    if (end) draft.destination = end;
  }
  const url = accessed?.[2] ?? texts['url']?.replace(/^"|"$/g, '');
  if (url) setUrl(draft, url);
  const host = number.startsWith('338')
    ? /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,252}(?=,|$)/.exec(texts['rest'] ?? '')?.[0]
    : undefined;
  const blamed =
    texts['verb'] === 'source' ? draft.source : texts['verb'] === 'destination' ? draft.destination : undefined;
  if (host !== undefined && blamed && endpoint(host)?.domain !== undefined) blamed.domain = host;
  const listed = number.startsWith('338')
    ? / ?threat-level: ([a-z-]{1,16})(?:, category: (.{1,64}))?$/.exec(texts['rest'] ?? '')
    : null;
  if (listed) {
    put(draft, 'cisco.asa.threat_level', listed[1]);
    put(draft, 'cisco.asa.threat_category', listed[2]);
  }
}

/** What the words of a message change in what its number means. */
function refine(draft: Draft, texts: Texts, number: string, body: string): void {
  const verdict = texts['verdict']?.toLowerCase();
  if (number.startsWith('106')) {
    if (verdict === 'denied') classify(draft, ['network'], ['connection', 'denied'], 'firewall-rule', 'failure');
    if (verdict === 'permitted' || verdict === 'est-allowed')
      classify(draft, ['network'], ['connection', 'allowed'], 'firewall-rule', 'success');
  }
  if (number === '111004' && verdict !== 'ok') draft.event.outcome = 'failure';
  if (number.startsWith('338') && texts['word'] === 'dropped')
    classify(draft, ['network'], ['connection', 'denied'], 'dynamic-filter', 'failure');
  if (number === '113004' && texts['word'] === 'accounting') classify(draft, ['network'], ['info']);
  const { rest } = texts;
  if (number === '722055') put(draft, 'user_agent.original', /^Client Type: (.+)$/s.exec(rest ?? '')?.[1]);
  if (number === '722037') put(draft, 'event.reason', /^SVC closing connection: (.+?)\.?$/s.exec(rest ?? '')?.[1]);
  if (number === '313009') put(draft, 'cisco.asa.icmp_type', countOf(/, ICMP type (\d{1,3})$/.exec(body)?.[1]));
  if ((number === '113004' || number === '113005') && texts['word'] === 'authorization')
    draft.event.action = 'authorization';
}

function fill(draft: Draft, texts: Texts, number: string): void {
  setEnds(draft, texts);
  setNetwork(draft, texts, number);
  setPeople(draft, texts);
  setRest(draft, texts, number);
}

function readBody(draft: Draft, number: string, body: string): void {
  const repeated = REPEATED.exec(body.trim());
  if (repeated) draft['haidang'] = { repeated: Number(repeated[1]) };
  const text = (repeated?.[2] ?? body).trim();
  const message = CISCO_MESSAGES.get(number);
  if (text.length > MAX_CISCO) {
    classify(draft, ['network'], ['info']);
    return;
  }
  const { category, type, action, outcome } = message?.meaning ?? { category: ['network'], type: ['info'] };
  classify(draft, category, type, action, outcome);
  for (const each of message?.templates ?? []) {
    const texts = readTemplate(each, text);
    if (!texts) continue;
    fill(draft, texts, number);
    refine(draft, texts, number, text);
    return;
  }
  // A text that the tables do not have: its number says what it is about, and of its words those that all messages share.
  fill(draft, readPlainWords(text), number);
}

function makeEvent(
  line: string,
  message: string,
  context: ParseContext,
  ms: number | undefined,
  host: string | undefined,
): EcsEvent | undefined {
  const mark = MARK.exec(message.slice(0, MAX_HEAD));
  if (!mark) return undefined;
  const [, product = '', severity = '', number = ''] = mark;
  const body = message.slice(mark.index + mark[0].length);
  const draft = newDraft(line, body, product === 'FTD' ? 'cisco.ftd' : 'cisco.asa', context, ms);
  if (host !== undefined) draft.host = { name: host, hostname: host };
  put(draft, 'observer.vendor', 'Cisco');
  put(draft, 'observer.product', product.toLowerCase());
  put(draft, 'observer.type', 'firewall');
  if (host !== undefined) {
    put(draft, 'observer.name', host);
    put(draft, 'observer.hostname', host);
  }
  put(draft, 'event.code', number);
  put(draft, 'event.severity', Number(severity));
  put(draft, 'log.level', LEVELS[Number(severity)]);
  if (number.startsWith('43000')) readSecurityEvent(draft, number, body, context);
  else readBody(draft, number, body);
  return finish(draft);
}

/** Reads a message that stood behind a syslog header: `: %ASA-6-302013: …`, also with the device's own time before it. */
export function readCiscoMessage(message: string, context: ParseContext): EcsEvent | undefined {
  if (MARK_FIRST.test(message)) return makeEvent(message, message, context, context.now, undefined);
  const inner = INNER_TIME.exec(message);
  if (!inner) return undefined;
  const rest = message.slice(inner[0].length).replace(/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) /, '');
  const header = readSyslogHeader(rest, context);
  if (!header || !/^:? ?%(?:ASA|FTD|PIX|FWSM|NGIPS)-/.test(header.message)) return undefined;
  return makeEvent(message, header.message, context, header.ms, header.host);
}

/** Says whether a message with no program's name may be a Cisco firewall's. */
export function isCiscoMessage(message: string): boolean {
  return MARK_FIRST.test(message) || (INNER_TIME.test(message) && MARK.test(message.slice(0, MAX_HEAD)));
}

/** Messages of Cisco ASA and Firepower Threat Defense, with any of their headers or none. */
export const ciscoAsa: Parser = {
  name: 'cisco-asa',
  detects: (line) => MARK_FIRST.test(line) || (line.charCodeAt(0) === 58 && isCiscoMessage(line)),
  parse(line, context) {
    if (MARK_FIRST.test(line)) return readCiscoMessage(line, context);
    const header = readSyslogHeader(line, context);
    const own = readCiscoMessage(line, context);
    if (own || header?.host !== undefined) return own ?? makeEvent(line, line, context, header?.ms, header?.host);
    // A name or a time alone, with or without a colon behind it: `<166>fw1 %…`, `: 2026 Nov 22 08:01:02 UTC fw1 : %…`.
    const mark = MARK.exec(line.slice(0, MAX_HEAD));
    const before = mark ? line.slice(0, mark.index).replace(/([^:\s]) *$/, '$1: ') : '';
    const head = readIosHead(before, context);
    return makeEvent(line, line, context, header?.ms ?? head?.ms, head?.host);
  },
};
