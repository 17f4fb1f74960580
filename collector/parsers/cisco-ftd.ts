import type { ParseContext } from '../record.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, relate } from './draft.ts';
import { countOf, put, putTransport } from './put.ts';
import { isoString, isoTimeAt } from './time.ts';
import { setUrl } from './url.ts';

const PAIR = /(?:^|, )([A-Z][A-Za-z0-9_ -]{1,40}): /g;
const MAX_PAIRS = 120;

/** ECS names of the plain texts among the fields of connection and intrusion events. */
const TEXTS: Readonly<Record<string, string>> = {
  IngressInterface: 'observer.ingress.interface.name',
  EgressInterface: 'observer.egress.interface.name',
  IngressZone: 'observer.ingress.zone',
  EgressZone: 'observer.egress.zone',
  AccessControlRuleName: 'rule.name',
  ACPolicy: 'rule.ruleset',
  UserAgent: 'user_agent.original',
  HTTPReferer: 'http.request.referrer',
  DNSQuery: 'dns.question.name',
  DNSRecordType: 'dns.question.type',
  DNSResponseType: 'dns.response_code',
  Client: 'network.application',
  FileName: 'file.name',
  FileSHA256: 'file.hash.sha256',
  ReferencedHost: 'url.domain',
  SSLVersion: 'tls.version',
  SSLServerName: 'tls.client.server_name',
  SSLCipherSuite: 'tls.cipher',
  ThreatName: 'cisco.ftd.threat_name',
};
const COUNTS: Readonly<Record<string, string>> = {
  InitiatorBytes: 'source.bytes',
  ResponderBytes: 'destination.bytes',
  InitiatorPackets: 'source.packets',
  ResponderPackets: 'destination.packets',
  FileSize: 'file.size',
  HTTPResponse: 'http.response.status_code',
};

function pairsOf(body: string): Map<string, string> {
  const pairs = new Map<string, string>();
  let key: string | undefined;
  let start = 0;
  for (const found of body.matchAll(PAIR)) {
    if (key !== undefined) pairs.set(key, body.slice(start, found.index));
    key = found[1] as string;
    start = found.index + found[0].length;
    if (pairs.size >= MAX_PAIRS) break;
  }
  if (key !== undefined) pairs.set(key, body.slice(start));
  return pairs;
}

function verdictOf(pairs: ReadonlyMap<string, string>): 'allowed' | 'denied' | undefined {
  const action = (
    pairs.get('AccessControlRuleAction') ??
    pairs.get('InlineResult') ??
    pairs.get('FileAction') ??
    ''
  ).toLowerCase();
  if (/^(?:allow|trust|monitor|detect|malware cloud lookup)/.test(action)) return 'allowed';
  return /^(?:block|drop|would|interactive block)/.test(action) && !action.startsWith('would') ? 'denied' : undefined;
}

function setEnds(draft: Draft, pairs: ReadonlyMap<string, string>): void {
  const source = endpoint(pairs.get('SrcIP') ?? '', pairs.get('SrcPort'));
  const destination = endpoint(pairs.get('DstIP') ?? '', pairs.get('DstPort'));
  if (source) draft.source = source;
  if (destination) draft.destination = destination;
  putTransport(draft, pairs.get('Protocol'));
  const protocol = pairs.get('ApplicationProtocol');
  if (protocol && protocol !== 'Unknown') put(draft, 'network.protocol', protocol.toLowerCase());
  const user = pairs.get('User');
  if (user && !/^(?:No Authentication Required|Unknown|Not Found|No Authentication)$/i.test(user)) {
    const slash = user.lastIndexOf('\\');
    const domain = user.slice(0, Math.max(slash, 0)).replace(/\\+$/, '');
    draft.user = { name: user.slice(slash + 1), ...(domain !== '' && { domain }) };
    put(draft, 'source.user', { ...draft.user });
  }
}

/** Reads FTD's security events 430001 (intrusion), 430002/3 (connection start and end), 430004/5 (file, malware). */
export function readSecurityEvent(draft: Draft, number: string, body: string, context: ParseContext): void {
  const pairs = pairsOf(body.slice(0, 16_384));
  setEnds(draft, pairs);
  for (const [key, text] of pairs) {
    if (Object.hasOwn(TEXTS, key)) put(draft, TEXTS[key] as string, text);
    if (
      Object.hasOwn(COUNTS, key) &&
      (!/bytes|packets/i.test(key) || draft[key.startsWith('I') ? 'source' : 'destination'])
    ) {
      put(draft, COUNTS[key] as string, countOf(text));
    }
  }
  const url = pairs.get('URL') ?? pairs.get('URI');
  if (url) setUrl(draft, url);
  const first = isoTimeAt(pairs.get('FirstPacketSecond') ?? '', 0, context.timeZone);
  if (first) put(draft, 'event.start', isoString(first.ms));
  const seconds = countOf(pairs.get('ConnectionDuration'));
  if (seconds !== undefined) put(draft, 'event.duration', seconds * 1_000_000_000);
  const verdict = verdictOf(pairs);
  const outcome = verdict === undefined ? undefined : verdict === 'allowed' ? 'success' : 'failure';
  relate(draft, 'hash', pairs.get('FileSHA256'));
  const said = verdict === undefined ? [] : [verdict];
  if (number === '430001') {
    draft.event.kind = 'alert';
    put(draft, 'rule.name', pairs.get('Message')?.replace(/^"|"$/g, ''));
    put(draft, 'rule.id', pairs.get('SID'));
    put(draft, 'rule.category', pairs.get('Classification'));
    classify(
      draft,
      ['network', 'intrusion_detection'],
      said.length > 0 ? said : ['info'],
      'intrusion-detected',
      outcome,
    );
  } else if (number === '430005') {
    classify(draft, ['malware', 'file'], said.length > 0 ? said : ['info'], 'malware-detected', outcome);
  } else if (number === '430004') {
    classify(draft, ['network', 'file'], said.length > 0 ? said : ['info'], 'file-detected', outcome);
  } else {
    const ended = number === '430003';
    classify(
      draft,
      ['network'],
      ['connection', ended ? 'end' : 'start', ...said],
      ended ? 'connection-finished' : 'connection-started',
      outcome,
    );
  }
}
