import type { Draft } from './draft.ts';
import { isAddress, relate } from './draft.ts';
import type { JsonObject } from './json-object.ts';
import { compact, dropEmpty, isObject, objectAt, takeCount, takeString } from './json-object.ts';
import { isoString, isoTimeAt } from './time.ts';
import { readAuthority, setUrl } from './url.ts';

const MAX_ANSWERS = 64;
const RECORD_KEYS = new Set(['rrname', 'rrtype', 'rdata', 'ttl']);

/** What Suricata's HTTP library writes where it saw an answer alone; the host that it names then, `libhtp`, is itself. */
const UNSEEN = '/libhtp::request_uri_not_seen';

/** Says whether an event is about a packet that the server sent: by its direction, or by the flow's own ends. */
export function isAnswer(eve: JsonObject, draft: Draft): boolean {
  if (eve['direction'] === 'to_client') return true;
  const flow = objectAt(eve, 'flow');
  const client = flow?.['src_ip'];
  return client !== undefined && client === draft.destination?.ip && client !== draft.source?.ip;
}

/** Moves what EVE says of an HTTP transaction to `http.*`, `url.*` and `user_agent.*`. */
export function readHttp(eve: JsonObject, draft: Draft, kind: string): void {
  const http = objectAt(eve, 'http');
  if (!http) return;
  const method = takeString(http, 'http_method');
  const unseen = http['url'] === UNSEEN;
  const target = unseen ? undefined : takeString(http, 'url');
  if (target !== undefined) setUrl(draft, target, method === 'CONNECT');
  const name = unseen ? undefined : takeString(http, 'hostname');
  const { domain, port } = name === undefined ? {} : readAuthority(name);
  if (domain !== undefined) {
    draft.url = { ...draft.url, domain, ...(port !== undefined && { port }) };
    const server = isAnswer(eve, draft) ? draft.source : draft.destination;
    if (server && !isAddress(domain)) server.domain = domain;
  }
  const agent = takeString(http, 'http_user_agent');
  if (agent !== undefined) draft['user_agent'] = { original: agent };
  const protocol = http['protocol'];
  const isNumbered = typeof protocol === 'string' && protocol.startsWith('HTTP/');
  const version = isNumbered ? protocol.slice(5) : takeString(http, 'version');
  if (isNumbered) delete http['protocol'];
  const status = takeCount(http, 'status');
  const length = takeCount(http, 'length');
  const fields = compact({
    version,
    request: compact({ method, referrer: takeString(http, 'http_refer') }),
    response: compact({
      status_code: status,
      mime_type: takeString(http, 'http_content_type'),
      body: length === undefined ? undefined : { bytes: length },
    }),
  });
  if (fields) draft['http'] = fields;
  if (kind.startsWith('http') && status !== undefined) draft.event.outcome = status < 400 ? 'success' : 'failure';
  dropEmpty(eve, 'http');
}

/** Says whether a resource record has nothing beside what `dns.answers` takes over. */
function isPlainRecord(record: unknown): boolean {
  return isObject(record) && Object.entries(record).every(([key, value]) => RECORD_KEYS.has(key) && !isObject(value));
}

function answerOf(record: unknown): JsonObject | undefined {
  if (!isObject(record)) return undefined;
  const { rrname, rrtype, rdata, ttl } = record;
  return compact({
    name: typeof rrname === 'string' ? rrname : undefined,
    type: typeof rrtype === 'string' ? rrtype : undefined,
    data: typeof rdata === 'string' ? rdata : undefined,
    ttl: typeof ttl === 'number' ? ttl : undefined,
  });
}

/** `{"A": ["192.0.2.1"]}`: the answers of version 2 where it is set to write them by type. */
function groupedAnswers(grouped: unknown): JsonObject[] {
  if (!isObject(grouped)) return [];
  return Object.entries(grouped).flatMap(([rrtype, values]) =>
    Array.isArray(values) ? values.slice(0, MAX_ANSWERS).map((rdata: unknown) => ({ rrtype, rdata })) : [],
  );
}

/**
 * Moves question, answers and code to `dns.*`; all three EVE versions (1: one record, 2: answers, 3: queries too). In an
 * alert they stand one level deeper, under `query` (a list) or `answer`.
 */
export function readDns(eve: JsonObject, draft: Draft): void {
  const outer = objectAt(eve, 'dns');
  if (!outer) return;
  const dns = objectAt(outer, 'answer') ?? outer;
  const queries = dns['queries'] ?? dns['query'];
  const first: unknown = Array.isArray(queries) ? queries[0] : dns;
  const type = dns['type'] ?? (isObject(first) ? first['type'] : undefined);
  const question = isObject(first)
    ? compact({ name: takeString(first, 'rrname'), type: takeString(first, 'rrtype') })
    : undefined;
  const alone = { rrname: question?.name, rrtype: question?.type, rdata: dns['rdata'], ttl: dns['ttl'] };
  const grouped = groupedAnswers(dns['grouped']);
  const listed: unknown[] = Array.isArray(dns['answers'])
    ? dns['answers']
    : dns['rdata'] === undefined
      ? grouped
      : [alone];
  const answers = listed.slice(0, MAX_ANSWERS).flatMap((each): JsonObject[] => {
    const answer = answerOf(each);
    return answer ? [answer] : [];
  });
  const resolved = answers.flatMap((each) =>
    typeof each['data'] === 'string' && isAddress(each['data']) ? [each['data']] : [],
  );
  const id = takeCount(dns, 'id') ?? (isObject(first) ? takeCount(first, 'id') : undefined);
  relate(draft, 'hosts', question?.['name'] as string | undefined);
  for (const ip of resolved) relate(draft, 'ip', ip);
  const fields = compact({
    type:
      type === 'query' || type === 'request'
        ? 'query'
        : type === 'answer' || type === 'response'
          ? 'answer'
          : undefined,
    id: id === undefined ? undefined : String(id),
    question,
    response_code: takeString(dns, 'rcode'),
    answers: answers.length > 0 ? answers : undefined,
    resolved_ip: resolved.length > 0 ? [...new Set(resolved)] : undefined,
  });
  if (fields) draft['dns'] = fields;
  if (fields?.['type']) delete dns['type'];
  if (Array.isArray(queries) && isObject(first) && queries.length === 1 && Object.keys(first).length === 0) {
    delete dns['queries'];
    delete dns['query'];
  }
  if (listed.length <= MAX_ANSWERS && listed.every(isPlainRecord)) delete dns['answers'];
  if (dns !== outer) dropEmpty(outer, 'answer');
  dropEmpty(eve, 'dns');
}

function timeOf(tls: JsonObject, key: string): string | undefined {
  const text = tls[key];
  const time = typeof text === 'string' ? isoTimeAt(text, 0, 'UTC') : undefined;
  if (!time) return undefined;
  delete tls[key];
  return isoString(time.ms);
}

function hashAt(tls: JsonObject, key: string): string | undefined {
  const found = objectAt(tls, key);
  return found && takeString(found, 'hash');
}

/** Moves what EVE says of a TLS handshake to `tls.*`. */
export function readTls(eve: JsonObject, draft: Draft): void {
  const tls = objectAt(eve, 'tls');
  if (!tls) return;
  const version = typeof tls['version'] === 'string' ? /^(TLS|SSL)v? ?(\d(?:\.\d)?)$/.exec(tls['version']) : null;
  if (version) delete tls['version'];
  const sha1 = takeString(tls, 'fingerprint')?.replaceAll(':', '').toUpperCase();
  const name = takeString(tls, 'sni');
  relate(draft, 'hosts', name);
  const fields = compact({
    version: version?.[2],
    version_protocol: version?.[1]?.toLowerCase(),
    client: compact({ server_name: name, ja3: hashAt(tls, 'ja3') }),
    server: compact({
      subject: takeString(tls, 'subject'),
      issuer: takeString(tls, 'issuerdn'),
      not_before: timeOf(tls, 'notbefore'),
      not_after: timeOf(tls, 'notafter'),
      hash: sha1 === undefined ? undefined : { sha1 },
      ja3s: hashAt(tls, 'ja3s'),
    }),
  });
  if (fields) draft['tls'] = fields;
  dropEmpty(eve, 'tls');
}

/** Moves what EVE says of a file seen in transit to `file.*`. */
export function readFile(eve: JsonObject, draft: Draft): void {
  const info = objectAt(eve, 'fileinfo');
  if (!info) return;
  const path = takeString(info, 'filename');
  const name = path?.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  const fields = compact({
    // A name alone, as mail has it, is no path.
    path: path === name ? undefined : path,
    name: name === '' ? undefined : name,
    size: takeCount(info, 'size'),
    hash: compact({ md5: takeString(info, 'md5'), sha1: takeString(info, 'sha1'), sha256: takeString(info, 'sha256') }),
  });
  if (fields) draft['file'] = fields;
  dropEmpty(eve, 'fileinfo');
}
