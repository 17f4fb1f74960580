import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import type { Row } from './device-fields.ts';
import { DeviceFields, sumDirections, takeFields, userOfSource } from './device-fields.ts';
import type { Draft } from './draft.ts';
import { classify, finish, newDraft, relate } from './draft.ts';
import { readKeyValues } from './key-values.ts';
import { put } from './put.ts';
import { isoTimeAt } from './time.ts';
import { classifyVerdict, outcomeOf, verdictOf } from './verdict.ts';

/** `<134>1 2026-11-22T01:01:02Z gw1 CheckPoint 8363 - [action:"Accept"; …]`; older versions leave a blank for the `T`. */
const HEAD =
  /^(?:<\d{1,3}>1 )?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?) (\S{1,255}) CheckPoint \S{1,64} (?:\S{1,64} )?-? ?\[/;
const BODY = /^\[?(?=[A-Za-z_][\w ]{0,63}::?"(?:[^"\\]|\\.){0,512}"; )/;
const GENERIC = /^time=\d{10}\|hostname=/;
const MAX_CHECKPOINT = 65_536;
const MAX_PAIRS = 400;
const PAIR = /([A-Za-z_][\w/ ]{0,63})::?"((?:[^"\\]|\\.)*)"(?:; ?|\])/gy;

/** The exporter of management servers before R80: structured data, with names of its own for some fields. */
const FIELDS =
  /^(?:<\d{1,3}>1 )?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)(Z|[+-]{1,2}\d{1,2}:?\d\d)? (\S{1,255}) \S{1,64} \S{1,64} \S{1,64} \[Fields@1\.3\.6\.1\.4\.1\.2620 /;
const RENAMED: Readonly<Record<string, string>> = {
  ProductName: 'product',
  svc: 'service',
  sport_svc: 's_port',
  xlatedport_svc: 'xlatedport',
  xlatesport_svc: 'xlatesport',
};
/** One of the packets that a record of several drops lists: source, its port, destination, its port, protocol. */
const PACKET = /<([0-9A-Fa-f.:]{2,45}),\d{1,5},([0-9A-Fa-f.:]{2,45}),\d{1,5},\d{1,3}/g;

const ROWS: readonly Row[] = [
  ['src', 'source', 'end'],
  ['client_ip', 'source', 'end'],
  ['s_port', 'source.port', 'port'],
  ['mac_source_address', 'source.mac', 'mac'],
  ['xlatesrc', 'source.nat.ip', 'ip'],
  ['xlatesport', 'source.nat.port', 'port'],
  ['src_machine_name', 'source.domain'],
  ['client_outbound_bytes', 'source.bytes', 'count'],
  ['sent_bytes', 'source.bytes', 'count'],
  ['client_outbound_packets', 'source.packets', 'count'],
  ['src_user_name', 'source.user.name'],
  ['dst', 'destination', 'end'],
  ['service', 'destination.port', 'port'],
  ['d_port', 'destination.port', 'port'],
  ['mac_destination_address', 'destination.mac', 'mac'],
  ['xlatedst', 'destination.nat.ip', 'ip'],
  ['xlatedport', 'destination.nat.port', 'port'],
  ['dst_machine_name', 'destination.domain'],
  ['server_outbound_bytes', 'destination.bytes', 'count'],
  ['received_bytes', 'destination.bytes', 'count'],
  ['server_outbound_packets', 'destination.packets', 'count'],
  ['dst_user_name', 'destination.user.name'],
  ['proto', 'network.transport', 'transport'],
  ['bytes', 'network.bytes', 'count'],
  ['packets', 'network.packets', 'count'],
  ['appi_name', 'network.application', 'lower'],
  ['inzone', 'observer.ingress.zone'],
  ['outzone', 'observer.egress.zone'],
  ['user', 'user.name'],
  ['administrator', 'user.name'],
  ['resource', 'url.original', 'url'],
  ['method', 'http.request.method'],
  ['web_client_type', 'user_agent.name'],
  ['user_agent', 'user_agent.original'],
  ['referrer', 'http.request.referrer'],
  ['file_name', 'file.name'],
  ['file_size', 'file.size', 'count'],
  ['file_md5', 'file.hash', 'hash'],
  ['file_sha1', 'file.hash', 'hash'],
  ['file_sha256', 'file.hash', 'hash'],
  ['from', 'email.from.address', 'list'],
  ['to', 'email.to.address', 'list'],
  ['email_subject', 'email.subject'],
  ['process_name', 'process.name'],
  ['reason', 'event.reason'],
  ['drop_reason', 'event.reason'],
  ['origin', 'observer.ip', 'ip'],
];
const ALERTS =
  /^(?:SmartDefense|IPS|Anti-?Bot|Anti-?Virus|New Anti Virus|Threat Emulation|Threat Extraction|DDoS Protector|Forensics|Zero Phishing)/i;

function readPairs(text: string, from: number): Map<string, string> {
  const pairs = new Map<string, string>();
  PAIR.lastIndex = from;
  for (let found = PAIR.exec(text); found && pairs.size < MAX_PAIRS; found = PAIR.exec(text)) {
    const key = (found[1] as string).trim();
    const value = found[2] as string;
    if (!pairs.has(key)) pairs.set(key, value.includes('\\') ? value.replace(/\\(.)/g, '$1') : value);
  }
  return pairs;
}

function readGeneric(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const part of text.split('|', MAX_PAIRS)) {
    const mark = part.indexOf('=');
    if (mark > 0 && mark <= 64 && !pairs.has(part.slice(0, mark)))
      pairs.set(part.slice(0, mark), part.slice(mark + 1).replace(/\\(.)/g, '$1'));
  }
  return pairs;
}

function setRule(draft: Draft, fields: DeviceFields): void {
  const attack = fields.take('protection_name') ?? fields.take('attack') ?? fields.take('malware_rule_name');
  put(draft, 'rule.name', attack ?? fields.take('rule_name'));
  put(draft, 'rule.id', attack === undefined ? fields.take('rule') : fields.take('protection_id'));
  put(draft, 'rule.uuid', attack === undefined ? fields.take('rule_uid') : undefined);
  put(
    draft,
    'rule.category',
    attack === undefined
      ? fields.peek('matched_category')
      : (fields.take('protection_type') ?? fields.take('attack_info')),
  );
}

const LOGINS = /^(?:Log ?in|Log ?on|Failed Log ?[io]n|Log ?out|Log ?off|VPN Client Login)$/i;

function classifyCheckPoint(draft: Draft, fields: DeviceFields, product: string): void {
  const action = fields.take('action');
  const word = action?.toLowerCase();
  const operation = fields.take('operation');
  if (LOGINS.test(action ?? '') || LOGINS.test(operation ?? '')) {
    const deed = LOGINS.test(action ?? '') ? action : operation;
    const info = /^Administrator failed to log in: (.+)$/s.exec(fields.peek('additional_info') ?? '');
    if (info) put(draft, 'event.reason', (info[1] as string).trim());
    const status = fields.peek('status') ?? fields.peek('auth_status') ?? fields.peek('audit_status');
    const told = info ? 'failed' : (status ?? deed ?? '');
    const outcome = /fail|denied|reject/i.test(told)
      ? 'failure'
      : /succe|^log ?in$|^log ?on$/i.test(told)
        ? 'success'
        : undefined;
    classify(draft, ['authentication'], ['info'], deed?.toLowerCase(), outcome);
    return;
  }
  if (operation !== undefined || product === 'SmartConsole' || product === 'WEB_API') {
    const type = /create|add/i.test(operation ?? '')
      ? 'creation'
      : /delete|remove/i.test(operation ?? '')
        ? 'deletion'
        : 'change';
    const told = fields.peek('status') ?? fields.peek('audit_status') ?? '';
    const outcome = /^success/i.test(told) ? 'success' : /^fail/i.test(told) ? 'failure' : undefined;
    classify(draft, ['configuration'], [type], (operation ?? action)?.toLowerCase(), outcome);
    return;
  }
  const alert = ALERTS.test(product);
  if (alert) draft.event.kind = 'alert';
  const malware = alert && /virus|bot|emulation|extraction/i.test(product);
  const web = draft.url !== undefined ? ['web'] : [];
  const category = alert ? ['network', malware ? 'malware' : 'intrusion_detection'] : ['network', ...web];
  const listed = fields.peek('packets');
  for (const packet of listed?.matchAll(PACKET) ?? []) {
    relate(draft, 'ip', packet[1]);
    relate(draft, 'ip', packet[2]);
  }
  if (draft.source?.ip === undefined && draft.destination?.ip === undefined && !alert && listed === undefined)
    classify(draft, ['host'], ['info'], word, outcomeOf(verdictOf(action)));
  else classifyVerdict(draft, category, alert ? [] : ['connection'], word);
  if (draft.event.type?.length === 0) draft.event.type = ['info'];
}

function setNetwork(draft: Draft, fields: DeviceFields): void {
  const inward = fields.peek('ifdir') === 'inbound';
  const name = fields.take('ifname');
  put(draft, inward ? 'observer.ingress.interface.name' : 'observer.egress.interface.name', name);
  const direction = fields.take('conn_direction')?.toLowerCase();
  if (direction === 'incoming') put(draft, 'network.direction', 'inbound');
  if (direction === 'outgoing') put(draft, 'network.direction', 'outbound');
  if (direction === 'internal') put(draft, 'network.direction', 'internal');
  const service = fields.peek('service_id');
  if (service !== undefined && /^[A-Za-z][A-Za-z0-9_.-]{0,40}$/.test(service))
    put(draft, 'network.protocol', service.toLowerCase());
}

function makeEvent(
  line: string,
  pairs: Map<string, string>,
  context: ParseContext,
  head?: { ms?: number; host: string },
): EcsEvent | undefined {
  const fields = new DeviceFields(pairs);
  const counted = /^\d{10}$/.exec(fields.peek('time') ?? '')?.[0];
  const product = fields.peek('product');
  if (product === undefined && fields.peek('loguid') === undefined && fields.peek('origin') === undefined)
    return undefined;
  const draft = newDraft(
    line,
    line,
    'checkpoint.firewall',
    context,
    head?.ms ?? (counted === undefined ? undefined : Number(counted) * 1000),
  );
  put(draft, 'observer.vendor', 'Check Point');
  put(draft, 'observer.product', product);
  put(draft, 'observer.type', 'firewall');
  const name = head?.host ?? fields.take('hostname');
  if (name !== undefined) {
    put(draft, 'observer.name', name);
    draft.host = { name, hostname: name };
  }
  takeFields(draft, fields, ROWS);
  sumDirections(draft);
  setNetwork(draft, fields);
  userOfSource(draft);
  setRule(draft, fields);
  classifyCheckPoint(draft, fields, product ?? '');
  fields.take('time');
  put(draft, 'event.code', fields.peek('logid'));
  draft.message = fields.peek('description') ?? fields.peek('sys_message') ?? line;
  draft['checkpoint'] = fields.rest();
  return finish(draft);
}

/** Reads the body of a record behind a syslog header, `action:"Accept"; src:"…"; …`, with or without its bracket. */
export function readCheckPointMessage(message: string, context: ParseContext): EcsEvent | undefined {
  if (message.length > MAX_CHECKPOINT) return undefined;
  if (GENERIC.test(message)) return makeEvent(message, readGeneric(message), context);
  const head = HEAD.exec(message);
  if (head) {
    const ms = isoTimeAt(head[1] as string, 0, context.timeZone)?.ms;
    const found = { ...(ms !== undefined && { ms }), host: head[2] as string };
    return makeEvent(message, readPairs(message, head[0].length), context, found);
  }
  const fields = FIELDS.exec(message.slice(0, 1_024));
  if (fields) {
    // `--5:00` is what some versions write for `-05:00`.
    const zone = (fields[2] ?? '').replace('--', '-').replace(/^([+-])(\d):/, '$10$2:');
    const ms = isoTimeAt(`${fields[1]}${zone}`, 0, context.timeZone)?.ms;
    const pairs = new Map<string, string>();
    for (const [name, text] of readKeyValues(message.slice(fields[0].length))) pairs.set(RENAMED[name] ?? name, text);
    return makeEvent(message, pairs, context, { ...(ms !== undefined && { ms }), host: fields[3] as string });
  }
  const body = BODY.exec(message);
  return body ? makeEvent(message, readPairs(message, body[0].length), context) : undefined;
}

/** Says whether a text begins as a record of Check Point's log exporter. */
export function isCheckPointMessage(message: string): boolean {
  return (
    HEAD.test(message) ||
    GENERIC.test(message) ||
    (/"; (?:\w{1,64}:")/.test(message.slice(0, 1_024)) && BODY.test(message))
  );
}

/** Check Point's log exporter in its `syslog` and `generic` forms; its CEF and LEEF forms are read by those parsers. */
export const checkpoint: Parser = {
  name: 'checkpoint',
  // What begins with a priority is read by its header first.
  detects: (line) => line.charCodeAt(0) !== 60 && isCheckPointMessage(line),
  parse: readCheckPointMessage,
};
