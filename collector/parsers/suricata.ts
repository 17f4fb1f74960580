import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import type { Draft, Endpoint } from './draft.ts';
import { classify, endpoint, finish, isAddress, newDraft, relate } from './draft.ts';
import type { JsonObject } from './json-object.ts';
import { compact, dropEmpty, objectAt, parseObject, takeCount, takeString } from './json-object.ts';
import { macOf, put } from './put.ts';
import { readApplication } from './suricata-applications.ts';
import { isAnswer, readDns, readFile, readHttp, readTls } from './suricata-protocols.ts';
import { isoString, isoTimeAt } from './time.ts';

/** ECS categories and types by EVE `event_type`; a type that is not listed is network information. */
const KINDS: Readonly<Record<string, readonly [category: readonly string[], type: readonly string[]]>> = {
  alert: [['network', 'intrusion_detection'], ['info']],
  anomaly: [['network'], ['info']],
  dns: [['network'], ['protocol']],
  drop: [['network'], ['denied']],
  fileinfo: [['network', 'file'], ['info']],
  flow: [['network'], ['connection']],
  http: [
    ['network', 'web'],
    ['access', 'protocol'],
  ],
  http2: [
    ['network', 'web'],
    ['access', 'protocol'],
  ],
  netflow: [['network'], ['connection']],
  tls: [['network'], ['protocol']],
};
// Event types that are named after the protocol they are about.
const PROTOCOLS = new Set(
  'dhcp dns http tls ftp ftp_data ike krb5 mqtt nfs pgsql quic rdp rfb sip smb smtp snmp ssh telnet tftp bittorrent_dht modbus dnp3'.split(
    ' ',
  ),
);
// What Suricata calls a protocol it did not find.
const NO_PROTOCOL = new Set(['failed', 'unknown', 'template', 'template-rust']);

function vlanOf(list: unknown, at: number): { id: string } | undefined {
  const id: unknown = Array.isArray(list) ? list[at] : undefined;
  return typeof id === 'number' ? { id: String(id) } : undefined;
}

function side(eve: JsonObject, which: 'src' | 'dest'): Endpoint | undefined {
  const ip = eve[`${which}_ip`];
  const port = eve[`${which}_port`];
  const found = typeof ip === 'string' ? endpoint(ip, typeof port === 'number' ? port : undefined) : undefined;
  if (!found) return undefined;
  delete eve[`${which}_ip`];
  if (found.port !== undefined) delete eve[`${which}_port`];
  return found;
}

function isoOf(from: JsonObject, key: string): string | undefined {
  const text = from[key];
  const time = typeof text === 'string' ? isoTimeAt(text, 0, 'UTC') : undefined;
  if (!time) return undefined;
  delete from[key];
  return isoString(time.ms);
}

/** The rule that spoke; a packet dropped by a rule names it as well, and is no alert by that. */
function readAlert(eve: JsonObject, draft: Draft, kind: string): void {
  const alert = objectAt(eve, 'alert');
  if (!alert) return;
  if (kind === 'alert') draft.event.kind = 'alert';
  const id = takeCount(alert, 'signature_id');
  const version = takeCount(alert, 'rev');
  const name = takeString(alert, 'signature');
  const rule = compact({
    id: id === undefined ? undefined : String(id),
    name,
    category: takeString(alert, 'category'),
    version: version === undefined ? undefined : String(version),
  });
  if (rule) draft['rule'] = rule;
  if (name !== undefined) draft.message = name;
  const severity = takeCount(alert, 'severity');
  if (severity !== undefined) draft.event['severity'] = severity;
  const action = takeString(alert, 'action');
  if (action !== undefined) draft.event.action = action;
  if (kind === 'alert' && action === 'allowed') draft.event.type = ['allowed'];
  if (action === 'blocked') {
    draft.event.type = ['denied'];
    draft.event.outcome = 'failure';
  }
  dropEmpty(eve, 'alert');
}

/** Counts by direction; the flow's times are the event's only where the event is about the flow itself. */
function readFlow(eve: JsonObject, draft: Draft, kind: string): void {
  const flow = objectAt(eve, 'flow');
  if (!flow) return;
  const sent = { packets: takeCount(flow, 'pkts_toserver'), bytes: takeCount(flow, 'bytes_toserver') };
  const answered = { packets: takeCount(flow, 'pkts_toclient'), bytes: takeCount(flow, 'bytes_toclient') };
  const [client, server] = isAnswer(eve, draft) ? [draft.destination, draft.source] : [draft.source, draft.destination];
  if (client) Object.assign(client, compact({ ...sent }));
  if (server) Object.assign(server, compact({ ...answered }));
  const packets = sent.packets === undefined ? undefined : sent.packets + (answered.packets ?? 0);
  const bytes = sent.bytes === undefined ? undefined : sent.bytes + (answered.bytes ?? 0);
  const totals = compact({ packets, bytes });
  if (totals) draft['network'] = { ...(draft['network'] as object), ...totals };
  const start = isoOf(flow, 'start');
  const end = isoOf(flow, 'end');
  if (start !== undefined) draft.event['start'] = start;
  if (end !== undefined) draft.event['end'] = end;
  if (start !== undefined && end !== undefined && end >= start) {
    draft.event['duration'] = (Date.parse(end) - Date.parse(start)) * 1_000_000;
  }
  if (kind === 'flow' && flow['state'] === 'new') draft.event.type = ['connection', 'start'];
  if (kind === 'flow' && flow['state'] === 'closed') draft.event.type = ['connection', 'end'];
  dropEmpty(eve, 'flow');
}

/** One direction of a flow, as the event type `netflow` counts it. */
function readNetflow(eve: JsonObject, draft: Draft): void {
  const flow = objectAt(eve, 'netflow');
  if (!flow) return;
  const counts = compact({ packets: takeCount(flow, 'pkts'), bytes: takeCount(flow, 'bytes') });
  if (draft.source && counts) Object.assign(draft.source, counts);
  if (counts) draft['network'] = { ...(draft['network'] as object), ...counts };
  put(draft, 'event.start', isoOf(flow, 'start'));
  put(draft, 'event.end', isoOf(flow, 'end'));
  dropEmpty(eve, 'netflow');
}

/** The client that a proxy on the way names; it has no field of its own. */
function readForwarded(eve: JsonObject, draft: Draft): void {
  const xff = eve['xff'] ?? objectAt(eve, 'http')?.['xff'];
  if (typeof xff === 'string' && isAddress(xff)) relate(draft, 'ip', xff);
}

function readEthernet(eve: JsonObject, draft: Draft): void {
  const ether = objectAt(eve, 'ether');
  if (!ether) return;
  for (const [end, key] of [
    [draft.source, 'src_mac'],
    [draft.destination, 'dest_mac'],
  ] as const) {
    const mac = typeof ether[key] === 'string' ? macOf(ether[key]) : undefined;
    if (!end || mac === undefined) continue;
    end.mac = mac;
    delete ether[key];
  }
  dropEmpty(eve, 'ether');
}

function readNetwork(eve: JsonObject, draft: Draft, kind: string): void {
  const transport = takeString(eve, 'proto');
  const protocol = eve['app_proto'];
  const known = typeof protocol === 'string' && !NO_PROTOCOL.has(protocol.toLowerCase());
  const vlan = eve['vlan'];
  const network = compact({
    transport: transport?.toLowerCase(),
    protocol: known ? takeString(eve, 'app_proto')?.toLowerCase() : PROTOCOLS.has(kind) ? kind : undefined,
    community_id: takeString(eve, 'community_id'),
    vlan: vlanOf(vlan, 0),
    inner: vlanOf(vlan, 1) && { vlan: vlanOf(vlan, 1) },
  });
  if (network) draft['network'] = network;
  const sensor = takeString(eve, 'host');
  const nic = takeString(eve, 'in_iface');
  if (sensor !== undefined) draft.host = { name: sensor, hostname: sensor };
  if (nic !== undefined) draft['observer'] = { ingress: { interface: { name: nic } } };
}

function readEve(eve: JsonObject, line: string, context: ParseContext): EcsEvent | undefined {
  const kind = typeof eve['event_type'] === 'string' ? eve['event_type'] : '';
  const stamp = typeof eve['timestamp'] === 'string' ? isoTimeAt(eve['timestamp'], 0, context.timeZone) : undefined;
  if (kind === '' || !stamp) return undefined;
  delete eve['timestamp'];
  const draft = newDraft(line, line, 'suricata.eve', context, stamp.ms);
  delete draft.message;
  const [category, type] = Object.hasOwn(KINDS, kind)
    ? (KINDS[kind] as (typeof KINDS)[string])
    : [['network'], [PROTOCOLS.has(kind) ? 'protocol' : 'info']];
  if (kind === 'stats') draft.event.kind = 'metric';
  else classify(draft, category, type);
  const source = side(eve, 'src');
  const destination = side(eve, 'dest');
  if (source) draft.source = source;
  if (destination) draft.destination = destination;
  readNetwork(eve, draft, kind);
  readEthernet(eve, draft);
  if (kind === 'drop') draft.event.outcome = 'failure';
  if (kind === 'alert' || kind === 'drop') readAlert(eve, draft, kind);
  if (kind === 'netflow') readNetflow(eve, draft);
  readForwarded(eve, draft);
  readFlow(eve, draft, kind);
  readHttp(eve, draft, kind);
  readDns(eve, draft);
  readTls(eve, draft);
  readApplication(eve, draft);
  readFile(eve, draft);
  draft['suricata'] = { eve };
  return finish(draft);
}

/** Suricata's EVE JSON; what has no ECS field stays under `suricata.eve`. */
export const suricata: Parser = {
  name: 'suricata',
  detects: (line) => line.charCodeAt(0) === 123 && line.includes('"event_type"') && line.includes('"timestamp"'),
  parse(line, context) {
    const eve = parseObject(line);
    return eve && readEve(eve, line, context);
  },
};
