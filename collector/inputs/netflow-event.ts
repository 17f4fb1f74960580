import { createHash } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { EcsEvent } from '../../ecs/event.ts';
import { unparsed } from '../intake.ts';
import { type JsonObject, parseObject } from '../parsers/json-object.ts';
import { TRANSPORTS } from '../parsers/put.ts';
import type { DecodedPacket, FlowFields } from './netflow-decode.ts';

/** The text of a flow: what `event.original` holds, as there is no line; all fields, and who exported them. */
export function flowLine(packet: DecodedPacket, flow: FlowFields, exporter: string): string {
  return JSON.stringify({
    type: 'netflow_flow',
    exporter: {
      address: exporter,
      source_id: packet.domain,
      timestamp: new Date(packet.exportedAt).toISOString(),
      ...(packet.uptime === undefined ? {} : { uptime_millis: packet.uptime }),
      version: packet.version,
    },
    ...flow,
  });
}

/** Makes the event of a flow's text: fields by ECS, and all of them under `netflow.*`. */
export function flowEvent(line: string, now: number): EcsEvent {
  const flow = parseObject(line);
  if (flow?.['type'] !== 'netflow_flow') return unparsed(line, now, 'This is no flow.');
  const exporter = (flow['exporter'] ?? {}) as JsonObject;
  const exportedAt = time(exporter['timestamp']) ?? now;
  const event: EcsEvent = {
    '@timestamp': new Date(exportedAt).toISOString(),
    event: {
      kind: 'event',
      module: 'netflow',
      dataset: 'netflow.log',
      category: ['network'],
      type: ['connection'],
      action: 'netflow_flow',
      original: line,
    },
    netflow: flow,
  };
  const { start, end } = span(flow, exporter, exportedAt);
  if (start !== undefined) event.event['start'] = new Date(start).toISOString();
  if (end !== undefined) event.event['end'] = new Date(end).toISOString();
  if (start !== undefined && end !== undefined && end >= start) event.event['duration'] = (end - start) * 1e6;

  const source = side(flow, 'source', 'source');
  const destination = side(flow, 'destination', 'destination');
  count(source, flow, ['octet_delta_count', 'octet_total_count', 'initiator_octets'], 'bytes');
  count(source, flow, ['packet_delta_count', 'packet_total_count', 'initiator_packets'], 'packets');
  count(destination, flow, ['reverse_octet_delta_count', 'reverse_octet_total_count', 'responder_octets'], 'bytes');
  count(
    destination,
    flow,
    ['reverse_packet_delta_count', 'reverse_packet_total_count', 'responder_packets'],
    'packets',
  );
  if (Object.keys(source).length > 0) event['source'] = source;
  if (Object.keys(destination).length > 0) event['destination'] = destination;
  event['network'] = network(flow, source, destination);
  const address = String(exporter['address'] ?? '')
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '');
  if (address !== '') event['observer'] = { ip: [address], type: 'exporter' };
  const user = flow['user_name'];
  if (typeof user === 'string') event['user'] = { name: user };
  const nat = [source['nat'], destination['nat']].map((each) => (each as JsonObject | undefined)?.['ip']);
  const ip = [...new Set([source['ip'], destination['ip'], ...nat].filter((each) => typeof each === 'string'))];
  const related = { ...(ip.length > 0 && { ip }), ...(typeof user === 'string' && { user: [user] }) };
  if (Object.keys(related).length > 0) event['related'] = related;
  return event;
}

function side(flow: JsonObject, name: 'source' | 'destination', end: 'source' | 'destination'): JsonObject {
  const found: JsonObject = {};
  const ip = text(flow[`${name}_ipv4_address`]) ?? text(flow[`${name}_ipv6_address`]);
  if (ip !== undefined) {
    found['ip'] = ip;
    found['address'] = ip;
  }
  const protocol = flow['protocol_identifier'];
  const port =
    number(flow[`${name}_transport_port`]) ?? number(flow[`tcp_${name}_port`]) ?? number(flow[`udp_${name}_port`]);
  // Exporters put the type and code of ICMP where ports belong.
  if (port !== undefined && protocol !== 1 && protocol !== 58) found['port'] = port;
  const mac = text(flow[end === 'source' ? 'source_mac_address' : 'destination_mac_address']);
  const other = text(flow[end === 'source' ? 'post_source_mac_address' : 'post_destination_mac_address']);
  if (mac ?? other) found['mac'] = mac ?? other;
  const as = number(flow[`bgp_${name}_as_number`]);
  if (as !== undefined && as > 0) found['as'] = { number: as };
  const natIp = text(flow[`post_nat_${name}_ipv4_address`]) ?? text(flow[`post_nat_${name}_ipv6_address`]);
  const natPort = number(flow[`post_napt_${name}_transport_port`]);
  if (natIp !== undefined && natIp !== ip && natIp !== '0.0.0.0') {
    found['nat'] = { ip: natIp, ...(natPort !== undefined && natPort > 0 && { port: natPort }) };
  }
  return found;
}

function count(into: JsonObject, flow: JsonObject, names: readonly string[], as: 'bytes' | 'packets'): void {
  for (const name of names) {
    const value = number(flow[name]);
    if (value === undefined) continue;
    into[as] = value;
    return;
  }
}

function network(flow: JsonObject, source: JsonObject, destination: JsonObject): JsonObject {
  const found: JsonObject = {};
  const protocol = number(flow['protocol_identifier']);
  const ip = source['ip'] ?? destination['ip'];
  if (typeof ip === 'string') found['type'] = isIPv4(ip) ? 'ipv4' : 'ipv6';
  if (protocol !== undefined) {
    found['iana_number'] = String(protocol);
    const transport = TRANSPORTS[protocol];
    if (transport !== undefined) found['transport'] = transport;
  }
  for (const unit of ['bytes', 'packets'] as const) {
    const there = number(source[unit]);
    const back = number(destination[unit]);
    if (there !== undefined || back !== undefined) found[unit] = (there ?? 0) + (back ?? 0);
  }
  const direction = flow['flow_direction'];
  if (direction === 0) found['direction'] = 'inbound';
  if (direction === 1) found['direction'] = 'outbound';
  const vlan = number(flow['vlan_id']) ?? number(flow['dot1q_vlan_id']);
  if (vlan !== undefined && vlan > 0) found['vlan'] = { id: String(vlan) };
  const application = text(flow['application_name']);
  if (application !== undefined) found['application'] = application.toLowerCase();
  const community = communityId(source, destination, protocol);
  if (community !== undefined) found['community_id'] = community;
  return found;
}

/** Community ID 1 with seed 0, for protocols that have ports. */
function communityId(source: JsonObject, destination: JsonObject, protocol: number | undefined): string | undefined {
  if (protocol !== 6 && protocol !== 17 && protocol !== 132) return undefined;
  const ends = [source, destination].map((end) => {
    const ip = text(end['ip']);
    const port = number(end['port']);
    if (ip === undefined || port === undefined) return undefined;
    return { bytes: addressBytes(ip), port };
  });
  const [a, b] = ends;
  if (!a || !b || a.bytes.length !== b.bytes.length) return undefined;
  const order = Buffer.compare(a.bytes, b.bytes) || a.port - b.port;
  const [low, high] = order <= 0 ? [a, b] : [b, a];
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(low.port, 0);
  ports.writeUInt16BE(high.port, 2);
  const input = Buffer.concat([Buffer.from([0, 0]), low.bytes, high.bytes, Buffer.from([protocol, 0]), ports]);
  return `1:${createHash('sha1').update(input).digest('base64')}`;
}

function addressBytes(ip: string): Buffer {
  if (isIPv4(ip)) return Buffer.from(ip.split('.').map(Number));
  const [head = '', tail] = ip.split('::');
  const words = (part: string) => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)));
  const left = words(head);
  const right = tail === undefined ? [] : words(tail);
  const all = [...left, ...Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0), ...right];
  const bytes = Buffer.alloc(16);
  for (const [at, word] of all.slice(0, 8).entries()) bytes.writeUInt16BE(word & 0xffff, 2 * at);
  return bytes;
}

/** When the flow began and ended, milliseconds, from whichever of the many fields for it the exporter uses. */
function span(flow: JsonObject, exporter: JsonObject, exportedAt: number): { start?: number; end?: number } {
  const at = (name: 'start' | 'end'): number | undefined => {
    for (const unit of ['milliseconds', 'microseconds', 'nanoseconds', 'seconds']) {
      const found = time(flow[`flow_${name}_${unit}`]);
      if (found !== undefined) return found;
    }
    const delta = number(flow[`flow_${name}_delta_microseconds`]);
    if (delta !== undefined) return exportedAt - Math.floor(delta / 1000);
    const up = number(flow[`flow_${name}_sys_up_time`]);
    if (up === undefined) return undefined;
    const uptime = number(exporter['uptime_millis']);
    const started = time(flow['system_init_time_milliseconds']);
    if (started !== undefined) return started + up;
    if (uptime === undefined) return undefined;
    // The counter of 32 bits begins anew after 49.7 days: a flow that began before ends after it.
    const ago = uptime - up;
    return exportedAt - (ago < -(2 ** 31) ? ago + 2 ** 32 : ago);
  };
  const [start, end] = [at('start'), at('end')];
  const sane = (ms: number | undefined) => (ms !== undefined && ms > 0 && ms < 4_102_444_800_000 ? ms : undefined);
  const [from, to] = [sane(start), sane(end)];
  return { ...(from !== undefined && { start: from }), ...(to !== undefined && { end: to }) };
}

function time(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function number(value: unknown): number | undefined {
  const found = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined;
}
