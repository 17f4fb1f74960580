import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import type { IosMeaning } from './cisco-ios-messages.ts';
import { IOS_MESSAGES } from './cisco-ios-messages.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, finish, newDraft } from './draft.ts';
import { countOf, macOf, put, putTransport } from './put.ts';
import type { SyslogHeader } from './syslog-header.ts';
import { readSyslogHeader } from './syslog-header.ts';
import { sureZone } from './time.ts';

const MARK = /%([A-Z][A-Z0-9_]{1,30}(?:-[A-Z][A-Z0-9_]{0,30})?)-([0-7])-([A-Z][A-Z0-9_]{1,40}): ?/;
const FIREWALL = /^(?:ASA|FTD|PIX|FWSM|NGIPS)$/;
/** What stands before the code: a sequence number, the device, the clock with `*` or `.` where it is not set. */
const HEAD =
  /^(?:<\d{1,3}>)?(?:\d{1,10}: )?(?:([A-Za-z][\w.-]{0,254}|\d{1,3}(?:\.\d{1,3}){3}): )?(?:(?:\d{1,10})?: )?[*.]?(?:((?:\w{3} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,6})?)|\d{4} \w{3} [ \d]?\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)(?: ([A-Z]{2,5})(?:[+-]\d{1,2})?)?|\d{1,4}[wdy]\d{1,2}[dh]|\d\d:\d\d:\d\d)?: ?(?=%)/;
const YEAR_FIRST = /^(<\d{1,3}>)?(\d{4}) (\w{3} [ \d]?\d) (?=\d\d:)/;
const MAX_IOS = 8_192;
const MAX_HEAD = 512;
const LEVELS = ['emergency', 'alert', 'critical', 'error', 'warning', 'notification', 'informational', 'debug'];

function setEnds(draft: Draft, texts: Record<string, string | undefined>): void {
  const { src, sport, dst, dport, mac, sif } = texts;
  const source = src === undefined ? undefined : endpoint(src, sport);
  const destination = dst === undefined ? undefined : endpoint(dst, dport);
  if (source && source.ip !== '0.0.0.0') draft.source = source;
  if (destination) draft.destination = destination;
  // Where access lists name no ports they write 0.
  if (draft.source?.port === 0 && draft.destination?.port === 0) {
    delete draft.source.port;
    delete draft.destination.port;
  }
  if (draft.source) put(draft, 'source.mac', macOf(mac));
  put(draft, 'observer.ingress.interface.name', sif);
}

function readBody(draft: Draft, meaning: IosMeaning, body: string): void {
  const found = meaning.pattern?.exec(body);
  const { category, type, action, outcome } = meaning;
  classify(draft, category, type, action, outcome);
  const texts = found?.groups;
  if (!texts) return;
  setEnds(draft, texts);
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
  putTransport(draft, transport === 'tcp' || transport === 'udp' ? transport : transport?.toLowerCase());
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
    const denied = verdict.toLowerCase() === 'denied';
    classify(
      draft,
      category,
      [...type, denied ? 'denied' : 'allowed'],
      denied ? 'deny' : 'allow',
      denied ? 'failure' : 'success',
    );
  }
  if (result !== undefined) draft.event.outcome = /succe/i.test(result) ? 'success' : 'failure';
}

function makeEvent(
  line: string,
  message: string,
  context: ParseContext,
  header?: Partial<SyslogHeader>,
): EcsEvent | undefined {
  const mark = MARK.exec(message.slice(0, MAX_HEAD));
  if (!mark || FIREWALL.test(mark[1] as string)) return undefined;
  const [, facility = '', severity = '', mnemonic = ''] = mark;
  const body = message.slice(mark.index + mark[0].length);
  const draft = newDraft(line, body, 'cisco.ios', context, header?.ms);
  const host = header?.host;
  if (host !== undefined) {
    draft.host = { name: host, hostname: host };
    put(draft, 'observer.name', host);
    put(draft, 'observer.hostname', host);
  }
  put(draft, 'observer.vendor', 'Cisco');
  put(draft, 'observer.product', 'IOS');
  put(draft, 'event.code', mnemonic);
  put(draft, 'event.severity', Number(severity));
  put(draft, 'log.level', LEVELS[Number(severity)]);
  put(draft, 'event.provider', facility);
  put(draft, 'cisco.ios.facility', facility);
  const meaning = IOS_MESSAGES.get(`${facility}-${mnemonic}`) ?? IOS_MESSAGES.get(mnemonic);
  if (meaning && body.length <= MAX_IOS) readBody(draft, meaning, body);
  else classify(draft, ['host'], ['info']);
  return finish(draft);
}

/** The device's own head before the code: its name and its clock, which count before the relay's. */
function readHead(message: string, context: ParseContext): Partial<SyslogHeader> | undefined {
  const head =
    message.length > MAX_HEAD && !message.slice(0, MAX_HEAD).includes('%')
      ? null
      : HEAD.exec(message.slice(0, MAX_HEAD));
  if (!head) return undefined;
  const [, host, stamp, zone] = head;
  if (stamp === undefined) return host === undefined ? {} : { host };
  // `2026 Nov 22 08:01:02` of NX-OS has the year first.
  const turned = stamp.replace(/^(\d{4}) (\w{3} [ \d]?\d) /, '$2 $1 ');
  const timeZone = sureZone(zone, context.timeZone);
  const ms = readSyslogHeader(`${turned} x y: z`, { ...context, timeZone })?.ms;
  return { ...(host !== undefined && { host }), ...(ms !== undefined && { ms }) };
}

/** Reads a message that stood behind a syslog header, with or without the device's own head. */
export function readIosMessage(message: string, context: ParseContext): EcsEvent | undefined {
  const bare = MARK.exec(message.slice(0, MAX_HEAD))?.index === 0;
  const head = bare ? {} : readHead(message, context);
  return head && makeEvent(message, message, context, { ms: context.now, ...head });
}

/** Says whether a message with no program's name may be that of a router or switch. */
export function isIosMessage(message: string): boolean {
  const mark = MARK.exec(message.slice(0, MAX_HEAD));
  if (!mark || FIREWALL.test(mark[1] as string)) return false;
  return mark.index === 0 || HEAD.test(message.slice(0, MAX_HEAD));
}

/** Messages of Cisco routers and switches (IOS, IOS XE, NX-OS), with any of their headers or none. */
export const ciscoIos: Parser = {
  name: 'cisco-ios',
  // What begins with a priority is read by its header first.
  detects: (line) =>
    line.charCodeAt(0) !== 60 && (isIosMessage(line) || (YEAR_FIRST.test(line) && MARK.test(line.slice(0, MAX_HEAD)))),
  parse(line, context) {
    const own = isIosMessage(line) ? readHead(line, context) : undefined;
    if (own || MARK.exec(line.slice(0, MAX_HEAD))?.index === 0) return makeEvent(line, line, context, own);
    // `2026 Nov 22 08:01:02 sw1 %…` of NX-OS has the year first, and no colon behind the clock.
    const header = readSyslogHeader(line.replace(YEAR_FIRST, '$1$3 $2 '), context);
    if (!header || !isIosMessage(header.message)) return undefined;
    return makeEvent(line, header.message, context, { ...header, ...readHead(header.message, context) });
  },
};
