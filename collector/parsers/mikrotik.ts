import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, finish, newDraft, portNumber, relate } from './draft.ts';
import { countOf, macOf, put, putTransport } from './put.ts';
import { isoTimeAt } from './time.ts';

/** Topics as RouterOS writes them before the text: `firewall,info`, `system,info,account`. */
const TOPICS = /^([a-z][a-z0-9-]{1,20}(?:,!?[a-z][a-z0-9-]{1,20}){1,6}),? (?=\S)/;
const FIRST =
  /^(?:firewall|system|dhcp|interface|wireless|wifi|caps|ppp|pptp|l2tp|sstp|ovpn|ipsec|hotspot|web-proxy|dns|script|route|ospf|bgp|radius|manager|certificate|account|critical|error|warning|info|ups|snmp|ssh|telnet|netwatch|container|e-mail|backup|upnp|vrrp|poe-out|lte|gps|ntp|watchdog|store|tftp|smb|raw|kvm|queue|bridge|bfd|mpls|ldp|rip|pim|igmp-proxy|iscsi|isdn|async|calc|gsm|dude|health|fetch|event|timer|state|packet|debug)$/;
const LEVEL = /^(?:critical|error|warning|info|debug)$/;
const MAX_MIKROTIK = 4_096;

const LOGIN = /^user (.{1,128}?) (logged in|logged out) (?:from (\S{2,45}) )?via ([a-z-]{2,20})/;
const FAILED = /^login failure for user (.{0,128}?) (?:from (\S{2,45}) )?via ([a-z-]{2,20})/;
const CHANGE =
  /^(.{1,256}?) (added|removed|changed|moved|enabled|disabled) by (?:(?:[a-z-]{2,20}:)?([^\s@:/]{1,64})(?:@([0-9A-Fa-f.:]{2,45}))?|.{1,128})(?: \(.{0,1024}\))?$/s;
const PACKET =
  /^(?:(.{0,64}?)[ :]*)?\b(input|output|forward|prerouting|postrouting|srcnat|dstnat): in:(\S{1,64}) out:(\([^)]{1,32}\)|[^\s,]{1,64}),(?: connection-mark:\S{1,64})?(?: connection-state:(\S{1,32}))?(?: src-mac ([0-9A-Fa-f:]{17}),)? ?(?:connection-state:\S{1,32} )?proto (\w{1,16})(?: \(([^)]{1,48})\))?, ?(.*)$/;
const FLOW = /^\(?\[?([0-9A-Fa-f.:]{2,45}?)\]?(?::(\d{1,5}))?->\[?([0-9A-Fa-f.:]{2,45}?)\]?(?::(\d{1,5}))?\)?(?:,|$)/;
const NAT_SOURCE = /NAT \(?([0-9.]{7,15}):(\d{1,5})->([0-9.]{7,15}):(\d{1,5})\)?->/;
const LEASE =
  /^(\S{1,64}) (assigned|deassigned|offering lease|declined) (?:lease )?([0-9.]{7,15}) (?:to|from|for) ([0-9A-Fa-f:]{17})(?: (\S{1,255}))?/;
const PPP =
  /^<?([^>:]{1,128})>?: (?:user (\S{1,128}) )?(authenticated|connected|disconnected|terminating)(?:\.{3})?(?: - (.{1,256}))?/;
/** `lan logged in, 10.0.0.5 from 203.0.113.5`, `lan logged out, 3600 100 200 10 20 from 203.0.113.5`. */
const PPP_ACCOUNT =
  /^(\S{1,128}) logged (in|out), (?:([0-9A-Fa-f.:]{2,45})|(\d{1,12})(?: (\d{1,15}) (\d{1,15}) \d{1,15} \d{1,15})?)(?: from (\S{2,45}))?$/;
const STATION = /^([0-9A-Fa-f:]{17})@(\S{1,64}): (connected|disconnected|reassociating)/;
const DENIED = /(?:^|[^a-z])(drop|deny|denied|block|reject)(?:ped|ed)?(?![a-z])/i;
const ALLOWED = /(?:^|[^a-z])(accept|allow|permit)(?:ed|ted)?(?![a-z])/i;

/** The prefix of a rule's log is the administrator's word: it alone can say what was done. */
function classifyPacket(draft: Draft, prefix: string): void {
  const denied = DENIED.exec(prefix)?.[1]?.toLowerCase();
  const allowed = denied === undefined ? ALLOWED.exec(prefix)?.[1]?.toLowerCase() : undefined;
  if (denied !== undefined)
    classify(draft, ['network'], ['connection', 'denied'], denied === 'denied' ? 'deny' : denied, 'failure');
  else if (allowed !== undefined) classify(draft, ['network'], ['connection', 'allowed'], allowed, 'success');
  else classify(draft, ['network'], ['connection']);
}

function readPacket(text: string, draft: Draft): boolean {
  const found = PACKET.exec(text);
  if (!found) return false;
  const [, prefix = '', chain, inward = '', outward = '', state, mac, protocol, detail, tail = ''] = found;
  const flow = FLOW.exec(tail);
  if (!flow) return false;
  const source = endpoint(flow[1] as string, flow[2]);
  const destination = endpoint(flow[3] as string, flow[4]);
  if (source) draft.source = source;
  if (destination) draft.destination = destination;
  const nat = NAT_SOURCE.exec(tail);
  if (nat && nat[1] === source?.ip) {
    put(draft, 'source.nat.ip', nat[3]);
    put(draft, 'source.nat.port', portNumber(nat[4]));
  }
  if (draft.source) put(draft, 'source.mac', macOf(mac));
  putTransport(draft, protocol);
  const icmp = /^type (\d{1,3}), code (\d{1,3})$/.exec(detail ?? '');
  put(draft, 'mikrotik.icmp_type', countOf(icmp?.[1]));
  put(draft, 'mikrotik.icmp_code', countOf(icmp?.[2]));
  if (!icmp && protocol?.toUpperCase() === 'TCP') put(draft, 'mikrotik.tcp_flags', detail);
  put(draft, 'mikrotik.chain', chain);
  put(draft, 'mikrotik.connection_state', state);
  put(draft, 'mikrotik.length', countOf(/(?:^|[, ])len (\d{1,6})(?:$|,)/.exec(tail)?.[1]));
  if (!inward.startsWith('(')) put(draft, 'observer.ingress.interface.name', inward);
  if (!outward.startsWith('(')) put(draft, 'observer.egress.interface.name', outward);
  put(draft, 'rule.name', prefix.trim());
  classifyPacket(draft, prefix);
  return true;
}

function readAccount(text: string, draft: Draft): boolean {
  const failed = FAILED.exec(text);
  const found = failed ?? LOGIN.exec(text);
  if (!found) return false;
  const [name, from, by] = failed ? [failed[1], failed[2], failed[3]] : [found[1], found[3], found[4]];
  if (name !== undefined && name !== '') draft.user = { name };
  const source = from === undefined ? undefined : endpoint(from);
  // A login over the data link names the other side's MAC address.
  if (source?.ip !== undefined) draft.source = source;
  else if (from !== undefined && macOf(from) !== undefined) put(draft, 'source.mac', macOf(from));
  if (by !== 'local') put(draft, 'network.protocol', by);
  if (failed) classify(draft, ['authentication'], ['info'], 'login', 'failure');
  else if (found[2] === 'logged in') classify(draft, ['authentication', 'session'], ['start'], 'login', 'success');
  else classify(draft, ['session'], ['end'], 'logout');
  return true;
}

const CHANGES = { added: 'creation', removed: 'deletion' } as Readonly<Record<string, string>>;

function readChange(text: string, draft: Draft): boolean {
  const found = CHANGE.exec(text);
  if (!found) return false;
  if (found[3] !== undefined) draft.user = { name: found[3] };
  const source = found[4] === undefined ? undefined : endpoint(found[4]);
  if (source?.ip !== undefined) draft.source = source;
  const kind = CHANGES[found[2] as string] ?? 'change';
  const account = /^user (\S{1,128})$/.exec(found[1] as string);
  if (account) put(draft, 'user.target.name', account[1]);
  classify(draft, account ? ['iam'] : ['configuration'], account ? ['user', kind] : [kind], found[2], 'success');
  return true;
}

function readLease(text: string, draft: Draft): boolean {
  const found = LEASE.exec(text);
  if (!found) return false;
  draft.source = { ip: found[3] as string };
  put(draft, 'source.mac', macOf(found[4]));
  if (found[5] !== undefined && endpoint(found[5])?.domain !== undefined) put(draft, 'source.domain', found[5]);
  put(draft, 'network.protocol', 'dhcp');
  const action = (found[2] as string).replace(' ', '-');
  classify(
    draft,
    ['network'],
    action === 'assigned' ? ['connection', 'start'] : action === 'deassigned' ? ['connection', 'end'] : ['info'],
    action,
  );
  return true;
}

/** Who got a tunnel, from where, and which address in it. */
function readTunnelAccount(text: string, draft: Draft): boolean {
  const found = PPP_ACCOUNT.exec(text);
  if (!found) return false;
  const [, name = '', way, inner, seconds, , , from] = found;
  draft.user = { name };
  const source = from === undefined ? undefined : endpoint(from);
  if (source?.ip !== undefined) draft.source = source;
  relate(draft, 'ip', inner);
  const duration = countOf(seconds);
  if (duration !== undefined && way === 'out') put(draft, 'event.duration', duration * 1_000_000_000);
  if (way === 'in') classify(draft, ['authentication', 'session'], ['start'], 'login', 'success');
  else classify(draft, ['session'], ['end'], 'logout');
  return true;
}

function readStation(text: string, draft: Draft): boolean {
  const found = STATION.exec(text);
  if (!found) return false;
  put(draft, 'source.mac', macOf(found[1]));
  put(draft, 'observer.ingress.interface.name', found[2]);
  classify(draft, ['network'], ['connection', found[3] === 'disconnected' ? 'end' : 'start'], found[3]);
  return true;
}

const REFUSED = /^<?([^>:]{1,128})>?: user (\S{1,128}) (authentication failed)/;
const CAME = /^(?:TCP |UDP )?connection (?:established )?from (\S{2,45})(?:, (?:auth|user).*)?$/i;

/** Who was refused a tunnel, and who came to ask for one. */
function readTunnelTry(text: string, draft: Draft): boolean {
  const refused = REFUSED.exec(text);
  if (refused) {
    draft.user = { name: refused[2] as string };
    put(draft, 'event.reason', refused[3]);
    classify(draft, ['authentication', 'network'], ['info'], 'login', 'failure');
    return true;
  }
  const came = CAME.exec(text)?.[1];
  const source = came === undefined ? undefined : endpoint(came);
  if (source?.ip === undefined) return false;
  draft.source = source;
  classify(draft, ['network'], ['connection', 'start'], 'connection');
  return true;
}

function readTunnel(text: string, draft: Draft): boolean {
  const found = PPP.exec(text);
  if (!found) return false;
  const name = found[2] ?? /^[a-z0-9]{3,8}-([^\d>][^>]{0,127})$/.exec(found[1] as string)?.[1];
  if (name !== undefined) draft.user = { name };
  put(draft, 'event.reason', found[4]);
  const action = found[3] as string;
  if (action === 'authenticated') classify(draft, ['authentication', 'network'], ['info'], action, 'success');
  else classify(draft, ['network', 'session'], ['connection', action === 'connected' ? 'start' : 'end'], action);
  return true;
}

/** Reads one message with its topics; undefined where the text is none. */
export function readMikrotikMessage(message: string, context: ParseContext): EcsEvent | undefined {
  // A remote log with its own clock: `2026-11-22 08:01:02 system,info …`.
  const own = isoTimeAt(message, 0, context.timeZone);
  const body = own && message[own.end] === ' ' ? message.slice(own.end + 1) : message;
  const found = body.length > MAX_MIKROTIK ? null : TOPICS.exec(body);
  const topics = found?.[1]?.split(',');
  if (!found || !topics?.some((topic) => LEVEL.test(topic)) || !FIRST.test(topics[0] as string)) return undefined;
  const text = body.slice(found[0].length);
  const draft = newDraft(message, text, 'mikrotik.log', context, own?.ms ?? context.now);
  put(draft, 'observer.vendor', 'MikroTik');
  put(draft, 'observer.product', 'RouterOS');
  put(draft, 'observer.type', 'firewall');
  put(draft, 'mikrotik.topics', topics);
  put(
    draft,
    'log.level',
    topics.find((topic) => LEVEL.test(topic)),
  );
  const read =
    readPacket(text, draft) ||
    readAccount(text, draft) ||
    (topics[0] === 'dhcp' && readLease(text, draft)) ||
    readChange(text, draft) ||
    (/^(?:wireless|wifi|caps)$/.test(topics[0] as string) && readStation(text, draft)) ||
    (/^(?:ppp|pptp|l2tp|sstp|ovpn|pppoe)$/.test(topics[0] as string) &&
      (readTunnelAccount(text, draft) || readTunnelTry(text, draft) || readTunnel(text, draft)));
  if (!read) classify(draft, [topics[0] === 'system' ? 'host' : 'network'], ['info']);
  return finish(draft);
}

/** Says whether a message with no program's name begins with topics of RouterOS. */
export function isMikrotikMessage(message: string): boolean {
  const topics = TOPICS.exec(message)?.[1]?.split(',');
  return topics?.some((topic) => LEVEL.test(topic)) === true && FIRST.test(topics[0] as string);
}

/** Logs of MikroTik RouterOS 6 and 7, with or without a syslog header. */
export const mikrotik: Parser = {
  name: 'mikrotik',
  detects: (line) => isMikrotikMessage(line),
  parse: readMikrotikMessage,
};
