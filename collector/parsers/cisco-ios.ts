import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import { isIosHead, readIosHead } from './cisco-ios-head.ts';
import { IOS_MESSAGES } from './cisco-ios-messages.ts';
import type { IosMeaning } from './cisco-ios-services.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, finish, newDraft } from './draft.ts';
import { countOf, macOf, put, putTransport } from './put.ts';
import type { SyslogHeader } from './syslog-header.ts';
import { readSyslogHeader } from './syslog-header.ts';

const MARK = /%([A-Z][A-Za-z0-9_]{1,30}(?:-[A-Z][A-Z0-9_]{0,30})?)-([0-7ACDEINW])-([A-Z][A-Za-z0-9_]{1,40}) ?: ?/;
const FIREWALL = /^(?:ASA|FTD|PIX|FWSM|NGIPS)$/;
/** `%$ VDC-1 %$`, the virtual device of NX-OS. */
const VDC = /%\$ VDC-[\w-]{1,32} %\$ {1,4}/;
/** Small switches write letters for severities. */
const LETTERS = 'ACEWNID';
const YEAR_FIRST = /^(<\d{1,3}>)?(\d{4}) (\w{3} [ \d]?\d) (?=\d\d:)/;
const MAX_IOS = 8_192;
const MAX_HEAD = 512;
const LEVELS = ['emergency', 'alert', 'critical', 'error', 'warning', 'notification', 'informational', 'debug'];

function setEnds(draft: Draft, texts: Record<string, string | undefined>, isLogin: boolean): void {
  const { src, sport, dst, dport, dmac } = texts;
  const mac = texts['mac'] ?? texts['smac'];
  const sif = texts['sif'] ?? texts['port'];
  const source = src === undefined ? undefined : endpoint(src, sport);
  const destination = dst === undefined ? undefined : endpoint(dst, dport);
  // A login at the console itself is of no address.
  if (source && !(isLogin && source.ip === '0.0.0.0')) draft.source = source;
  if (destination) draft.destination = destination;
  // Where access lists name no ports they write 0.
  if (draft.source?.port === 0 && draft.destination?.port === 0) {
    delete draft.source.port;
    delete draft.destination.port;
  }
  if (draft.source) put(draft, 'source.mac', macOf(mac));
  if (draft.destination) put(draft, 'destination.mac', macOf(dmac));
  put(draft, 'observer.ingress.interface.name', sif);
}

function readBody(draft: Draft, meaning: IosMeaning, body: string): void {
  const found = meaning.pattern?.exec(body);
  const { category, type, action, outcome } = meaning;
  classify(draft, category, type, action, outcome);
  const texts = found?.groups;
  if (!texts) return;
  setEnds(draft, texts, category.includes('authentication'));
  const {
    user,
    rule,
    transport,
    packets,
    verdict,
    result,
    reason,
    command,
    lport,
    itype,
    icode,
    interface: port,
  } = texts;
  if (user !== undefined && user !== '' && user !== 'unknown' && user !== 'console') draft.user = { name: user };
  putTransport(draft, transport?.toLowerCase());
  if (draft['network'] === undefined && transport !== undefined && /^[a-z][a-z-]{1,15}$/.test(transport))
    put(draft, 'network.protocol', transport);
  put(draft, 'rule.name', rule);
  const count = countOf(packets);
  if (count !== undefined && draft.source) put(draft, 'source.packets', count);
  put(draft, 'event.reason', reason?.trim());
  put(draft, 'process.command_line', command?.trim());
  put(draft, 'destination.port', countOf(lport));
  put(draft, 'source.mac', macOf(texts['hardware']));
  put(draft, 'cisco.ios.interface.name', port);
  put(draft, 'cisco.ios.icmp_type', countOf(itype));
  put(draft, 'cisco.ios.icmp_code', countOf(icode));
  if (verdict !== undefined) {
    const denied = /^den/i.test(verdict);
    classify(
      draft,
      category,
      [...type, denied ? 'denied' : 'allowed'],
      denied ? 'deny' : 'allow',
      denied ? 'failure' : 'success',
    );
  }
  if (draft.source) put(draft, 'source.bytes', countOf(texts['sbytes']));
  if (draft.destination) put(draft, 'destination.bytes', countOf(texts['dbytes']));
  if (result !== undefined) draft.event.outcome = /succe|accept/i.test(result) ? 'success' : 'failure';
}

function makeEvent(
  line: string,
  message: string,
  context: ParseContext,
  header?: Partial<SyslogHeader>,
): EcsEvent | undefined {
  const mark = MARK.exec(message.slice(0, MAX_HEAD));
  if (!mark || FIREWALL.test(mark[1] as string)) return undefined;
  const body = message.slice(mark.index + mark[0].length);
  // The platform passes on what a process of its own says: `R0/0: cpp_cp: … %FW-6-DROP_PKT: …`.
  const inner = mark[3] === 'PLATFORM' ? / %[A-Z][A-Z0-9_]{1,30}-[0-7]-/.exec(body.slice(0, MAX_HEAD)) : null;
  if (inner) return makeEvent(line, body.slice(inner.index + 1), context, header);
  const [, facility = '', severity = '', mnemonic = ''] = mark;
  const draft = newDraft(line, body, 'cisco.ios', context, header?.ms);
  const host = header?.host;
  if (header?.program !== undefined) {
    draft.process = { name: header.program, ...(header.procid !== undefined && { pid: Number(header.procid) }) };
  }
  if (host !== undefined) {
    draft.host = { name: host, hostname: host };
    put(draft, 'observer.name', host);
    put(draft, 'observer.hostname', host);
  }
  put(draft, 'observer.vendor', 'Cisco');
  put(draft, 'observer.product', 'IOS');
  put(draft, 'event.code', mnemonic);
  const letter = LETTERS.indexOf(severity);
  const level = letter < 0 ? Number(severity) : letter + 1;
  put(draft, 'event.severity', level);
  put(draft, 'log.level', LEVELS[level]);
  put(draft, 'event.provider', facility);
  put(draft, 'cisco.ios.facility', facility);
  // The part of the machine that speaks may stand behind: `PIM-SW1`.
  const part = facility.replace(/-.*$/, '');
  const meaning = IOS_MESSAGES.get(`${facility}-${mnemonic}`) ?? IOS_MESSAGES.get(`${part}-${mnemonic}`);
  if (meaning && body.length <= MAX_IOS) readBody(draft, meaning, body);
  else classify(draft, ['host'], ['info']);
  return finish(draft);
}

/** Reads a message that stood behind a syslog header, with or without the device's own head. */
export function readIosMessage(message: string, context: ParseContext): EcsEvent | undefined {
  const mark = MARK.exec(message.slice(0, MAX_HEAD));
  const head = mark ? readIosHead(message.slice(0, mark.index).replace(VDC, ''), context) : undefined;
  return head && makeEvent(message, message, context, { ms: context.now, ...head });
}

/** Says whether a message with no program's name may be that of a router or switch. */
export function isIosMessage(message: string): boolean {
  const mark = MARK.exec(message.slice(0, MAX_HEAD));
  if (!mark || FIREWALL.test(mark[1] as string)) return false;
  return isIosHead(message.slice(0, mark.index).replace(VDC, ''));
}

/** Messages of Cisco routers and switches (IOS, IOS XE, NX-OS), with any of their headers or none. */
export const ciscoIos: Parser = {
  name: 'cisco-ios',
  // What begins with a priority is read by its header first.
  detects: (line) =>
    line.charCodeAt(0) !== 60 && (isIosMessage(line) || (YEAR_FIRST.test(line) && MARK.test(line.slice(0, MAX_HEAD)))),
  parse(line, context) {
    const mark = MARK.exec(line.slice(0, MAX_HEAD));
    if (!mark) return undefined;
    const own = readIosHead(line.slice(0, mark.index).replace(VDC, ''), context);
    if (own) return makeEvent(line, line, context, own);
    // `2026 Nov 22 08:01:02 sw1 %…` of NX-OS has the year first, and no colon behind the clock.
    const header = readSyslogHeader(line.replace(VDC, '').replace(YEAR_FIRST, '$1$3 $2 '), context);
    if (!header || !isIosMessage(header.message)) return undefined;
    const inner = header.message.slice(0, MARK.exec(header.message)?.index);
    return makeEvent(line, header.message, context, { ...header, ...readIosHead(inner, context) });
  },
};
