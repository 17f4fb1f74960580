import type { DeviceFields, Row } from './device-fields.ts';
import { takeFields } from './device-fields.ts';
import type { Draft } from './draft.ts';
import { classify } from './draft.ts';
import { put } from './put.ts';
import { classifyProtocol, PROTOCOL_ROWS } from './zeek-protocols.ts';

/** Fields whose name means the same in all logs. */
const COMMON_ROWS: readonly Row[] = [
  ['id.orig_h', 'source', 'end'],
  ['src', 'source', 'end'],
  ['id.orig_p', 'source.port', 'port'],
  ['orig_l2_addr', 'source.mac', 'mac'],
  ['id.resp_h', 'destination', 'end'],
  ['dst', 'destination', 'end'],
  ['id.resp_p', 'destination.port', 'port'],
  ['resp_l2_addr', 'destination.mac', 'mac'],
  ['proto', 'network.transport', 'transport'],
  ['community_id', 'network.community_id'],
];

/** Fields of one log: `subject` is a certificate's in one and a mail's in another. */
const ROWS: Readonly<Record<string, readonly Row[]>> = {
  conn: [
    ['orig_bytes', 'source.bytes', 'count'],
    ['orig_pkts', 'source.packets', 'count'],
    ['resp_bytes', 'destination.bytes', 'count'],
    ['resp_pkts', 'destination.packets', 'count'],
    ['service', 'network.protocol', 'lower'],
  ],
  dns: [
    ['trans_id', 'dns.id'],
    ['query', 'dns.question.name'],
    ['qtype_name', 'dns.question.type'],
    ['rcode_name', 'dns.response_code'],
  ],
  http: [
    ['method', 'http.request.method'],
    ['referrer', 'http.request.referrer'],
    ['request_body_len', 'http.request.body.bytes', 'count'],
    ['response_body_len', 'http.response.body.bytes', 'count'],
    ['status_code', 'http.response.status_code', 'count'],
    ['user_agent', 'user_agent.original'],
    ['username', 'user.name'],
  ],
  ssl: [
    ['server_name', 'tls.client.server_name'],
    ['cipher', 'tls.cipher'],
    ['ja3', 'tls.client.ja3'],
    ['ja3s', 'tls.server.ja3s'],
    ['subject', 'tls.server.subject'],
    ['issuer', 'tls.server.issuer'],
  ],
  files: [
    ['filename', 'file.name'],
    ['mime_type', 'file.mime_type'],
    ['total_bytes', 'file.size', 'count'],
    ['sha256', 'file.hash', 'hash'],
    ['sha1', 'file.hash', 'hash'],
    ['md5', 'file.hash', 'hash'],
  ],
  ...PROTOCOL_ROWS,
};

/** Moves the fields of a record of one log to their places in ECS. */
export function takeZeekFields(draft: Draft, fields: DeviceFields, path: string): void {
  takeFields(draft, fields, COMMON_ROWS);
  const own = Object.hasOwn(ROWS, path) ? ROWS[path] : undefined;
  if (own) takeFields(draft, fields, own);
}

/** Connections that ended, and how the other side took them (the table of `conn_state` in Zeek's documentation). */
const REFUSED = new Set(['REJ', 'RSTOS0', 'RSTRH']);
const CLOSED = new Set(['SF', 'RSTO', 'RSTR', 'S2', 'S3']);

function classifyConnection(draft: Draft, fields: DeviceFields): void {
  const state = fields.take('conn_state');
  put(draft, 'zeek.conn.state', state);
  put(draft, 'zeek.conn.history', fields.take('history'));
  const ended = state !== undefined && CLOSED.has(state);
  classify(
    draft,
    ['network'],
    ended ? ['connection', 'end'] : ['connection'],
    undefined,
    state !== undefined && REFUSED.has(state) ? 'failure' : undefined,
  );
}

function classifyDns(draft: Draft, fields: DeviceFields): void {
  const klass = fields.take('qclass_name');
  put(draft, 'dns.question.class', klass === 'C_INTERNET' ? 'IN' : klass);
  put(draft, 'network.protocol', 'dns');
  const code = (draft['dns'] as { response_code?: string } | undefined)?.response_code;
  classify(
    draft,
    ['network'],
    ['connection', 'protocol'],
    undefined,
    code === undefined ? undefined : code === 'NOERROR' ? 'success' : 'failure',
  );
}

function classifyHttp(draft: Draft, fields: DeviceFields): void {
  put(draft, 'http.version', fields.take('version'));
  put(draft, 'network.protocol', 'http');
  const status = (draft['http'] as { response?: { status_code?: number } } | undefined)?.response?.status_code;
  const types = fields.take('resp_mime_types');
  put(draft, 'http.response.mime_type', types?.split(',')[0]);
  classify(
    draft,
    ['network', 'web'],
    ['connection', 'protocol', 'access'],
    undefined,
    status === undefined ? undefined : status < 400 ? 'success' : 'failure',
  );
}

function classifyTls(draft: Draft, fields: DeviceFields): void {
  const version = /^(TLS|SSL|DTLS)v(\d)(\d)?$/.exec(fields.peek('version') ?? '');
  if (version) {
    put(draft, 'tls.version', `${version[2]}.${version[3] ?? '0'}`);
    put(draft, 'tls.version_protocol', (version[1] as string).toLowerCase());
    fields.take('version');
  }
  const flag = (text: string | undefined) =>
    text === 'T' || text === 'true' ? true : text === 'F' || text === 'false' ? false : undefined;
  put(draft, 'tls.established', flag(fields.take('established')));
  put(draft, 'tls.resumed', flag(fields.take('resumed')));
  put(draft, 'network.protocol', 'tls');
  classify(draft, ['network'], ['connection', 'protocol']);
}

function classifySsh(draft: Draft, fields: DeviceFields): void {
  const told = fields.take('auth_success');
  put(draft, 'network.protocol', 'ssh');
  const outcome =
    told === 'T' || told === 'true' ? 'success' : told === 'F' || told === 'false' ? 'failure' : undefined;
  classify(
    draft,
    outcome === undefined ? ['network'] : ['network', 'authentication'],
    ['connection', 'protocol'],
    'ssh_login',
    outcome,
  );
  if (outcome === undefined) delete draft.event.action;
}

function classifyNotice(draft: Draft, fields: DeviceFields): void {
  draft.event.kind = 'alert';
  put(draft, 'rule.name', fields.take('note'));
  put(draft, 'rule.description', fields.peek('msg'));
  const denied = fields.peek('actions')?.includes('ACTION_DROP') === true;
  classify(draft, ['network', 'intrusion_detection'], [denied ? 'denied' : 'info']);
}

/** Sets what a record of one log is about. */
export function classifyZeek(draft: Draft, fields: DeviceFields, path: string): void {
  if (path === 'conn') classifyConnection(draft, fields);
  else if (path === 'dns') classifyDns(draft, fields);
  else if (path === 'http') classifyHttp(draft, fields);
  else if (path === 'ssl') classifyTls(draft, fields);
  else if (path === 'ssh') classifySsh(draft, fields);
  else if (path === 'notice') classifyNotice(draft, fields);
  else if (path === 'files') classify(draft, ['network', 'file'], ['info']);
  else if (!classifyProtocol(draft, fields, path)) classify(draft, ['network'], ['info']);
}
