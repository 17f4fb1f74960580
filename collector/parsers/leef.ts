import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import { deviceTime, toldOutcome } from './cef.ts';
import type { Row } from './device-fields.ts';
import { DeviceFields, sumDirections, takeFields, userOfSource } from './device-fields.ts';
import type { Draft } from './draft.ts';
import { finish, newDraft } from './draft.ts';
import { countOf, put } from './put.ts';
import { classifyVerdict } from './verdict.ts';

const MARK = /(?:^|[\s:>])LEEF: ?([12])\.0\|/;
const MAX_LEEF = 65_536;
const MAX_PAIRS = 400;

/** The predefined attributes of LEEF 2.0 in ECS, and the names that firewalls add most. */
const ROWS: readonly Row[] = [
  ['src', 'source', 'end'],
  ['identSrc', 'source', 'end'],
  ['srcPort', 'source.port', 'port'],
  ['srcMAC', 'source.mac', 'mac'],
  ['srcBytes', 'source.bytes', 'count'],
  ['srcPackets', 'source.packets', 'count'],
  ['srcPostNAT', 'source.nat.ip', 'ip'],
  ['srcPostNATPort', 'source.nat.port', 'port'],
  ['identHostName', 'source.domain'],
  ['dst', 'destination', 'end'],
  ['dstPort', 'destination.port', 'port'],
  ['dstMAC', 'destination.mac', 'mac'],
  ['dstBytes', 'destination.bytes', 'count'],
  ['dstPackets', 'destination.packets', 'count'],
  ['dstPostNAT', 'destination.nat.ip', 'ip'],
  ['dstPostNATPort', 'destination.nat.port', 'port'],
  ['totalPackets', 'network.packets', 'count'],
  ['proto', 'network.transport', 'transport'],
  ['usrName', 'user.name'],
  ['accountName', 'user.name'],
  ['domain', 'user.domain'],
  ['groupID', 'user.group.id'],
  ['role', 'user.roles', 'list'],
  ['url', 'url.original', 'url'],
  ['rule', 'rule.name'],
  ['policy', 'rule.name'],
  ['resource', 'file.path'],
  ['devName', 'observer.name'],
];

/** The character between attributes: a tab, or what LEEF 2.0 names as itself or as `x09` or `0x09`. */
function delimiterOf(text: string): string | undefined {
  if (text === '') return '\t';
  const code = /^(?:0x|x)([0-9A-Fa-f]{1,4})$/.exec(text)?.[1];
  if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
  return text.length === 1 ? text : undefined;
}

function readAttributes(text: string, delimiter: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const part of text.split(delimiter, MAX_PAIRS)) {
    const mark = part.indexOf('=');
    const key = part.slice(0, mark).trim();
    if (mark > 0 && key.length <= 64 && !pairs.has(key)) pairs.set(key, part.slice(mark + 1).trim());
  }
  return pairs;
}

/** The five named parts of the header, and the attributes behind them. */
function splitLeef(text: string, version: string): { parts: string[]; attributes: Map<string, string> } | undefined {
  const parts = text.split('|', 6);
  const vendorParts = parts.slice(1, 5);
  if (vendorParts.length < 4) return undefined;
  let behind = text.slice(parts.slice(0, 5).join('|').length + 1);
  let delimiter: string | undefined = '\t';
  const bar = behind.indexOf('|');
  // LEEF 1.0 knows no delimiter; a bar may be part of its first value.
  const named = version === '2' && bar >= 0 && bar <= 6 ? delimiterOf(behind.slice(0, bar)) : undefined;
  if (named !== undefined) {
    delimiter = named;
    behind = behind.slice(bar + 1);
  } else if (!behind.includes('\t') && /^[A-Za-z]\w{0,63}=[^|=]{0,512}\|[A-Za-z]\w{0,63}=/.test(behind)) {
    // Log formats that are typed in by hand, as PAN-OS's are, often separate attributes as they do the header's parts.
    delimiter = '|';
  }
  return { parts: vendorParts, attributes: readAttributes(behind, delimiter) };
}

/** Reads `LEEF:2.0|vendor|product|version|event|delimiter|attributes` (Log Event Extended Format 1.0 and 2.0). */
export function readLeefMessage(message: string, context: ParseContext): EcsEvent | undefined {
  const mark = message.length > MAX_LEEF ? null : MARK.exec(message.slice(0, 512));
  const found = mark && splitLeef(message.slice(mark.index).replace(/^[\s:>]/, ''), mark[1] as string);
  if (!found) return undefined;
  const fields = new DeviceFields(found.attributes);
  const [vendor, product, version, id] = found.parts;
  const draft: Draft = newDraft(message, message, 'leef.log', context, deviceTime(fields.take('devTime'), context));
  fields.take('devTimeFormat');
  put(draft, 'observer.vendor', vendor);
  put(draft, 'observer.product', product);
  put(draft, 'observer.version', version);
  put(draft, 'event.code', id);
  const severity = countOf(fields.peek('sev'));
  if (severity !== undefined && severity <= 10) put(draft, 'event.severity', Number(fields.take('sev')));
  takeFields(draft, fields, ROWS);
  sumDirections(draft);
  userOfSource(draft);
  if (draft.user?.name !== undefined && draft.source) put(draft, 'source.user.name', draft.user.name);
  const action = fields.take('action');
  const ends = draft.source?.ip !== undefined && draft.destination?.ip !== undefined;
  if (ends) classifyVerdict(draft, ['network'], ['connection'], action);
  else put(draft, 'event.action', action);
  const told = toldOutcome(action);
  if (told !== undefined) draft.event.outcome ??= told;
  draft.message = fields.take('msg') ?? message;
  const rest = fields.rest();
  if (Object.keys(rest).length > 0) draft['leef'] = { attributes: rest };
  return finish(draft);
}

/** Says whether a message begins as LEEF does. */
export function isLeefMessage(message: string): boolean {
  return /^(?:\S{1,255} )?LEEF: ?[12]\.0\|/.test(message);
}

/** QRadar's Log Event Extended Format, with or without a syslog header. */
export const leef: Parser = { name: 'leef', detects: (line) => isLeefMessage(line), parse: readLeefMessage };
