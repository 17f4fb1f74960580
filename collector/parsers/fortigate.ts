import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import { DeviceFields } from './device-fields.ts';
import type { Draft } from './draft.ts';
import { endpoint, finish, isAddress, newDraft, relate } from './draft.ts';
import { classifyFortigate } from './fortigate-meaning.ts';
import { readKeyValues } from './key-values.ts';
import { countOf, macOf, put, putTransport } from './put.ts';
import { isoTimeAt } from './time.ts';
import { readAuthority, setUrl } from './url.ts';

const START = /^(?:date=\d{4}-\d\d-\d\d |timestamp=\d|logver=\d|itime=\d|eventtime=\d|devname=|devid=|logid=)/;
const START_WITHIN = /(?:^|[\s>])(?=(?:date=\d{4}-\d\d-\d\d time=|logver=\d|devname=|eventtime=\d))/;
const MARKS = /(?:^| )(?:devid|logid|log_id|devname)=/;
const MAX_FORTIGATE = 65_536;

/** `eventtime` counts seconds, milliseconds, microseconds or nanoseconds since 1970, by its digits. */
function countedTime(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{10}(?:\d{3}|\d{6}|\d{9})?$/.test(text)) return undefined;
  return Number(`${text.slice(0, 10)}${text.slice(10, 13).padEnd(3, '0')}`);
}

/** The wall clock with its zone; the counted time gives the milliseconds, and the moment where no zone is named. */
function timeOf(fields: DeviceFields, zone: string): number | undefined {
  const offset = /^[+-]\d{4}$/.exec(fields.peek('tz') ?? '')?.[0];
  const wall = isoTimeAt(`${fields.peek('date')} ${fields.peek('time')}${offset ?? ''}`, 0, zone)?.ms;
  const counted = countedTime(fields.peek('eventtime'));
  if (wall === undefined) return counted;
  if (counted === undefined) return wall;
  const apart = Math.abs(counted - wall);
  return apart < 1000 || (offset === undefined && apart < 14 * 3_600_000) ? counted : wall;
}

function setEnd(draft: Draft, fields: DeviceFields, side: 'source' | 'destination', names: readonly string[]): void {
  const [ip = '', port = '', name = '', mac = '', nat = '', natPort = ''] = names;
  const address = fields.peek(ip);
  const found = address === undefined ? undefined : endpoint(address, fields.peek(port));
  if (found) {
    draft[side] = found;
    fields.take(ip);
    if (found.port !== undefined) fields.take(port);
  }
  const host = fields.peek(name);
  if (host !== undefined && endpoint(host)?.domain !== undefined) put(draft, `${side}.domain`, fields.take(name));
  put(draft, `${side}.mac`, macOf(fields.peek(mac)));
  const mapped = fields.peek(nat);
  if (mapped !== undefined && isAddress(mapped) && !/^(?:0\.0\.0\.0|::)$/.test(mapped)) {
    put(draft, `${side}.nat.ip`, fields.take(nat));
    const mappedPort = countOf(fields.peek(natPort));
    if (mappedPort !== undefined && mappedPort > 0) put(draft, `${side}.nat.port`, mappedPort);
    fields.take(natPort);
  }
}

/** The machine that an event is about where it names no connection: a lease's, an endpoint's, a manager's. */
function setClient(draft: Draft, fields: DeviceFields): void {
  if (draft.source) return;
  setEnd(draft, fields, 'source', ['remote_ip', 'remote_port']);
  const isLease = fields.peek('dhcp_msg') !== undefined;
  if (isLease) setEnd(draft, fields, 'source', ['ip', '', 'hostname', 'mac']);
  else if (fields.peek('subtype') === 'endpoint') setEnd(draft, fields, 'source', ['ip']);
}

function setEnds(draft: Draft, fields: DeviceFields): void {
  if (fields.peek('remip') !== undefined && fields.peek('srcip') === undefined) {
    setEnd(draft, fields, 'source', ['remip', 'remport']);
    setEnd(draft, fields, 'destination', ['locip', 'locport']);
  } else {
    // VoIP records write their ports with an underline.
    const [from, to] = fields.peek('src_port') === undefined ? ['srcport', 'dstport'] : ['src_port', 'dst_port'];
    setEnd(draft, fields, 'source', ['srcip', from, 'srcname', 'srcmac', 'transip', 'transport']);
    setEnd(draft, fields, 'destination', ['dstip', to, 'dstname', 'dstmac', 'tranip', 'tranport']);
  }
  setClient(draft, fields);
  if (draft.source) {
    put(draft, 'source.bytes', countOf(fields.take('sentbyte')));
    put(draft, 'source.packets', countOf(fields.take('sentpkt')));
  }
  if (draft.destination) {
    put(draft, 'destination.bytes', countOf(fields.take('rcvdbyte')));
    put(draft, 'destination.packets', countOf(fields.take('rcvdpkt')));
  }
  const { source, destination } = draft;
  if (source?.bytes !== undefined && destination?.bytes !== undefined)
    put(draft, 'network.bytes', source.bytes + destination.bytes);
  if (source?.packets !== undefined && destination?.packets !== undefined) {
    put(draft, 'network.packets', source.packets + destination.packets);
  }
}

function setNetwork(draft: Draft, fields: DeviceFields): void {
  putTransport(draft, fields.take('proto'));
  const service = fields.peek('service');
  if (service !== undefined && /^[A-Za-z][A-Za-z0-9_.-]{0,40}$/.test(service))
    put(draft, 'network.protocol', service.toLowerCase());
  put(draft, 'network.application', fields.take('app'));
  const direction = fields.peek('direction');
  if (direction === 'outgoing') put(draft, 'network.direction', 'outbound');
  if (direction === 'incoming') put(draft, 'network.direction', 'inbound');
  put(draft, 'observer.ingress.interface.name', fields.take('srcintf'));
  put(draft, 'observer.egress.interface.name', fields.take('dstintf'));
}

/** Where an administrator sits is named in `ui`, as `https(192.0.2.10)`. */
function setPeople(draft: Draft, fields: DeviceFields): void {
  const person = ['xauthuser', 'eapuser'].map((name) => fields.peek(name)).find((name) => name !== undefined);
  // A tunnel's `user` may be its peer's address; the person is named apart.
  const isPeer = person !== undefined && isAddress(fields.peek('user') ?? '');
  const user = (isPeer ? person : fields.take('user')) ?? person ?? fields.take('login') ?? fields.take('unauthuser');
  if (user !== undefined) {
    draft.user = { name: user };
    if (draft.source) put(draft, 'source.user.name', user);
  }
  put(draft, 'user.group.name', fields.take('group'));
  put(draft, 'destination.user.name', fields.take('dstuser'));
  const place = /^([A-Za-z0-9_-]{1,32})\(([0-9A-Fa-f.:]{2,45})\)$/.exec(
    fields.peek('ui') ?? fields.peek('userfrom') ?? '',
  );
  if (place && !draft.source && isAddress(place[2] as string)) draft.source = { ip: place[2] as string };
}

function setRequest(draft: Draft, fields: DeviceFields): void {
  const host = fields.peek('hostname');
  const url = fields.take('url');
  if (url !== undefined) setUrl(draft, url);
  if (host !== undefined) {
    const { domain, port } = readAuthority(fields.take('hostname') as string);
    draft.url = { ...draft.url, ...(domain !== undefined && { domain }), ...(port !== undefined && { port }) };
    if (domain !== undefined) relate(draft, 'hosts', domain);
  }
  const isCall = fields.peek('subtype') === 'rest-api';
  put(draft, 'http.request.method', fields.take(isCall ? 'method' : 'httpmethod'));
  if (isCall) put(draft, 'http.response.status_code', countOf(fields.take('status')));
  put(draft, 'http.request.referrer', fields.take('referralurl'));
  put(draft, 'http.response.status_code', countOf(fields.take('statuscode')));
  put(draft, 'user_agent.original', fields.take('agent'));
  put(draft, 'dns.question.name', fields.take('qname'));
  put(draft, 'dns.question.type', fields.take('qtype'));
  put(draft, 'dns.question.class', fields.take('qclass'));
  put(draft, 'dns.id', fields.take('xid'));
  const answers = (fields.peek('ipaddr') ?? '').split(/,\s*/, 32).filter(isAddress);
  if (answers.length > 0) {
    put(draft, 'dns.resolved_ip', answers);
    fields.take('ipaddr');
    for (const answer of answers) relate(draft, 'ip', answer);
  }
  const forwarded = fields.peek('forwardedfor');
  if (forwarded !== undefined && isAddress(forwarded)) {
    put(draft, 'network.forwarded_ip', fields.take('forwardedfor'));
    relate(draft, 'ip', forwarded);
  }
  put(draft, 'tls.client.server_name', fields.take('sni'));
  const file = ['filename', 'file', 'infectedfilename', 'matchedfilename'].find((name) => fields.peek(name));
  if (file) put(draft, 'file.name', fields.take(file));
  put(draft, 'file.size', countOf(fields.take('filesize')));
  const sum = fields.take('analyticscksum') ?? fields.peek('filehash');
  if (sum !== undefined && /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/i.test(sum)) {
    put(draft, `file.hash.${sum.length === 32 ? 'md5' : sum.length === 40 ? 'sha1' : 'sha256'}`, sum.toLowerCase());
    relate(draft, 'hash', sum.toLowerCase());
  }
  const isVoice = fields.peek('subtype') === 'voip';
  const from = isVoice ? undefined : (fields.take('from') ?? fields.take('sender'));
  const to = isVoice ? undefined : (fields.take('to') ?? fields.take('recipient'));
  if (from?.includes('@')) put(draft, 'email.from.address', [from]);
  if (to?.includes('@')) put(draft, 'email.to.address', to.split(/[,;]\s*/, 64));
  put(draft, 'email.subject', fields.take('subject'));
}

function setObserver(draft: Draft, fields: DeviceFields): void {
  const name = fields.take('devname');
  put(draft, 'observer.vendor', 'Fortinet');
  put(draft, 'observer.product', 'FortiGate');
  put(draft, 'observer.type', 'firewall');
  put(draft, 'observer.serial_number', fields.take('devid') ?? fields.take('device_id'));
  if (name === undefined) return;
  put(draft, 'observer.name', name);
  draft.host = { name, hostname: name };
}

/** Reads one record, `date=… time=… devname=…`; undefined where the text is none. */
export function readFortigateMessage(message: string, context: ParseContext): EcsEvent | undefined {
  if (message.length > MAX_FORTIGATE) return undefined;
  const pairs = readKeyValues(message);
  const type = pairs.get('type');
  if (
    type === undefined ||
    !/^[a-z-]{2,24}$/.test(type) ||
    !(pairs.has('logid') || pairs.has('log_id') || pairs.has('devid') || pairs.has('devname'))
  ) {
    return undefined;
  }
  const fields = new DeviceFields(pairs);
  const draft = newDraft(message, message, 'fortinet.firewall', context, timeOf(fields, context.timeZone));
  setObserver(draft, fields);
  setEnds(draft, fields);
  setNetwork(draft, fields);
  setPeople(draft, fields);
  setRequest(draft, fields);
  classifyFortigate(draft, fields);
  put(draft, 'event.code', fields.take('logid') ?? fields.take('log_id'));
  put(draft, 'log.level', fields.take('level') ?? fields.take('pri'));
  const seconds = countOf(fields.take('duration'));
  if (seconds !== undefined && seconds < 1e9) put(draft, 'event.duration', seconds * 1_000_000_000);
  const reason = fields.take('reason');
  if (reason !== 'none') put(draft, 'event.reason', reason);
  draft.message = fields.take('msg') ?? fields.take('logdesc') ?? fields.take('desc') ?? message;
  for (const name of ['date', 'time', 'tz', 'eventtime', 'srcmac', 'dstmac']) fields.take(name);
  draft['fortinet'] = { firewall: fields.rest() };
  return finish(draft);
}

/** Says whether a text begins as a FortiGate record does. */
export function isFortigateMessage(message: string): boolean {
  return START.test(message) && MARKS.test(message.slice(0, 1_024));
}

/** FortiGate logs in the default `key=value` form, with or without a syslog header. */
export const fortigate: Parser = {
  name: 'fortigate',
  detects: (line) => isFortigateMessage(line),
  parse(line, context) {
    const at = START_WITHIN.exec(line.slice(0, 512));
    const event = readFortigateMessage(at ? line.slice(at.index + at[0].length) : line, context);
    if (event) event.event.original = line;
    return event;
  },
};
