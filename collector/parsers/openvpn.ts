import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, finish, MAX_MESSAGE, newDraft, relate } from './draft.ts';
import { put } from './put.ts';
import { clockAt, isoTimeAt, monthAt, utcTime, zonedTime } from './time.ts';

const ADDRESS = '(?:\\[?(?:AF_INET6?\\])?)?([0-9A-Fa-f.:]{2,45}?)';
/** `203.0.113.5:1194 `, `lan/203.0.113.5:1194 `, `lan/203.0.113.5:1194,10.8.0.6 ` or `[AF_INET6]::1:1194` before a message. */
const CLIENT =
  /^(?:([^\s/[\]]{1,128})\/)?(?:(?:tcp|udp)[46]?(?:-server)?:)?(?:\[AF_INET6?\])?([0-9A-Fa-f.:]{2,45}):(\d{1,5})(?:,\S{1,64})? /;
const INITIATED = new RegExp(
  `^\\[([^\\]]{1,128})\\] Peer Connection Initiated with ${ADDRESS}:(\\d{1,5})(?![\\dA-Fa-f.:])`,
);
const POOL = /^MULTI_sva: pool returned IPv4=([0-9.]{7,15})/;
const VIRTUAL = /^MULTI: primary virtual IP for \S{1,256}: ([0-9A-Fa-f.:]{2,45})$/;
const VERIFY = /^VERIFY (OK|ERROR): depth=(\d{1,3}), (?:error=([^:]{1,200}): )?(.{1,1024})$/;
const COMMON_NAME = /(?:^|[ ,/])CN=([^,/]{1,128})/;
const PASSWORD = /^TLS: Username\/Password authentication (succeeded|deferred|failed) for username '([^']{1,256})'/;
const AUTH_FAILED =
  /^(?:TLS Auth Error: Auth Username\/Password verification failed for peer|AUTH: Received control message: AUTH_FAILED|SENT CONTROL \[[^\]]{1,128}\]: 'AUTH_FAILED)/;
const PLUGIN = /user '([^']{1,256})' failed to authenticate(?:: (.{1,200}))?/;
const TLS_FAILED = /^TLS (?:Error|handshake failed|key negotiation failed)/;
const TLS_REASON = /^TLS Error: (.{1,256})$/;
const ENDED =
  /^(?:SIG(?:TERM|USR1|HUP|INT)\[soft,([\w-]{1,64})\] received, (?:client-instance|process) (?:exiting|restarting)|\[?[^\]]{0,128}\]? ?Inactivity timeout|Connection reset, restarting|client-instance exiting)/;
const FIRST_PACKET = new RegExp(
  `^(?:TLS: (?:Initial packet from|new session incoming connection from)|TCP connection established with) ${ADDRESS}:(\\d{1,5})(?![\\dA-Fa-f.:])`,
);

function setClient(
  draft: Draft,
  name: string | undefined,
  address: string | undefined,
  port: string | undefined,
): void {
  if (name !== undefined && name !== 'UNDEF') draft.user = { name };
  const source = address === undefined ? undefined : endpoint(address.replace(/^::ffff:(?=\d{1,3}\.)/i, ''), port);
  if (source) draft.source = { ...draft.source, ...source };
}

function login(draft: Draft, outcome: 'success' | 'failure', reason?: string): true {
  classify(draft, ['authentication', 'network'], ['info'], 'vpn_login', outcome);
  put(draft, 'event.reason', reason);
  return true;
}

function connection(
  draft: Draft,
  type: 'start' | 'end' | 'info',
  action: string,
  outcome?: 'success' | 'failure',
): true {
  classify(draft, ['network', 'session'], type === 'info' ? ['connection'] : ['connection', type], action, outcome);
  return true;
}

function readCertificate(draft: Draft, text: string): boolean {
  const found = VERIFY.exec(text);
  if (!found) return false;
  const name = found[2] === '0' ? COMMON_NAME.exec(found[4] as string)?.[1] : undefined;
  put(draft, 'tls.client.subject', found[2] === '0' ? found[4] : undefined);
  if (name !== undefined && draft.user === undefined) draft.user = { name };
  if (found[1] === 'ERROR') return login(draft, 'failure', found[3]);
  classify(draft, ['network'], ['info'], 'certificate_verified', 'success');
  return true;
}

function readPeople(draft: Draft, text: string): boolean {
  const password = PASSWORD.exec(text);
  if (password) {
    draft.user = { name: password[2] as string };
    if (password[1] === 'deferred') classify(draft, ['authentication', 'network'], ['info'], 'vpn_login', 'unknown');
    else login(draft, password[1] === 'succeeded' ? 'success' : 'failure');
    return true;
  }
  const plugin = PLUGIN.exec(text);
  if (plugin) {
    draft.user = { name: plugin[1] as string };
    return login(draft, 'failure', plugin[2]);
  }
  return AUTH_FAILED.test(text) && login(draft, 'failure');
}

function readTunnel(draft: Draft, text: string): boolean {
  const initiated = INITIATED.exec(text);
  if (initiated) {
    setClient(draft, initiated[1], initiated[2], initiated[3]);
    return connection(draft, 'start', 'vpn_connected', 'success');
  }
  const leased = POOL.exec(text)?.[1] ?? VIRTUAL.exec(text)?.[1];
  if (leased !== undefined) {
    put(draft, 'openvpn.virtual_ip', leased);
    relate(draft, 'ip', leased);
    return connection(draft, 'info', 'vpn_address_assigned');
  }
  const first = FIRST_PACKET.exec(text);
  if (first) {
    setClient(draft, undefined, first[1], first[2]);
    return connection(draft, 'info', 'vpn_connection_attempt');
  }
  const ended = ENDED.exec(text);
  if (ended) {
    put(draft, 'event.reason', ended[1]);
    return connection(draft, 'end', 'vpn_disconnected');
  }
  if (!TLS_FAILED.test(text)) return false;
  put(draft, 'event.reason', TLS_REASON.exec(text)?.[1]);
  return connection(draft, 'info', 'vpn_handshake', 'failure');
}

/** Reads a message of an OpenVPN server (2.4 to 2.6); every one of its messages is its own, so it gives true always. */
export function parseOpenvpnMessage(message: string, draft: Draft): boolean {
  if (message.length > MAX_MESSAGE) return false;
  const client = CLIENT.exec(message);
  if (client) setClient(draft, client[1], client[2], client[3]);
  const text = client ? message.slice(client[0].length) : message;
  const read = readPeople(draft, text) || readTunnel(draft, text) || readCertificate(draft, text);
  if (!read) classify(draft, ['network'], [/^(?:FATAL|ERROR|Options error)/.test(text) ? 'error' : 'info']);
  return true;
}

const FILE_TIME =
  /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d) (\d{4})|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:us=\d{1,6} )?/;
const OWN_WORDS =
  /(?:TLS|OpenVPN|VERIFY|MULTI|Peer Connection|SIG(?:TERM|USR1|HUP)|AUTH-PAM|PLUGIN_|PUSH|SENT CONTROL|Data Channel|Control Channel|Initialization Sequence|Inactivity timeout|UDPv[46]|TCPv[46]|library versions|peer info:|Connection reset|(?:TCP|UDP) connection|client-instance)/;

function timeOf(found: RegExpExecArray, context: ParseContext): number | undefined {
  if (found[1] === undefined) return isoTimeAt(found[0], 0, context.timeZone)?.ms;
  const local = utcTime(Number(found[4]), monthAt(found[1], 0), Number(found[2]), clockAt(found[3] as string, 0));
  return local === undefined ? undefined : zonedTime(local, context.timeZone);
}

/** Reads a line of the server's own log file. */
export function readOpenvpnLine(line: string, context: ParseContext): EcsEvent | undefined {
  const head = FILE_TIME.exec(line);
  const message = head ? line.slice(head[0].length) : line;
  const ms = head ? timeOf(head, context) : undefined;
  if (!head || ms === undefined || !OWN_WORDS.test(message.slice(0, 512))) return undefined;
  const draft = newDraft(line, message, 'openvpn.log', context, ms);
  return parseOpenvpnMessage(message, draft) ? finish(draft) : undefined;
}

/** Logs of an OpenVPN server: its own file; by syslog it is reached through its program's name. */
export const openvpn: Parser = {
  name: 'openvpn',
  detects: (line) => FILE_TIME.test(line) && OWN_WORDS.test(line.slice(0, 512)),
  parse: readOpenvpnLine,
};
