import type { EcsEvent } from '../../ecs/event.ts';
import { readField } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import type { Draft, Endpoint } from './draft.ts';
import { classify, endpoint, finish, isAddress, newDraft, relate } from './draft.ts';
import type { JsonObject } from './json-object.ts';
import { isObject, parseObject } from './json-object.ts';
import { macOf, put, putTransport } from './put.ts';
import { isoString, isoTimeAt } from './time.ts';

const MARKS =
  /"(?:iana:)?(?:src_?addr|SrcAddr|src[46]_addr|ip_src|ipv[46]_src_addr|sourceIPv[46]Address|source_ipv[46]_address)"\s{0,4}:/;

/** Names of one value among programs that write flows as JSON, in lower case without `_` and `-`, best first. */
const NAMES = {
  source: [
    'srcaddr',
    'src4addr',
    'src6addr',
    'ipsrc',
    'ipv4srcaddr',
    'ipv6srcaddr',
    'sourceipv4address',
    'sourceipv6address',
    'srcip',
  ],
  destination: [
    'dstaddr',
    'dst4addr',
    'dst6addr',
    'ipdst',
    'ipv4dstaddr',
    'ipv6dstaddr',
    'destinationipv4address',
    'destinationipv6address',
    'dstip',
  ],
  sourcePort: ['srcport', 'portsrc', 'l4srcport', 'sourcetransportport', 'udpsourceport', 'tcpsourceport'],
  destinationPort: [
    'dstport',
    'portdst',
    'l4dstport',
    'destinationtransportport',
    'udpdestinationport',
    'tcpdestinationport',
  ],
  protocol: ['proto', 'protocol', 'ipproto', 'protocolidentifier'],
  bytes: ['bytes', 'inbytes', 'octetdeltacount', 'octettotalcount', 'octets'],
  packets: ['packets', 'inpackets', 'inpkts', 'packetdeltacount', 'packettotalcount'],
  answeredBytes: ['outbytes', 'reverseoctetdeltacount', 'reverseoctettotalcount'],
  answeredPackets: ['outpackets', 'outpkts', 'reversepacketdeltacount', 'reversepackettotalcount'],
  start: [
    'timeflowstartns',
    'timeflowstartms',
    'timeflowstart',
    'first',
    'tfirst',
    'flowstartmilliseconds',
    'flowstartseconds',
    'flowstartmicroseconds',
    'flowstartnanoseconds',
    'firstswitched',
    'timestampstart',
    'timestampmin',
  ],
  end: [
    'timeflowendns',
    'timeflowendms',
    'timeflowend',
    'last',
    'tlast',
    'flowendmilliseconds',
    'flowendseconds',
    'flowendmicroseconds',
    'flowendnanoseconds',
    'lastswitched',
    'timestampend',
    'timestampmax',
  ],
  received: [
    'timereceivedns',
    'timereceived',
    'received',
    'treceived',
    'timestamp',
    '@timestamp',
    'stampupdated',
    'timestamparrival',
  ],
  exporter: [
    'sampleraddress',
    'ip4router',
    'ip6router',
    'peeripsrc',
    'exporteraddress',
    'exporteripv4address',
    'agentid',
    'host',
    'exporter',
  ],
  inside: ['inif', 'inputsnmp', 'ifacein', 'ingressinterface', 'input'],
  outside: ['outif', 'outputsnmp', 'ifaceout', 'egressinterface', 'output'],
  sourceMac: ['srcmac', 'macsrc', 'sourcemacaddress', 'insrcmac'],
  destinationMac: ['dstmac', 'macdst', 'destinationmacaddress', 'outdstmac', 'indstmac'],
  sourceAs: ['srcas', 'assrc', 'bgpsourceasnumber'],
  destinationAs: ['dstas', 'asdst', 'bgpdestinationasnumber'],
  vlan: ['srcvlan', 'vlan', 'vlanid', 'vlanin'],
  flags: ['tcpflags', 'tcpcontrolbits'],
  nextHop: ['nexthop', 'ip4nexthop', 'ip6nexthop', 'ipnexthopipv4address', 'ipv4nexthop'],
  kind: ['type', 'version', 'flowversion'],
  direction: ['flowdirection', 'flowdir'],
} as const;

type Name = keyof typeof NAMES;

/** The values of a flow, found by any of the names that programs give them. */
class Flow {
  readonly #values = new Map<string, unknown>();

  constructor(object: JsonObject) {
    for (const key of Object.keys(object).slice(0, 300)) {
      const name = key
        .replace(/^(?:iana:|en:)/, '')
        .replace(/[_-]/g, '')
        .toLowerCase();
      if (!this.#values.has(name)) this.#values.set(name, object[key]);
    }
  }

  get(name: Name): unknown {
    for (const each of NAMES[name]) {
      const value = this.#values.get(each);
      if (value !== undefined && value !== null && value !== '') return value;
    }
    return undefined;
  }

  text(name: Name): string | undefined {
    const value = this.get(name);
    return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
  }

  count(name: Name): number | undefined {
    const value = this.get(name);
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
    return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined;
  }
}

/** A time in ISO 8601 (UTC where it names no zone), or counted since 1970 in seconds to nanoseconds, told by its size. */
function timeOf(value: unknown): number | undefined {
  if (typeof value === 'string' && !/^\d{1,20}(?:\.\d{1,9})?$/.test(value)) return isoTimeAt(value, 0, 'UTC')?.ms;
  let ms = Number(value);
  if (!Number.isFinite(ms) || ms <= 0) return undefined;
  if (ms < 1e11) ms *= 1_000;
  else if (ms >= 1e17) ms /= 1e6;
  else if (ms >= 1e14) ms /= 1_000;
  return ms > 946_684_800_000 && ms < 4_102_444_800_000 ? Math.floor(ms) : undefined;
}

function setEnd(draft: Draft, flow: Flow, side: 'source' | 'destination'): Endpoint | undefined {
  const address = flow.text(side);
  const found =
    address === undefined
      ? undefined
      : endpoint(address, flow.text(side === 'source' ? 'sourcePort' : 'destinationPort'));
  if (found?.ip === undefined) return undefined;
  draft[side] = found;
  const mac = macOf(flow.text(side === 'source' ? 'sourceMac' : 'destinationMac'));
  if (mac !== '00-00-00-00-00-00') put(draft, `${side}.mac`, mac);
  const number = flow.count(side === 'source' ? 'sourceAs' : 'destinationAs');
  if (number) put(draft, `${side}.as.number`, number);
  return found;
}

function setTotals(draft: Draft, flow: Flow): void {
  const bytes = flow.count('bytes');
  const packets = flow.count('packets');
  const answeredBytes = flow.count('answeredBytes');
  const answeredPackets = flow.count('answeredPackets');
  put(draft, 'source.bytes', bytes);
  put(draft, 'source.packets', packets);
  put(draft, 'destination.bytes', answeredBytes);
  put(draft, 'destination.packets', answeredPackets);
  if (bytes !== undefined) put(draft, 'network.bytes', bytes + (answeredBytes ?? 0));
  if (packets !== undefined) put(draft, 'network.packets', packets + (answeredPackets ?? 0));
}

function setTimes(draft: Draft, flow: Flow): void {
  const start = timeOf(flow.get('start'));
  const end = timeOf(flow.get('end'));
  if (start !== undefined) put(draft, 'event.start', isoString(start));
  if (end !== undefined) put(draft, 'event.end', isoString(end));
  if (start !== undefined && end !== undefined && end >= start) put(draft, 'event.duration', (end - start) * 1_000_000);
}

function setObserver(draft: Draft, flow: Flow): void {
  const value = flow.get('exporter');
  const text = isObject(value) ? value['address'] : value;
  const address =
    typeof text === 'string' ? text.replace(/:\d{1,5}$/, (port) => (isAddress(text) ? port : '')) : undefined;
  if (address !== undefined && isAddress(address)) {
    put(draft, 'observer.ip', [address]);
    relate(draft, 'ip', address);
  }
  put(draft, 'observer.ingress.interface.id', flow.text('inside'));
  put(draft, 'observer.egress.interface.id', flow.text('outside'));
  const vlan = flow.count('vlan');
  if (vlan) put(draft, 'network.vlan.id', String(vlan));
}

/** Logstash puts the flow in an object of its own beside the exporter's address. */
function flowOf(object: JsonObject): Flow {
  const inner = object['netflow'] ?? object['ipfix'];
  return new Flow(isObject(inner) ? { ...object, ...inner } : object);
}

function parse(line: string, context: ParseContext): EcsEvent | undefined {
  const object = parseObject(line);
  if (!object) return undefined;
  const flow = flowOf(object);
  const ms = timeOf(flow.get('received')) ?? timeOf(flow.get('end')) ?? timeOf(flow.get('start'));
  const draft = newDraft(line, line, 'netflow.log', context, ms);
  delete draft.message;
  const source = setEnd(draft, flow, 'source');
  const destination = setEnd(draft, flow, 'destination');
  if (!source || !destination) return undefined;
  setTotals(draft, flow);
  putTransport(draft, flow.text('protocol'));
  if (/icmp$/.test(String(readField(draft, 'network.transport')))) {
    // ICMP has no ports; exporters put its type and code there, or nothing.
    delete source.port;
    delete destination.port;
  }
  put(draft, 'network.type', source.ip?.includes(':') ? 'ipv6' : 'ipv4');
  setTimes(draft, flow);
  setObserver(draft, flow);
  const direction = flow.text('direction');
  if (direction === '0' || direction === '1') put(draft, 'network.direction', direction === '0' ? 'ingress' : 'egress');
  const hop = flow.text('nextHop');
  if (hop !== undefined && isAddress(hop) && hop !== '0.0.0.0' && hop !== '::') put(draft, 'netflow.next_hop', hop);
  put(draft, 'netflow.tcp_flags', flow.text('flags'));
  put(draft, 'netflow.type', flow.text('kind'));
  classify(draft, ['network'], ['connection'], 'netflow_flow');
  return finish(draft);
}

/** Flow records as JSON lines, as collectors of NetFlow, IPFIX and sFlow give them: goflow2, nfdump, pmacct, Logstash, IPFIX names. */
export const netflow: Parser = {
  name: 'netflow',
  detects: (line) => line.charCodeAt(0) === 123 && MARKS.test(line),
  parse,
};
