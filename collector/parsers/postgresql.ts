import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import { readCsv } from './csv.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, finish, newDraft } from './draft.ts';
import { isObject, parseObject } from './json-object.ts';
import { put } from './put.ts';
import { isoTimeAt, sureZone } from './time.ts';

const MAX_POSTGRESQL = 65_536;
const LEVELS = 'DEBUG[1-5]|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|STATEMENT|CONTEXT|QUERY|LOCATION';
const LEVEL = new RegExp(`(?:^|[\\s\\]>:])(${LEVELS}): {1,2}`);
/** `2026-11-22 08:01:02.345 +07 `; the short names of many zones are ambiguous. */
const STAMP = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) ([A-Z]{2,5}|[+-]\d\d(?::?\d\d)?)[ :]/;
const PID = /\[(\d{1,10})\]/;
/** `lan@archive`, as `%u@%d` and the like write; an absent side is `[unknown]`. */
const WHO = /(?:^|[\s\]:,])(?:user=)?([^\s@,=:[\]]{1,128}|\[unknown\])@([^\s@,:[\]]{1,128}|\[unknown\])(?=$|[\s,:[])/;
const NAMED = /(?:^|[\s,[(])(user|db|database|app|client|host|remote)=([^\s,\])]{1,255})/g;
const CLIENT =
  /(?:^:?|\s|remote=)((?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{2,44}|[A-Za-z][\w-]{0,62}(?:\.[\w-]{1,63}){1,8})\((\d{1,5})\)/;
const CSV = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [A-Z+][\w:+-]{1,8},(?:"|,)/;

const AUTH =
  /^(?:password|GSSAPI|SSPI|ident|Peer|peer|LDAP|PAM|RADIUS|certificate|Kerberos(?: 5)?|BSD|MD5|SCRAM-SHA-256) authentication failed for user "([^"]{1,256})"/i;
const NO_ENTRY =
  /^no pg_hba\.conf entry for (?:replication connection from )?host "([^"]{1,64})", user "([^"]{1,256})"(?:, database "([^"]{1,256})")?/;
const REJECTED =
  /^pg_hba\.conf rejects (?:replication )?connection for host "([^"]{1,64})", user "([^"]{1,256})"(?:, database "([^"]{1,256})")?/;
const MISSING = /^(role|database) "([^"]{1,256})" does not exist$/;
const RECEIVED = /^connection received: host=(\S{1,255})(?: port=(\d{1,5}))?/;
const AUTHENTICATED = /^connection authenticated: identity="([^"]{1,256})" method=(\S{1,32})/;
const AUTHORIZED =
  /^(?:replication )?connection authorized: user=(\S{1,256})(?: database=(\S{1,256}))?(?: application_name=(.{1,128}?))?(?: SSL enabled \(protocol=([^,]{1,16}), cipher=([^,)]{1,64}).{0,128}\))?$/;
const ENDED =
  /^disconnection: session time: (\d{1,6}):(\d\d):(\d\d(?:\.\d{1,6})?) user=(\S{1,256}) database=(\S{1,256}) host=(\S{1,255})(?: port=(\d{1,5}))?/;
const TIMED =
  /^duration: (\d{1,12}(?:\.\d{1,6})?) ms(?: {1,2}(?:statement|execute [^:]{1,128}|parse [^:]{1,128}|bind [^:]{1,128}): (.{1,16384}))?$/s;
const STATEMENT = /^(?:statement|execute [^:]{1,128}): (.{1,16384})$/s;
const AUDIT = /^AUDIT: (?=(?:SESSION|OBJECT),\d{1,12},\d{1,12},)/;
const DENIED = /^(?:permission denied for |must be (?:owner|superuser|member) )/;

/** What a record says beside its message, whatever its form. */
interface Known {
  readonly ms?: number;
  readonly pid?: string;
  readonly user?: string;
  readonly database?: string;
  readonly host?: string;
  readonly port?: string;
  readonly application?: string;
  readonly code?: string;
}

function setClient(draft: Draft, host: string | undefined, port?: string): void {
  const source = host === undefined || host === '[local]' ? undefined : endpoint(host, port);
  if (source) draft.source = source;
}

function login(draft: Draft, outcome: 'success' | 'failure'): void {
  classify(draft, ['authentication', 'database'], ['info'], 'login', outcome);
}

function readRefusal(draft: Draft, text: string): boolean {
  const failed = AUTH.exec(text);
  if (failed) {
    draft.user = { name: failed[1] as string };
    login(draft, 'failure');
    return true;
  }
  const refused = NO_ENTRY.exec(text) ?? REJECTED.exec(text);
  if (refused) {
    setClient(draft, refused[1]);
    draft.user = { name: refused[2] as string };
    put(draft, 'postgresql.log.database', refused[3]);
    classify(draft, ['authentication', 'database'], ['denied'], 'login', 'failure');
    return true;
  }
  const missing = MISSING.exec(text);
  if (!missing) return false;
  if (missing[1] === 'role') draft.user = { name: missing[2] as string };
  else put(draft, 'postgresql.log.database', missing[2]);
  login(draft, 'failure');
  return true;
}

function readConnection(draft: Draft, text: string): boolean {
  const received = RECEIVED.exec(text);
  if (received) {
    setClient(draft, received[1], received[2]);
    classify(draft, ['database', 'network'], ['connection', 'start'], 'connection-received');
    return true;
  }
  const authenticated = AUTHENTICATED.exec(text);
  if (authenticated) {
    draft.user = { name: authenticated[1] as string };
    put(draft, 'postgresql.log.method', authenticated[2]);
    login(draft, 'success');
    return true;
  }
  const authorized = AUTHORIZED.exec(text);
  if (authorized) {
    draft.user = { name: authorized[1] as string };
    put(draft, 'postgresql.log.database', authorized[2]);
    put(draft, 'postgresql.log.application_name', authorized[3]);
    put(draft, 'tls.version', /^TLSv(\d\.\d)$/.exec(authorized[4] ?? '')?.[1]);
    put(draft, 'tls.cipher', authorized[5]);
    login(draft, 'success');
    return true;
  }
  const ended = ENDED.exec(text);
  if (!ended) return false;
  const seconds = Number(ended[1]) * 3_600 + Number(ended[2]) * 60 + Number(ended[3]);
  put(draft, 'event.duration', Math.round(seconds * 1e9));
  draft.user = { name: ended[4] as string };
  put(draft, 'postgresql.log.database', ended[5]);
  setClient(draft, ended[6], ended[7]);
  classify(draft, ['database', 'session'], ['end'], 'disconnection');
  return true;
}

const CHANGES: readonly (readonly [RegExp, string])[] = [
  [/^CREATE /, 'creation'],
  [/^DROP /, 'deletion'],
];

/** What pgaudit writes: kind, statement and sub-statement, class, command, kind of object, its name, statement, parameters. */
function readAudit(draft: Draft, text: string): boolean {
  const head = AUDIT.exec(text);
  const values = head ? readCsv(text.slice(head[0].length), 9) : undefined;
  if (!values || values.length < 8) return false;
  const [kind, , , group = '', command = '', type, name, statement] = values;
  put(draft, 'postgresql.log.query', statement === '<previously logged>' ? undefined : statement);
  put(draft, 'postgresql.log.audit', { type: kind, class: group });
  put(draft, 'postgresql.log.audit.command', command);
  put(draft, 'postgresql.log.audit.object_type', type);
  put(draft, 'postgresql.log.audit.object_name', name);
  const made = CHANGES.find(([words]) => words.test(command))?.[1];
  const change = group === 'READ' ? 'access' : (made ?? (/^(?:WRITE|DDL|ROLE)$/.test(group) ? 'change' : 'info'));
  classify(
    draft,
    group === 'ROLE' ? ['database', 'iam'] : ['database'],
    [change],
    command.toLowerCase().replaceAll(' ', '-'),
  );
  return true;
}

function readStatement(draft: Draft, text: string): boolean {
  if (readAudit(draft, text)) return true;
  const timed = TIMED.exec(text);
  const statement = timed ? timed[2] : STATEMENT.exec(text)?.[1];
  if (!timed && statement === undefined) return false;
  if (timed) put(draft, 'event.duration', Math.round(Number(timed[1]) * 1e6));
  put(draft, 'postgresql.log.query', statement);
  classify(draft, ['database'], [statement === undefined ? 'info' : 'access'], 'statement');
  return true;
}

function classifyMessage(draft: Draft, text: string, level: string): void {
  const failed = level === 'ERROR' || level === 'FATAL' || level === 'PANIC';
  if ((failed && readRefusal(draft, text)) || readConnection(draft, text) || readStatement(draft, text)) return;
  if (failed && DENIED.test(text)) classify(draft, ['database'], ['denied'], 'statement', 'failure');
  else classify(draft, ['database'], [failed ? 'error' : 'info']);
}

function makeEvent(line: string, text: string, level: string, known: Known, context: ParseContext): EcsEvent {
  const draft = newDraft(line, text, 'postgresql.log', context, known.ms);
  setClient(draft, known.host, known.port);
  if (known.user !== undefined && known.user !== '[unknown]') draft.user = { name: known.user };
  if (known.database !== '[unknown]') put(draft, 'postgresql.log.database', known.database);
  if (known.application !== '[unknown]') put(draft, 'postgresql.log.application_name', known.application);
  if (known.pid !== undefined) put(draft, 'process.pid', Number(known.pid));
  put(draft, 'event.code', known.code === '00000' ? undefined : known.code);
  put(draft, 'log.level', level.toLowerCase());
  const { source, user } = draft;
  classifyMessage(draft, text, level);
  // What the message says of the other side is less than what the prefix said.
  if (source && draft.source?.port === undefined && source.ip === draft.source?.ip) draft.source = source;
  if (draft.user === undefined && user !== undefined) draft.user = user;
  return finish(draft);
}

/** What `log_line_prefix` wrote: the program's own default, and the forms that administrators set most. */
function readPrefix(prefix: string, zone: string): Known {
  const stamp = STAMP.exec(prefix);
  const short = stamp?.[2] ?? '';
  const offset = /^[+-]/.test(short) ? short : '';
  const ms = stamp ? isoTimeAt(`${stamp[1]}${offset}`, 0, sureZone(short, zone))?.ms : undefined;
  const rest = stamp ? prefix.slice(stamp[0].length - 1) : prefix;
  const who = WHO.exec(rest);
  const client = CLIENT.exec(rest);
  const named = new Map([...rest.matchAll(NAMED)].map((found) => [found[1] as string, found[2] as string]));
  const user = named.get('user') ?? who?.[1];
  const database = named.get('db') ?? named.get('database') ?? who?.[2];
  const host = named.get('client') ?? named.get('host') ?? named.get('remote')?.replace(/\(\d+$/, '') ?? client?.[1];
  const pid = PID.exec(rest)?.[1];
  const application = named.get('app');
  return {
    ...(ms !== undefined && { ms }),
    ...(pid !== undefined && { pid }),
    ...(user !== undefined && { user }),
    ...(database !== undefined && { database }),
    ...(host !== undefined && { host }),
    ...(client?.[2] !== undefined && { port: client[2] }),
    ...(application !== undefined && { application }),
  };
}

/** Reads a line of the log, or a message behind a syslog header, where the level stands in words. */
export function readPostgresqlMessage(message: string, context: ParseContext): EcsEvent | undefined {
  const level = message.length > MAX_POSTGRESQL ? null : LEVEL.exec(message.slice(0, 1_024));
  if (!level) return undefined;
  const text = message.slice(level.index + level[0].length);
  const known = readPrefix(message.slice(0, level.index + 1), context.timeZone);
  return makeEvent(message, text, level[1] as string, known, context);
}

/** The columns of `csvlog`, in their order since version 8.3. */
function readCsvLine(line: string, context: ParseContext): EcsEvent | undefined {
  const values = CSV.test(line) && line.length <= MAX_POSTGRESQL ? readCsv(line, 32) : undefined;
  if (!values || values.length < 23) return undefined;
  const [time = '', user = '', database = '', pid = '', from = ''] = values;
  const client = /^(.{1,255}?)(?::(\d{1,5}))?$/.exec(from);
  const { ms } = readPrefix(`${time} `, context.timeZone);
  const known: Known = {
    ...(ms !== undefined && { ms }),
    ...(/^\d{1,10}$/.test(pid) && { pid }),
    ...(user !== '' && { user }),
    ...(database !== '' && { database }),
    ...(client?.[1] !== undefined && { host: client[1] }),
    ...(client?.[2] !== undefined && { port: client[2] }),
    ...(values[12] !== undefined && { code: values[12] }),
    ...(values[22] !== undefined && values[22] !== '' && { application: values[22] }),
  };
  return makeEvent(line, values[13] ?? '', values[11] ?? 'LOG', known, context);
}

/** `jsonlog`, version 15 and later. */
function readJsonLine(line: string, context: ParseContext): EcsEvent | undefined {
  const record = line.startsWith('{') && line.includes('"error_severity"') ? parseObject(line) : undefined;
  if (!isObject(record)) return undefined;
  const text = (key: string) => (typeof record[key] === 'string' ? (record[key] as string) : undefined);
  const level = text('error_severity');
  if (level === undefined || !LEVEL.test(`${level}: `)) return undefined;
  const { ms } = readPrefix(`${text('timestamp') ?? ''} `, context.timeZone);
  const [user, database, host, application, code] = [
    'user',
    'dbname',
    'remote_host',
    'application_name',
    'state_code',
  ].map(text);
  const known: Known = {
    ...(ms !== undefined && { ms }),
    ...(Number.isSafeInteger(record['pid']) && { pid: String(record['pid']) }),
    ...(user !== undefined && { user }),
    ...(database !== undefined && { database }),
    ...(host !== undefined && { host }),
    ...(Number.isSafeInteger(record['remote_port']) && { port: String(record['remote_port']) }),
    ...(application !== undefined && { application }),
    ...(code !== undefined && { code }),
  };
  return makeEvent(line, text('message') ?? '', level, known, context);
}

/** PostgreSQL's log: `stderr` with the usual prefixes, `csvlog`, `jsonlog`; by syslog through its program's name. */
export const postgresql: Parser = {
  name: 'postgresql',
  detects: (line) =>
    (STAMP.test(line) && LEVEL.test(line.slice(0, 512))) ||
    CSV.test(line) ||
    (line.startsWith('{') && line.includes('"error_severity"') && line.includes('"backend_type"')),
  parse: (line, context) =>
    readCsvLine(line, context) ?? readJsonLine(line, context) ?? readPostgresqlMessage(line, context),
};
