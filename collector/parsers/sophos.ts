import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import type { Row } from './device-fields.ts';
import { DeviceFields, sumDirections, takeFields, userOfSource } from './device-fields.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, finish, newDraft } from './draft.ts';
import { readKeyValues } from './key-values.ts';
import { countOf, put } from './put.ts';
import { isoTimeAt, sureZone } from './time.ts';
import { outcomeOf, type Verdict } from './verdict.ts';

const START = /^(?:device="SFW" |device_name="[^"]{1,128}" timestamp="|timestamp="[^"]{10,40}" device_name=")/;
const START_WITHIN = /(?:^|[\s>])(?=device="SFW" |device_name="[^"]{1,128}" timestamp=")/;
const MARK = / log_id="?\d{12}"? /;
const MAX_SOPHOS = 65_536;

const ROWS: readonly Row[] = [
  ['src_ip', 'source', 'end'],
  ['remote_ip', 'source', 'end'],
  ['sourceip', 'source', 'end'],
  ['reported_ip', 'source', 'end'],
  ['src_port', 'source.port', 'port'],
  ['src_mac', 'source.mac', 'mac'],
  ['reported_host', 'source.domain'],
  ['tran_src_ip', 'source.nat.ip', 'ip'],
  ['src_trans_ip', 'source.nat.ip', 'ip'],
  ['tran_src_port', 'source.nat.port', 'port'],
  ['src_trans_port', 'source.nat.port', 'port'],
  ['sent_bytes', 'source.bytes', 'count'],
  ['bytes_sent', 'source.bytes', 'count'],
  ['sent_pkts', 'source.packets', 'count'],
  ['packets_sent', 'source.packets', 'count'],
  ['dst_ip', 'destination', 'end'],
  ['destinationip', 'destination', 'end'],
  ['dst_port', 'destination.port', 'port'],
  ['dst_mac', 'destination.mac', 'mac'],
  ['tran_dst_ip', 'destination.nat.ip', 'ip'],
  ['dst_trans_ip', 'destination.nat.ip', 'ip'],
  ['tran_dst_port', 'destination.nat.port', 'port'],
  ['dst_trans_port', 'destination.nat.port', 'port'],
  ['recv_bytes', 'destination.bytes', 'count'],
  ['bytes_received', 'destination.bytes', 'count'],
  ['recv_pkts', 'destination.packets', 'count'],
  ['packets_received', 'destination.packets', 'count'],
  ['protocol', 'network.transport', 'transport'],
  ['application', 'network.application', 'lower'],
  ['app_name', 'network.application', 'lower'],
  ['in_interface', 'observer.ingress.interface.name'],
  ['out_interface', 'observer.egress.interface.name'],
  ['srczone', 'observer.ingress.zone'],
  ['src_zone', 'observer.ingress.zone'],
  ['dstzone', 'observer.egress.zone'],
  ['dst_zone', 'observer.egress.zone'],
  ['user_name', 'user.name'],
  ['name', 'user.name'],
  ['user', 'user.name'],
  ['user_gp', 'user.group.name'],
  ['usergroupname', 'user.group.name'],
  ['user_group', 'user.group.name'],
  ['url', 'url.original', 'url'],
  ['http_user_agent', 'user_agent.original'],
  ['user_agent', 'user_agent.original'],
  ['useragent', 'user_agent.original'],
  ['referer', 'http.request.referrer'],
  ['method', 'http.request.method'],
  ['httpmethod', 'http.request.method'],
  ['httpresponsecode', 'http.response.status_code', 'count'],
  ['http_status', 'http.response.status_code', 'count'],
  ['statuscode', 'http.response.status_code', 'count'],
  ['status_code', 'http.response.status_code', 'count'],
  ['contenttype', 'http.response.mime_type'],
  ['content_type', 'http.response.mime_type'],
  ['from_email_address', 'email.from.address', 'list'],
  ['sender', 'email.from.address', 'list'],
  ['to_email_address', 'email.to.address', 'list'],
  ['recipient', 'email.to.address', 'list'],
  ['email_subject', 'email.subject'],
  ['subject', 'email.subject'],
  ['filename', 'file.name'],
  ['file_name', 'file.name'],
  ['file_path', 'file.path'],
  ['file_size', 'file.size', 'count'],
  ['sha1sum', 'file.hash', 'hash'],
  ['reason', 'event.reason'],
  ['device_serial_id', 'observer.serial_number'],
  ['device_id', 'observer.serial_number'],
];
const CATEGORIES: Readonly<Record<string, readonly string[]>> = {
  Firewall: ['network'],
  'Content Filtering': ['network', 'web'],
  IDP: ['network', 'intrusion_detection'],
  ATP: ['network', 'malware'],
  'Anti-Virus': ['network', 'malware'],
  'Anti-Spam': ['email'],
  WAF: ['network', 'web'],
  SSL: ['network'],
};
/** Words of `log_subtype` and `status` that name what was done with traffic. */
const DENIED = /^(?:denied|deny|drop|dropped|blocked|block|virus|spam|attack|reject|rejected|deny session)$/i;
const ALLOWED = /^(?:allowed|allow|accept|clean|detect|monitored|allow session|decrypt)$/i;
const WORKED = /^(?:successful|success|established|connected|renew|release)$/i;
const FAILED = /^(?:failed|failure|deny)$/i;

function timeOf(fields: DeviceFields, zone: string): number | undefined {
  const stamp = fields.take('timestamp');
  const found = stamp === undefined ? undefined : isoTimeAt(stamp, 0, zone)?.ms;
  if (found !== undefined) return found;
  // `timezone="IST"` names no zone that is sure; the collector's holds.
  const wall = `${fields.take('date')} ${fields.take('time')}`;
  const offset = /^([+-])(\d{1,2})(?::?(\d\d))?$/.exec(fields.peek('timezone') ?? '');
  const ahead = offset ? `${offset[1]}${(offset[2] as string).padStart(2, '0')}:${offset[3] ?? '00'}` : '';
  return isoTimeAt(`${wall}${ahead}`, 0, sureZone(fields.peek('timezone'), zone))?.ms;
}

function verdictOf(fields: DeviceFields): Verdict | undefined {
  for (const word of [fields.peek('log_subtype'), fields.peek('status')]) {
    if (word === undefined) continue;
    if (DENIED.test(word)) return 'denied';
    if (ALLOWED.test(word)) return 'allowed';
  }
  return undefined;
}

function statusOf(fields: DeviceFields): 'success' | 'failure' | undefined {
  const status = fields.peek('status') ?? '';
  return WORKED.test(status) ? 'success' : FAILED.test(status) ? 'failure' : undefined;
}

/** What the appliance says of itself: sign-ins, changes, tunnels, health. */
function classifyOwn(draft: Draft, fields: DeviceFields): void {
  const component = fields.peek('log_component') ?? '';
  const subtype = fields.peek('log_subtype') ?? '';
  const words = fields.peek('message') ?? '';
  const action = subtype.toLowerCase();
  if (subtype === 'Authentication' || /logged (?:in|out)|login|log in/i.test(words)) {
    classify(
      draft,
      ['authentication'],
      ['info'],
      /logged out|log(?:ged)? off/i.test(words) ? 'logout' : 'login',
      statusOf(fields),
    );
  } else if (/^(?:GUI|CLI|API|Central Management)$/.test(component) || subtype === 'Admin') {
    const type = / added | created /.test(words) ? 'creation' : / deleted /.test(words) ? 'deletion' : 'change';
    classify(draft, ['configuration'], [type], action, statusOf(fields));
  } else if (/VPN|IPSec|L2TP|PPTP/i.test(component)) {
    const status = fields.peek('status');
    const phase =
      status === 'Established' || status === 'Connected'
        ? 'start'
        : status === 'Terminated' || status === 'Disconnected'
          ? 'end'
          : 'info';
    classify(draft, ['network', 'session'], ['connection', phase], action, statusOf(fields));
  } else {
    classify(draft, ['host'], ['info'], action === '' ? undefined : action);
  }
}

function classifySophos(draft: Draft, fields: DeviceFields, type: string): void {
  const category = Object.hasOwn(CATEGORIES, type) ? CATEGORIES[type] : undefined;
  if (!category) {
    classifyOwn(draft, fields);
    return;
  }
  const verdict = verdictOf(fields);
  const phase = fields.peek('connevent') ?? fields.peek('con_event');
  const phases = phase === 'Start' ? ['start'] : phase === 'Stop' || phase === 'End' ? ['end'] : [];
  const kinds = type === 'Firewall' || type === 'SSL' ? ['connection', ...phases] : [];
  const types = [...kinds, ...(verdict ? [verdict] : [])];
  classify(
    draft,
    category,
    types.length > 0 ? types : ['info'],
    fields.peek('log_subtype')?.toLowerCase(),
    outcomeOf(verdict),
  );
  if (category.includes('intrusion_detection') || category.includes('malware')) draft.event.kind = 'alert';
}

function setRule(draft: Draft, fields: DeviceFields): void {
  const signature = fields.take('signature_msg') ?? fields.take('message_signature');
  const malware =
    fields.take('virus') ?? fields.take('malware') ?? fields.take('threatname') ?? fields.take('threat_name');
  if (signature !== undefined || malware !== undefined) {
    put(draft, 'rule.name', signature ?? malware);
    put(draft, 'rule.id', fields.take('signature_id') ?? fields.take('sid'));
    put(draft, 'rule.category', fields.take('classification') ?? fields.peek('category'));
    return;
  }
  const id = fields.take('fw_rule_id');
  if (id !== '0') put(draft, 'rule.id', id);
  put(draft, 'rule.name', fields.take('fw_rule_name') ?? fields.take('policy_name'));
  put(draft, 'rule.category', fields.take('category'));
}

/** Reads one record of Sophos Firewall (SFOS), `device="SFW" …` or `device_name="…" timestamp="…"`; undefined for others. */
export function readSophosMessage(message: string, context: ParseContext): EcsEvent | undefined {
  if (message.length > MAX_SOPHOS) return undefined;
  const fields = new DeviceFields(readKeyValues(message));
  const type = fields.peek('log_type');
  if (type === undefined || fields.peek('log_id') === undefined) return undefined;
  const draft = newDraft(message, message, 'sophos.xg', context, timeOf(fields, context.timeZone));
  put(draft, 'observer.vendor', 'Sophos');
  put(draft, 'observer.product', 'XG');
  put(draft, 'observer.type', 'firewall');
  fields.take('device');
  const model = fields.take('device_model');
  const name = fields.take('device_name');
  // Before version 18 `device_name` is the model.
  put(draft, 'observer.name', name === 'SFW' ? model : name);
  put(draft, 'event.code', fields.take('log_id'));
  put(draft, 'log.level', (fields.take('priority') ?? fields.take('severity'))?.toLowerCase());
  takeFields(draft, fields, ROWS);
  const file = draft['file'] as { name?: string } | undefined;
  sumDirections(draft);
  userOfSource(draft);
  if (draft.user?.name !== undefined && draft.source) put(draft, 'source.user.name', draft.user.name);
  // What is asked for may be a host alone.
  const asked = draft.url?.original;
  if (asked !== undefined && endpoint(asked) && !asked.includes('/')) draft.url = { original: asked, domain: asked };
  if (typeof file?.name === 'string') file.name = file.name.trim();
  const domain = fields.peek('domain');
  if (domain !== undefined && draft.url && draft.url.domain === undefined)
    put(draft, 'url.domain', fields.take('domain'));
  const seconds = countOf(fields.take('duration'));
  if (seconds !== undefined && seconds > 0) put(draft, 'event.duration', seconds * 1_000_000_000);
  classifySophos(draft, fields, type);
  setRule(draft, fields);
  draft.message = fields.take('message') ?? message;
  fields.take('timezone');
  draft['sophos'] = { xg: fields.rest() };
  return finish(draft);
}

/** Says whether a text begins as a record of Sophos Firewall. */
export function isSophosMessage(message: string): boolean {
  return START.test(message) && MARK.test(message.slice(0, 1_024));
}

/** Sophos Firewall (SFOS 17 to 21) in the device standard and syslog formats, with or without a syslog header. */
export const sophos: Parser = {
  name: 'sophos',
  detects: (line) => isSophosMessage(line),
  parse(line, context) {
    const at = START_WITHIN.exec(line.slice(0, 512));
    const event = readSophosMessage(at ? line.slice(at.index + at[0].length) : line, context);
    if (event) event.event.original = line;
    return event;
  },
};
