import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, finish, isAddress, newDraft } from './draft.ts';
import { countOf, macOf, put, putTransport } from './put.ts';

const MAX_NETFILTER = 4_096;
const START = /(?:^|[\s\]:=>])(?=IN=\S{0,15} OUT=\S{0,15} )/;
const UPTIME = /^\[ *\d{1,12}\.\d{1,9}\] ?/;
const PAIR = /^([A-Z]{2,16})=(\S{0,160})$/;
const TCP_FLAGS = new Set(['SYN', 'ACK', 'FIN', 'RST', 'PSH', 'URG', 'ECE', 'CWR']);
const DENIED = /(?:^|[^a-z])(block|drop|deny|denied|reject)(?:ed|ped|ing|s)?(?![a-z])/i;
/** `no-drop`, `not blocked`: the prefix says that the deed was not done. */
const NEGATED =
  /(?:^|[^a-z])(?:no|not|non|never)[\s_.-]?(?:block|drop|deny|denied|reject|accept|allow|permit|pass)(?:ed|ped|ted|ing|s)?(?![a-z])/gi;
const ALLOWED = /(?:^|[^a-z])(accept|allow|permit|pass)(?:ed|ted|s)?(?![a-z])/i;
/** `[WAN_IN-2000-D]`: rule set, rule and verdict, as VyOS and EdgeOS mark what their rules log. */
const CHAIN = /^\[?([\w.-]{1,64})-(default|\d{1,6})-([ADR])\]?$/;
/** `[WAN_LOCAL-D-30001] DESCR="…"` and `[FW-A-WAN_IN-U-2000]`, as UniFi's gateways write the same; `RET` is none. */
const UNIFI = /^\[(?:FW-([ADR])-([\w.-]{1,64}?)|([\w.-]{1,64}?)-([ADR]|RET))-(\d{1,10})\](?: DESCR="(.{0,128})")?$/;
const VERDICTS: Readonly<Record<string, string>> = { A: 'accept', D: 'drop', R: 'reject' } as const;
const NUMBERS: Readonly<Record<string, string>> = {
  LEN: 'iptables.length',
  TTL: 'iptables.ttl',
  HOPLIMIT: 'iptables.ttl',
  ID: 'iptables.id',
  TYPE: 'iptables.icmp.type',
  CODE: 'iptables.icmp.code',
  WINDOW: 'iptables.tcp.window',
};

/** What the words that the administrator chose say was done; a prefix that names no verdict gives none. */
function classifyPrefix(draft: Draft, prefix: string): void {
  const chain = CHAIN.exec(prefix);
  const unifi = chain ? null : UNIFI.exec(prefix);
  if (chain || unifi) {
    const letter = chain?.[3] ?? unifi?.[1] ?? unifi?.[4] ?? 'RET';
    const verdict = VERDICTS[letter];
    put(draft, 'rule.name', chain?.[1] ?? unifi?.[2] ?? unifi?.[3]);
    put(draft, 'rule.id', chain?.[2] ?? unifi?.[5]);
    put(draft, 'rule.description', unifi?.[6]);
    if (verdict === undefined) classify(draft, ['network'], ['connection']);
    else if (verdict === 'accept') classify(draft, ['network'], ['connection', 'allowed'], verdict, 'success');
    else classify(draft, ['network'], ['connection', 'denied'], verdict, 'failure');
    return;
  }
  const words = prefix.replace(NEGATED, ' ');
  const denied = DENIED.exec(words)?.[1]?.toLowerCase();
  const allowed = denied === undefined ? ALLOWED.exec(words)?.[1]?.toLowerCase() : undefined;
  const action = denied === 'denied' ? 'deny' : (denied ?? allowed);
  if (denied !== undefined) classify(draft, ['network'], ['connection', 'denied'], action, 'failure');
  else if (allowed !== undefined) classify(draft, ['network'], ['connection', 'allowed'], action, 'success');
  else classify(draft, ['network'], ['connection']);
}

/** Reads the pairs of the packet itself; what ICMP errors quote stands in brackets behind, and is another packet's. */
function pairsOf(text: string): { pairs: Map<string, string>; flags: string[] } {
  const pairs = new Map<string, string>();
  const flags: string[] = [];
  for (const word of text.split(' ', 64)) {
    if (word.startsWith('[')) break;
    const found = PAIR.exec(word);
    // UDP repeats LEN for its own length: the packet's comes first.
    if (found && !pairs.has(found[1] as string)) pairs.set(found[1] as string, found[2] as string);
    else if (TCP_FLAGS.has(word)) flags.push(word);
  }
  return { pairs, flags };
}

/** `MAC=` has destination, source and type in one; `MACSRC=` and `MACDST=` are what the kernel writes when asked to decode it. */
function setMac(draft: Draft, pairs: ReadonlyMap<string, string>): void {
  put(draft, 'source.mac', macOf(pairs.get('MACSRC')));
  put(draft, 'destination.mac', macOf(pairs.get('MACDST')));
  const bytes = pairs.get('MAC')?.split(':');
  if (!bytes || bytes.length < 12) return;
  put(draft, 'destination.mac', macOf(bytes.slice(0, 6).join(':')));
  put(draft, 'source.mac', macOf(bytes.slice(6, 12).join(':')));
}

/** Reads a packet that a rule logged: `prefix IN=eth0 OUT= MAC=… SRC=… DST=… PROTO=TCP SPT=… DPT=…`. */
export function readNetfilterMessage(message: string, context: ParseContext): EcsEvent | undefined {
  const text = message.replace(/^kernel: /, '').replace(UPTIME, '');
  const start = text.length > MAX_NETFILTER ? null : START.exec(text);
  if (!start) return undefined;
  const { pairs, flags } = pairsOf(text.slice(start.index + start[0].length));
  const source = endpoint(pairs.get('SRC') ?? '', pairs.get('SPT'));
  const destination = endpoint(pairs.get('DST') ?? '', pairs.get('DPT'));
  if (source?.ip === undefined || destination?.ip === undefined) return undefined;
  const draft = newDraft(message, text, 'iptables.log', context);
  const prefix = text
    .slice(0, start.index + start[0].length)
    .replace(/[\s:=>-]+$/, '')
    .trim();
  put(draft, 'iptables.prefix', prefix);
  classifyPrefix(draft, prefix);
  draft.source = source;
  draft.destination = destination;
  setMac(draft, pairs);
  putTransport(draft, pairs.get('PROTO'));
  put(draft, 'network.type', isAddress(source.ip) && source.ip.includes(':') ? 'ipv6' : 'ipv4');
  put(draft, 'observer.ingress.interface.name', pairs.get('IN'));
  put(draft, 'observer.egress.interface.name', pairs.get('OUT'));
  for (const name of Object.keys(NUMBERS)) put(draft, NUMBERS[name] as string, countOf(pairs.get(name)));
  put(draft, 'user.id', /^\d{1,10}$/.exec(pairs.get('UID') ?? '')?.[0]);
  put(draft, 'group.id', /^\d{1,10}$/.exec(pairs.get('GID') ?? '')?.[0]);
  put(draft, 'network.vlan.id', /^\d{1,4}$/.exec(pairs.get('VID') ?? '')?.[0]);
  if (flags.length > 0) put(draft, 'iptables.tcp.flags', flags);
  return finish(draft);
}

/** Packets logged by iptables, nftables, ufw and firewalld, in kernel lines or bare. */
export const netfilter: Parser = {
  name: 'netfilter',
  detects: (line) => /^(?:IN=|\[)/.test(line) && START.test(line.slice(0, 256)) && line.includes(' SRC='),
  parse: readNetfilterMessage,
};
