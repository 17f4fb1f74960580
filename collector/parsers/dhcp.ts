import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import { readCsv } from './csv.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, finish, isAddress, MAX_MESSAGE, newDraft } from './draft.ts';
import { macOf, put } from './put.ts';
import { clockAt, isoTimeAt, twoDigits, utcTime, zonedTime } from './time.ts';

const MAC = '((?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2})';
const HOST = '(?: \\(([^()]{1,255})\\))?';
const VIA = '(?: via ([^\\s:]{1,64}))?';
/** ISC dhcpd; `on`, `for` and `of` name the address, `from` and `to` the client. */
const ISC = [
  new RegExp(`^(DHCPDISCOVER|BOOTREQUEST) from ${MAC}${HOST}${VIA}`),
  new RegExp(`^(DHCPOFFER|DHCPACK|BOOTREPLY|DHCPNAK) (?:on|for|to) ([0-9.]{7,15}) (?:to )?\\(?${MAC}\\)?${HOST}${VIA}`),
  new RegExp(`^(DHCPREQUEST) for ([0-9.]{7,15})(?: \\(([0-9.]{7,15})\\))? from ${MAC}${HOST}${VIA}`),
  new RegExp(`^(DHCPRELEASE|DHCPDECLINE) of ([0-9.]{7,15}) from ${MAC}${HOST}${VIA}`),
  new RegExp(`^(DHCPINFORM) from ([0-9.]{7,15})${VIA}`),
] as const;
/** dnsmasq, with or without its transaction number. */
const DNSMASQ = new RegExp(
  `^(?:\\d{1,10} )?(DHCP[A-Z]{3,10})\\(([^()\\s]{1,64})\\) (?:([0-9.]{7,15}) )?${MAC}(?: (.{1,255}))?$`,
);
const KEA =
  /^(?:[\d-]{10} [\d:.]{8,15} )?([A-Z]{4,5}) {1,4}\[kea-dhcp[46](?:\.[\w-]{1,40})?\/[\d.]{1,32}\] (DHCP[46]_[A-Z0-9_]{2,60}) (.{0,2048})$/s;
const KEA_CLIENT = new RegExp(`\\[(?:hwtype=\\d{1,3} )?${MAC}\\]`);
const KEA_LEASE = /lease ([0-9A-Fa-f.:]{2,45}) (?:has been|will be|is|for|address)/;
const EXHAUSTED =
  /^(?:DHCPDISCOVER .{1,256}: |\d{1,10} )?(?:network \S{1,64}: )?no (?:free leases|address range available|address available)/;

/** Codes of the audit log of Windows' DHCP server. */
const WINDOWS: Readonly<Record<string, readonly [action: string, type: string]>> = {
  '00': ['dhcp-log-started', 'info'],
  '01': ['dhcp-log-stopped', 'info'],
  '02': ['dhcp-log-paused', 'info'],
  '10': ['dhcp-assign', 'start'],
  '11': ['dhcp-renew', 'allowed'],
  '12': ['dhcp-release', 'end'],
  '13': ['dhcp-address-in-use', 'error'],
  '14': ['dhcp-no-address', 'error'],
  '15': ['dhcp-nack', 'denied'],
  '16': ['dhcp-delete', 'end'],
  '17': ['dhcp-expired', 'end'],
  '18': ['dhcp-expired', 'end'],
  '20': ['bootp-assign', 'start'],
  '21': ['bootp-assign', 'start'],
  '22': ['bootp-no-address', 'error'],
  '23': ['bootp-delete', 'end'],
};
const WINDOWS_LINE = /^(\d{2}),(\d\d)\/(\d\d)\/(\d\d(?:\d\d)?),(\d\d:\d\d:\d\d),/;

/** What happened to the lease, by the message's name (RFC 2131 §3). */
function classifyDhcp(draft: Draft, name: string): void {
  const kind = name.replace(/^DHCP|^BOOT/, '').toLowerCase();
  const type =
    kind === 'ack' || kind === 'reply'
      ? ['connection', 'start']
      : kind === 'nak' || kind === 'decline'
        ? ['denied']
        : kind === 'release'
          ? ['connection', 'end']
          : ['protocol'];
  const outcome =
    kind === 'ack' || kind === 'reply' ? 'success' : kind === 'nak' || kind === 'decline' ? 'failure' : undefined;
  classify(draft, ['network'], type, `dhcp-${kind}`, outcome);
  put(draft, 'network.protocol', 'dhcp');
  put(draft, 'network.transport', 'udp');
  put(draft, 'network.iana_number', '17');
}

function setClient(draft: Draft, ip: string | undefined, mac: string | undefined, host: string | undefined): void {
  const address = ip === undefined ? undefined : endpoint(ip);
  if (address?.ip !== undefined) draft.source = address;
  put(draft, 'source.mac', macOf(mac));
  const name = host?.replace(/\.$/, '');
  if (name !== undefined && !isAddress(name) && endpoint(name)?.domain !== undefined) put(draft, 'source.domain', name);
}

/** A relay's address or the server's own interface stands behind `via`. */
function setVia(draft: Draft, via: string | undefined): void {
  if (via === undefined) return;
  if (isAddress(via)) put(draft, 'dhcp.relay_ip', via);
  else put(draft, 'observer.ingress.interface.name', via);
}

function readIsc(message: string, draft: Draft): boolean {
  const [discover, answer, request, release, inform] = ISC.map((form) => form.exec(message));
  const found = discover ?? answer ?? request ?? release ?? inform;
  if (!found) return false;
  classifyDhcp(draft, found[1] as string);
  if (discover) setClient(draft, undefined, found[2], found[3]);
  else if (request) {
    setClient(draft, found[2], found[4], found[5]);
    put(draft, 'destination.ip', found[3]);
  } else if (inform) setClient(draft, found[2], undefined, undefined);
  else setClient(draft, found[2], found[3], found[4]);
  setVia(draft, found[discover ? 4 : request ? 6 : inform ? 3 : 5]);
  if (EXHAUSTED.test(message)) put(draft, 'event.reason', 'no free leases');
  return true;
}

function readDnsmasq(message: string, draft: Draft): boolean {
  const found = DNSMASQ.exec(message);
  if (!found) return false;
  classifyDhcp(draft, found[1] as string);
  const words = found[5];
  const refused =
    /^(?:no address available|address in use|wrong network|wrong server-ID|lease not found|address not available)/.test(
      words ?? '',
    );
  setClient(draft, found[3], found[4], refused ? undefined : words);
  setVia(draft, found[2]);
  if (refused) put(draft, 'event.reason', words);
  return true;
}

const KEA_ACTIONS: readonly (readonly [RegExp, string])[] = [
  [/_LEASE_ALLOC$|_LEASE_RENEW$|_LEASE_REUSE$/, 'DHCPACK'],
  [/_LEASE_(?:ADVERT|OFFER)$/, 'DHCPOFFER'],
  [/_RELEASE(?:_|$)/, 'DHCPRELEASE'],
  [/_DECLINE/, 'DHCPDECLINE'],
];

function readKea(message: string, draft: Draft): boolean {
  const found = KEA.exec(message);
  if (!found) return false;
  const [, level = '', code = '', words = ''] = found;
  const name = KEA_ACTIONS.find(([form]) => form.test(code))?.[1];
  if (name !== undefined) classifyDhcp(draft, name);
  else classify(draft, ['network'], [level === 'ERROR' || level === 'FATAL' ? 'error' : 'info']);
  put(draft, 'event.code', code);
  put(draft, 'log.level', level.toLowerCase());
  setClient(draft, KEA_LEASE.exec(words)?.[1], KEA_CLIENT.exec(words)?.[1], undefined);
  return true;
}

/** Reads a message of ISC dhcpd, dnsmasq or Kea; what they say beside leases keeps its words. */
export function parseDhcpMessage(message: string, draft: Draft): boolean {
  if (message.length > MAX_MESSAGE) return false;
  if (readIsc(message, draft) || readDnsmasq(message, draft) || readKea(message, draft)) return true;
  const exhausted = EXHAUSTED.test(message);
  classify(draft, ['network'], [exhausted ? 'error' : 'info'], exhausted ? 'dhcp-no-address' : undefined);
  return true;
}

/** A line of Windows' audit log: `10,11/22/26,08:01:02,Assign,192.0.2.10,pc1.lan.example,AABBCCDDEEFF,…`. */
function readWindows(line: string, context: ParseContext): EcsEvent | undefined {
  const head = WINDOWS_LINE.exec(line);
  const values = head ? readCsv(line, 32) : undefined;
  if (!head || !values || line.length > MAX_MESSAGE) return undefined;
  const [code = '', , , words = '', ip = '', host = '', mac = ''] = values;
  const year = Number((head[4] as string).length === 2 ? `20${head[4]}` : head[4]);
  const local = utcTime(year, twoDigits(head[2] as string, 0) - 1, Number(head[3]), clockAt(head[5] as string, 0));
  if (local === undefined) return undefined;
  const draft = newDraft(
    line,
    words === '' ? line : words,
    'dhcp.windows',
    context,
    zonedTime(local, context.timeZone),
  );
  const known = WINDOWS[code];
  setClient(draft, ip, mac, host);
  put(draft, 'event.code', code);
  put(draft, 'network.protocol', 'dhcp');
  if (values[9] !== undefined && /^[1-9]\d{0,9}$/.test(values[9])) put(draft, 'dhcp.correlation_id', values[9]);
  const type = known?.[1];
  const outcome =
    type === 'denied' || type === 'error' ? 'failure' : type === 'start' || type === 'allowed' ? 'success' : undefined;
  const types = type === undefined ? ['info'] : type === 'start' || type === 'end' ? ['connection', type] : [type];
  classify(draft, [code < '03' ? 'host' : 'network'], types, known?.[0], outcome);
  return finish(draft);
}

function readKeaLine(line: string, context: ParseContext): EcsEvent | undefined {
  const time = isoTimeAt(line, 0, context.timeZone);
  if (!time || !KEA.test(line)) return undefined;
  const draft = newDraft(line, line.slice(time.end + 1), 'dhcp.log', context, time.ms);
  return parseDhcpMessage(line, draft) ? finish(draft) : undefined;
}

/** DHCP servers: ISC dhcpd and dnsmasq by syslog, Kea's file, Windows' audit log. */
export const dhcp: Parser = {
  name: 'dhcp',
  detects: (line) => WINDOWS_LINE.test(line) || KEA.test(line.slice(0, 256)),
  parse: (line, context) => readWindows(line, context) ?? readKeaLine(line, context),
};
