import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, finish, isAddress, newDraft, relate } from './draft.ts';
import { put, putTransport } from './put.ts';
import { clockAt, fractionAt, isoTimeAt, monthAt, twoDigits, utcTime, zonedTime } from './time.ts';

const MAX_BIND = 8_192;
const STAMP = /^\d\d-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-\d{4} \d\d:\d\d:\d\d(?:\.\d{1,6})? /;
const ISO_STAMP =
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)? (?=(?:[a-z-]{3,24}: )?(?:debug \d{1,3}|info|notice|warning|error|critical): |client )/;
const CATEGORY =
  /^(client|cname|config|database|default|delegation-only|dispatch|dnssec|dnstap|edns-disabled|general|lame-servers|network|notify|nsid|queries|query-errors|rate-limit|resolver|responses|rpz|rpz-passthru|security|serve-stale|spill|sslkeylog|trust-anchor-telemetry|unmatched|update|update-security|xfer-in|xfer-out|zoneload): /;
const LEVEL = /^(debug \d{1,3}|info|notice|warning|error|critical): /;
const CLIENT =
  /^client (?:@0x[0-9a-fA-F]{1,16} )?([0-9A-Fa-f.:%a-z]{2,60})#(\d{1,5})(?:\/key [^\s():]{1,255})? ?(?:\(([^()\s]{0,1024})\))?: /;
const VIEW = /^view:? ([^\s:]{1,128}): /;
const QUERY = /^(query|response): (\S{1,1024}) ([A-Z0-9]{1,12}) ([A-Z0-9-]{1,16})(?: (.*))?$/s;
/** What Infoblox's servers write: question and answer in one. */
const ANSWERED =
  /^(UDP|TCP): query: (\S{1,1024}) ([A-Z0-9]{1,12}) ([A-Z0-9-]{1,16}) response: ([A-Z]{3,16}) ([+-][A-Z]{0,8})(?: (.*))?$/s;
const ANSWER = /^(\S{1,1024}) (\d{1,10}) ([A-Z]{2,4}) ([A-Z0-9-]{1,16}) (.{1,1024})$/s;
const MOST_ANSWERS = 64;
const DENIED = /^query(?: \((cache)\))? '([^'\s]{1,1024})\/([A-Z0-9-]{1,16})\/([A-Z0-9]{1,12})' denied/;
const FAILED = /^query failed \(([^()]{1,64})\) for ([^\s/]{1,1024})\/([A-Z0-9]{1,12})\/([A-Z0-9-]{1,16}) at /;
const TRANSFER =
  /^(?:zone transfer|bad zone transfer request:) '?([^'\s]{1,1024}?)(?:\/([A-Z]{1,12}))?\/([A-Z0-9]{1,12})'?(?:: | )(denied|.{1,200})$/;
const OUT =
  /^transfer (?:out: |of )'([^'\s]{1,1024})\/([A-Z0-9]{1,12})'(?: \([^()]{1,64}\))?: (AXFR|IXFR|AXFR-style IXFR) (started|ended)/;
const UPDATE =
  /^(?:update forwarding|updating zone|update):? '([^'\s]{1,1024}?)(?:\/([A-Z0-9]{1,12}))?'(?::| )\s?(.{1,500})$/;
/** A signed request of any kind; `(…)` behind the key's name is what the key is called on the other side. */
const SIGNATURE =
  /^request has invalid signature: (?:(?:TSIG|SIG\(0\)) ([^\s:()]{1,255})(?: \([^()\s]{1,255}\))?: )?(.{1,200}?)(?: \(([A-Z]{3,12})\))?$/;
const RPZ = /^(?:disabled )?rpz (\S{1,32}) (\S{1,32}) rewrite (\S{1,1024}) via (\S{1,1024})/;
const RESOLVING =
  /^(lame server|unexpected RCODE|error|FORMERR|REFUSED|SERVFAIL|DNS format error|success|broken trust chain|insecurity proof failed|no valid \w+|connection refused|(?:host|network) unreachable|timed out|managed-keys-zone)(?: \(([^()]{1,128})\)| ([A-Z]{3,16}))? (?:from (\S{2,64})#(\d{1,5}) )?resolving '?([^'\s]{1,1024}?)(?:\/([A-Z0-9-]{1,16}))?(?:\/([A-Z0-9]{1,12}))?(?='| for client |: |$)/;
const SERVER = /: ([0-9A-Fa-f.:]{2,45})(?:%\w{1,16})?#(\d{1,5})$/;
const INBOUND =
  /^transfer of '([^'\s/]{1,1024})(?:\/([A-Z0-9]{1,12})(?:\/([^'\s/]{1,128}))?)?'(?: from ([0-9A-Fa-f.:]{2,45})#(\d{1,5}))?: (.{1,500})$/;
const RATE =
  /^(would )?(?:rate )?(stop limiting|limit)(?: (?:drop|slip|drop all|slip all|all))?(?: [\w*-]{1,32}){0,2} responses? to ([0-9A-Fa-f.:]{2,45})(?:\/\d{1,3})?(?= |$)/;

function setQuestion(
  draft: Draft,
  name: string | undefined,
  type: string | undefined,
  klass: string | undefined,
): void {
  put(draft, 'dns.question.name', name);
  put(draft, 'dns.question.type', type);
  put(draft, 'dns.question.class', klass);
  put(draft, 'network.protocol', 'dns');
}

/** The flags behind a query: `+` recursion, `T` over TCP, `E(0)` EDNS, `D` DNSSEC; the server's address in brackets ends them. */
function readFlags(draft: Draft, text: string, answer: boolean): void {
  const words = text.split(' ', 8);
  if (answer && /^[A-Z]{3,10}$/.test(words[0] ?? '')) put(draft, 'dns.response_code', words.shift());
  const flags = words.find((word) => /^[+-]/.test(word));
  if (flags !== undefined) {
    put(draft, 'bind.flags', flags);
    if (flags.startsWith('+')) put(draft, 'dns.header_flags', ['RD']);
    put(draft, 'network.transport', flags.includes('T') ? 'tcp' : 'udp');
    put(draft, 'network.iana_number', flags.includes('T') ? '6' : '17');
  }
  const server = /\(([0-9A-Fa-f.:]{2,45}(?:%\w{1,16})?)\)/.exec(text.replace(/E\(\d{1,3}\)/, ''))?.[1];
  const destination = server === undefined ? undefined : endpoint(server);
  if (destination?.ip !== undefined) draft.destination = destination;
}

function refused(draft: Draft, action: string): true {
  classify(draft, ['network'], ['protocol', 'denied'], action, 'failure');
  return true;
}

function readAnswered(found: RegExpExecArray, draft: Draft): true {
  const [, transport = '', name, klass, type, code, flags = '', rest = ''] = found;
  setQuestion(draft, name, type, klass);
  put(draft, 'dns.type', 'answer');
  put(draft, 'dns.response_code', code);
  put(draft, 'bind.flags', flags);
  putTransport(draft, transport);
  const answers = rest
    .split(';', MOST_ANSWERS)
    .map((part) => ANSWER.exec(part.trim()))
    .filter((answer) => answer !== null)
    .map(([, owner, ttl, of, kind, data]) => ({ name: owner, ttl: Number(ttl), class: of, type: kind, data }));
  if (answers.length > 0) put(draft, 'dns.answers', answers);
  const addresses = answers.map(({ data }) => data as string).filter(isAddress);
  if (addresses.length > 0) put(draft, 'dns.resolved_ip', addresses);
  for (const address of addresses) relate(draft, 'ip', address);
  classify(draft, ['network'], ['protocol'], 'response');
  return true;
}

/** What a client asked, or was refused. */
function readRequest(text: string, draft: Draft): boolean {
  const query = QUERY.exec(text);
  if (query) {
    const answer = query[1] === 'response';
    setQuestion(draft, query[2], query[4], query[3]);
    put(draft, 'dns.type', answer ? 'answer' : 'query');
    readFlags(draft, query[5] ?? '', answer);
    classify(draft, ['network'], ['protocol'], answer ? 'response' : 'query');
    return true;
  }
  const answered = ANSWERED.exec(text);
  if (answered) return readAnswered(answered, draft);
  const denied = DENIED.exec(text);
  if (denied) {
    setQuestion(draft, denied[2], denied[3], denied[4]);
    put(draft, 'dns.type', 'query');
    put(draft, 'dns.response_code', 'REFUSED');
    return refused(draft, 'query');
  }
  const failed = FAILED.exec(text);
  if (failed) {
    setQuestion(draft, failed[2], failed[4], failed[3]);
    put(draft, 'dns.type', 'query');
    const code = failed[1] as string;
    if (/^[A-Z]{3,10}$/.test(code)) put(draft, 'dns.response_code', code);
    put(draft, 'event.reason', code);
    classify(draft, ['network'], ['protocol', 'error'], 'query', 'failure');
    return true;
  }
  const rpz = RPZ.exec(text);
  if (rpz) {
    const [name, type, klass] = (rpz[3] as string).split('/', 3);
    setQuestion(draft, name, type, klass);
    put(draft, 'rule.name', rpz[4]);
    put(draft, 'bind.rpz_policy', rpz[2]);
    // What a policy that is switched off would have done.
    if (text.startsWith('disabled')) {
      classify(draft, ['network'], ['protocol', 'info'], 'rpz');
      return true;
    }
    const passed = /^PASSTHRU$/i.test(rpz[2] as string);
    classify(draft, ['network'], ['protocol', passed ? 'allowed' : 'denied'], 'rpz', passed ? 'success' : 'failure');
    return true;
  }
  return readChange(text, draft);
}

/** Zone transfers and dynamic updates. */
function readChange(text: string, draft: Draft): boolean {
  const out = OUT.exec(text);
  if (out) {
    setQuestion(draft, out[1], out[3] === 'AXFR' ? 'AXFR' : 'IXFR', out[2]);
    classify(
      draft,
      ['network'],
      ['protocol', out[4] === 'started' ? 'start' : 'end'],
      'zone-transfer',
      out[4] === 'ended' ? 'success' : undefined,
    );
    return true;
  }
  const transfer = TRANSFER.exec(text);
  if (transfer) {
    setQuestion(draft, transfer[1], transfer[2], transfer[3]);
    if (transfer[4] !== 'denied') put(draft, 'event.reason', transfer[4]);
    return refused(draft, 'zone-transfer');
  }
  const signature = SIGNATURE.exec(text);
  if (signature) {
    put(draft, 'network.protocol', 'dns');
    put(draft, 'bind.key', signature[1]);
    put(draft, 'bind.tsig_error', signature[3]);
    put(draft, 'event.reason', signature[2]);
    return refused(draft, 'request');
  }
  if (!/^(?:updating zone|update forwarding|update:? ')/.test(text)) return false;
  const update = UPDATE.exec(text);
  setQuestion(draft, update?.[1], undefined, update?.[2]);
  const what = update?.[3] ?? text;
  if (/denied|failed|rejected|refused|unsuccessful|not satisfied/.test(what)) {
    if (what !== 'denied') put(draft, 'event.reason', what);
    return refused(draft, 'update');
  }
  classify(draft, ['network', 'configuration'], ['change'], 'update');
  return true;
}

/** What the server says of its own queries, transfers and zones. */
function readServer(text: string, draft: Draft): boolean {
  const resolving = RESOLVING.exec(text);
  if (resolving) {
    setQuestion(draft, resolving[6], resolving[7], resolving[8]);
    put(
      draft,
      'event.reason',
      resolving[2] ?? (resolving[3] === undefined ? resolving[1] : `${resolving[1]} ${resolving[3]}`),
    );
    if (resolving[3] !== undefined) put(draft, 'dns.response_code', resolving[3]);
    const found = SERVER.exec(text);
    const server = found ? endpoint(found[1] as string, found[2]) : endpoint(resolving[4] ?? '', resolving[5]);
    if (server) draft.destination = server;
    classify(draft, ['network'], ['protocol', 'error'], 'resolve', 'failure');
    return true;
  }
  const rate = RATE.exec(text);
  if (rate) {
    const question = / for (\S{1,1024}) ([A-Z0-9]{1,12}) ([A-Z0-9-]{1,16}) +\([0-9a-f]{1,16}\)$/.exec(text);
    setQuestion(draft, question?.[1], question?.[3], question?.[2]);
    put(draft, 'bind.rate_limited', rate[3]);
    if (rate[1] !== undefined || rate[2] === 'stop limiting')
      classify(draft, ['network'], ['protocol', 'info'], 'rate-limit');
    else return refused(draft, 'rate-limit');
    return true;
  }
  const inbound = INBOUND.exec(text);
  if (inbound) {
    setQuestion(draft, inbound[1], undefined, inbound[2]);
    put(draft, 'bind.view', inbound[3]);
    const server = endpoint(inbound[4] ?? '', inbound[5]);
    if (server) draft.destination = server;
    const status = /^Transfer status: (.{1,100})$/.exec(inbound[6] as string)?.[1];
    const done = status === 'success';
    const failed = status === undefined ? /failed|refused|timed out|not|unexpected/.test(inbound[6] as string) : !done;
    if (failed && status !== undefined) put(draft, 'event.reason', status);
    const outcome = failed ? 'failure' : done ? 'success' : undefined;
    classify(draft, ['network'], ['protocol', failed ? 'error' : 'info'], 'zone-transfer', outcome);
    return true;
  }
  return readZone(text, draft);
}

const ZONE =
  /^(?:received notify for zone|zone) '?([^'\s/]{1,1024}?)(?:\/([A-Z0-9]{1,12})(?:\/([^'\s/:]{1,128}))?)?'?(?::|$| )(?: (refused )?notify from (?:non-(?:master|primary): )?([0-9A-Fa-f.:]{2,45})#(\d{1,5}))?/;

/** What is said of one zone, and what other servers say has changed in it. */
function readZone(text: string, draft: Draft): boolean {
  if (text.startsWith('refused notify from')) {
    refused(draft, 'notify');
    put(draft, 'network.protocol', 'dns');
    return true;
  }
  const zone = ZONE.exec(text);
  if (!zone) return false;
  const isNotify = text.startsWith('received') || zone[5] !== undefined;
  if (text.startsWith('received')) setQuestion(draft, zone[1], undefined, zone[2]);
  else put(draft, 'bind.zone', zone[1]);
  put(draft, 'bind.view', zone[3]);
  const from = zone[5] === undefined ? undefined : endpoint(zone[5], zone[6]);
  if (from) draft.source = from;
  if (zone[4] !== undefined) refused(draft, 'notify');
  else classify(draft, ['network'], ['info'], isNotify ? 'notify' : undefined);
  return true;
}

/** Fills in a message of named without its time and header. */
function readBody(message: string, draft: Draft): boolean {
  let text = message.trimEnd();
  if (text.length > MAX_BIND) return false;
  const category = CATEGORY.exec(text);
  if (category) {
    put(draft, 'bind.category', category[1]);
    text = text.slice(category[0].length);
  }
  const level = LEVEL.exec(text);
  if (level) {
    put(draft, 'log.level', (level[1] as string).replace(/ \d+$/, ''));
    text = text.slice(level[0].length);
  }
  draft.message = text;
  const client = CLIENT.exec(text);
  if (client) {
    const source = endpoint(client[1] as string, client[2]);
    if (source) draft.source = source;
    text = text.slice(client[0].length);
    const view = VIEW.exec(text);
    if (view) {
      put(draft, 'bind.view', view[1]);
      text = text.slice(view[0].length);
    }
    if (readRequest(text, draft) || readServer(text, draft)) return true;
    if (/denied|refused/.test(text)) return refused(draft, 'query');
    classify(draft, ['network'], ['protocol', 'info']);
    return true;
  }
  if (readServer(text, draft) || readChange(text, draft)) return true;
  if (!category && !level) return false;
  classify(draft, ['network'], [/^(?:error|critical)$/.test(level?.[1] ?? '') ? 'error' : 'info']);
  return true;
}

/** `22-Nov-2026 08:01:02.123`, in the collector's zone. */
function stampOf(text: string, zone: string): { ms: number; length: number } | undefined {
  const own = STAMP.exec(text);
  if (!own) {
    const iso = ISO_STAMP.exec(text);
    const time = iso ? isoTimeAt(text, 0, zone) : undefined;
    return iso && time ? { ms: time.ms, length: iso[0].length } : undefined;
  }
  const seconds = clockAt(text, 12);
  const local =
    seconds < 0 ? undefined : utcTime(Number(text.slice(7, 11)), monthAt(text, 3), twoDigits(text, 0), seconds);
  return local === undefined
    ? undefined
    : { ms: zonedTime(local, zone) + fractionAt(text, 20).ms, length: own[0].length };
}

/** Reads a message of named that stood behind a syslog header, and may have a time of its own as well. */
export function parseBindMessage(message: string, draft: Draft): boolean {
  const text = message.replace(/^infoblox-responses: /, '');
  return readBody(text.replace(STAMP, ''), draft);
}

function parse(line: string, context: ParseContext): EcsEvent | undefined {
  const stamp = stampOf(line, context.timeZone);
  const draft = newDraft(line, line, 'bind.log', context, stamp?.ms);
  if (!readBody(stamp ? line.slice(stamp.length) : line, draft)) {
    if (!stamp) return undefined;
    draft.message = line.slice(stamp.length);
    classify(draft, ['network'], ['info']);
  }
  return finish(draft);
}

/** Query, security, transfer, update and other logs of BIND 9 (named), from its own files or through syslog. */
export const bind: Parser = {
  name: 'bind',
  detects: (line) => STAMP.test(line) || ISO_STAMP.test(line) || CLIENT.test(line),
  parse,
};
