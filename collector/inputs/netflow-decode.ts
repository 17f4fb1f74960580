import { elementOf, REVERSE_PEN } from './netflow-fields.ts';
import type { Field, Template, TemplateCache } from './netflow-templates.ts';
import { type FlowValue, readValue } from './netflow-values.ts';

/** One flow as `netflow.*` has it, apart from the exporter. */
export type FlowFields = Record<string, FlowValue | FlowValue[]>;

/** What a datagram said. */
export interface DecodedPacket {
  readonly version: 5 | 9 | 10;
  /** Source id (v9), observation domain (IPFIX) or engine (v5). */
  readonly domain: number;
  /** Milliseconds since 1970 by the exporter's clock. */
  readonly exportedAt: number;
  /** Milliseconds since the exporter's start; undefined in IPFIX. */
  readonly uptime: number | undefined;
  readonly flows: readonly FlowFields[];
  /** Sets of records whose template is not known (yet). */
  readonly unknownSets: number;
  /** Parts that could not be read. */
  readonly malformed: number;
  /** Records past what one datagram may hold, at most: where records have no set length, as many as would fit. */
  readonly tooMany: number;
}

interface Counted {
  flows: FlowFields[];
  unknownSets: number;
  malformed: number;
  tooMany: number;
  /** Records that may still be read. */
  left: number;
}

const V5_HEADER = 24;
const V5_RECORD = 48;
const MOST_UNKNOWN = 32;
/**
 * Most records of a datagram. Exporters keep to the MTU, 9,000 bytes at most, where no real record is shorter than a
 * dozen bytes; a template of one byte would make 65,000 events of one datagram.
 */
const MOST_RECORDS = 1_024;

/**
 * Decodes one datagram of NetFlow v5, v9 (RFC 3954) or IPFIX (RFC 7011); undefined where it is none. Templates are kept by
 * exporter and domain; what is damaged is counted and skipped, and nothing is thrown.
 */
export function decodePacket(packet: Buffer, exporter: string, templates: TemplateCache): DecodedPacket | undefined {
  if (packet.length < 16) return undefined;
  const version = packet.readUInt16BE(0);
  if (version === 5) return decodeV5(packet);
  if (version === 9 && packet.length >= 20) return decodeV9(packet, exporter, templates);
  if (version === 10) return decodeIpfix(packet, exporter, templates);
  return undefined;
}

function decodeV5(packet: Buffer): DecodedPacket | undefined {
  if (packet.length < V5_HEADER) return undefined;
  const count = packet.readUInt16BE(2);
  const uptime = packet.readUInt32BE(4);
  const exportedAt = packet.readUInt32BE(8) * 1000 + Math.floor(packet.readUInt32BE(12) / 1e6);
  const domain = packet.readUInt16BE(20);
  const sampling = packet.readUInt16BE(22) & 0x3fff;
  const flows: FlowFields[] = [];
  for (let at = V5_HEADER; flows.length < count && at + V5_RECORD <= packet.length; at += V5_RECORD) {
    flows.push({
      source_ipv4_address: address(packet, at),
      destination_ipv4_address: address(packet, at + 4),
      ip_next_hop_ipv4_address: address(packet, at + 8),
      ingress_interface: packet.readUInt16BE(at + 12),
      egress_interface: packet.readUInt16BE(at + 14),
      packet_delta_count: packet.readUInt32BE(at + 16),
      octet_delta_count: packet.readUInt32BE(at + 20),
      flow_start_sys_up_time: packet.readUInt32BE(at + 24),
      flow_end_sys_up_time: packet.readUInt32BE(at + 28),
      source_transport_port: packet.readUInt16BE(at + 32),
      destination_transport_port: packet.readUInt16BE(at + 34),
      tcp_control_bits: packet[at + 37] as number,
      protocol_identifier: packet[at + 38] as number,
      ip_class_of_service: packet[at + 39] as number,
      bgp_source_as_number: packet.readUInt16BE(at + 40),
      bgp_destination_as_number: packet.readUInt16BE(at + 42),
      source_ipv4_prefix_length: packet[at + 44] as number,
      destination_ipv4_prefix_length: packet[at + 45] as number,
      ...(sampling > 1 ? { sampling_interval: sampling } : {}),
    });
  }
  return {
    version: 5,
    domain,
    exportedAt,
    uptime,
    flows,
    unknownSets: 0,
    malformed: flows.length < count ? 1 : 0,
    tooMany: 0,
  };
}

function address(packet: Buffer, at: number): string {
  return `${packet[at]}.${packet[at + 1]}.${packet[at + 2]}.${packet[at + 3]}`;
}

function decodeV9(packet: Buffer, exporter: string, templates: TemplateCache): DecodedPacket {
  const uptime = packet.readUInt32BE(4);
  const exportedAt = packet.readUInt32BE(8) * 1000;
  const domain = packet.readUInt32BE(16);
  const counted = decodeSets(packet.subarray(20), `9 ${exporter} ${domain}`, templates, 9);
  return { version: 9, domain, exportedAt, uptime, ...counted };
}

function decodeIpfix(packet: Buffer, exporter: string, templates: TemplateCache): DecodedPacket {
  const length = packet.readUInt16BE(2);
  const exportedAt = packet.readUInt32BE(4) * 1000;
  const domain = packet.readUInt32BE(12);
  const counted = decodeSets(packet.subarray(16, Math.max(16, length)), `10 ${exporter} ${domain}`, templates, 10);
  if (length > packet.length) counted.malformed++;
  return { version: 10, domain, exportedAt, uptime: undefined, ...counted };
}

function decodeSets(sets: Buffer, domain: string, templates: TemplateCache, version: 9 | 10): Counted {
  const counted: Counted = { flows: [], unknownSets: 0, malformed: 0, tooMany: 0, left: MOST_RECORDS };
  let at = 0;
  while (at + 4 <= sets.length) {
    const id = sets.readUInt16BE(at);
    const length = sets.readUInt16BE(at + 2);
    // Some exporters fill a packet up with zeros.
    if (id === 0 && length === 0) break;
    if (length < 4 || at + length > sets.length) {
      counted.malformed++;
      break;
    }
    const body = sets.subarray(at + 4, at + length);
    at += length;
    const isTemplate = version === 9 ? id === 0 : id === 2;
    const isOptions = version === 9 ? id === 1 : id === 3;
    if (isTemplate || isOptions) {
      if (!templates.learn(domain, body, version, isOptions)) counted.malformed++;
    } else if (id >= 256) decodeData(body, templates.find(domain, id), domain, templates, counted);
    else counted.malformed++;
  }
  return counted;
}

function decodeData(
  body: Buffer,
  template: Template | undefined,
  domain: string,
  templates: TemplateCache,
  counted: Counted,
): void {
  if (!template) {
    counted.unknownSets++;
    return;
  }
  let at = 0;
  // Less than a record is padding.
  while (body.length - at >= template.minimumLength) {
    if (counted.left-- <= 0) {
      counted.tooMany += Math.floor((body.length - at) / template.minimumLength);
      return;
    }
    const flow: FlowFields = {};
    const end = readRecord(body, at, template.fields, flow);
    if (end === undefined) {
      counted.malformed++;
      return;
    }
    at = end;
    if (template.isOptions) templates.options(domain, flow);
    else {
      templates.complete(domain, flow);
      counted.flows.push(flow);
    }
  }
}

/** Reads one record into `flow`; gives where it ends, or undefined where it reaches past the set. */
function readRecord(body: Buffer, start: number, fields: readonly Field[], flow: FlowFields): number | undefined {
  let at = start;
  let unknown: FlowValue[] | undefined;
  for (const field of fields) {
    let length = field.length;
    if (length === 65_535) {
      // RFC 7011 §7: the length is in the record, in one byte or in three.
      length = body[at++] ?? 65_536;
      if (length === 255) {
        if (at + 2 > body.length) return undefined;
        length = body.readUInt16BE(at);
        at += 2;
      }
    }
    if (at + length > body.length) return undefined;
    const bytes = body.subarray(at, at + length);
    at += length;
    const isReverse = field.enterprise === REVERSE_PEN;
    const element = field.enterprise === 0 || isReverse ? elementOf(field.id) : undefined;
    const value = element && length > 0 ? readValue(element.type, bytes) : undefined;
    if (value !== undefined && element) {
      const name = isReverse ? `reverse_${element.name}` : element.name;
      const there = flow[name];
      if (there === undefined) flow[name] = value;
      else flow[name] = [...(Array.isArray(there) ? there : [there]), value].slice(0, 16);
    } else if (length > 0 && field.id !== 210) {
      unknown ??= [];
      const hex = bytes.subarray(0, 64).toString('hex');
      if (unknown.length < MOST_UNKNOWN) unknown.push(`${field.enterprise}/${field.id}=${hex}`);
    }
  }
  if (unknown) flow['unknown'] = unknown;
  return at;
}
