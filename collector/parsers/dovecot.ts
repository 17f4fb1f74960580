import type { Draft } from './draft.ts';
import { classify, endpoint, isAddress } from './draft.ts';
import { countOf, put } from './put.ts';

// User names and session ids come from the network, but Dovecot writes no comma or bracket of theirs unescaped into the
// fields behind them; so each field is looked for behind the closing bracket of the name.
const MAX_DOVECOT = 8_192;
const LEVEL = /^(Info|Warning|Error|Fatal|Panic|Debug): /;
const SERVICE =
  /^(imap|pop3|managesieve|submission|lmtp|lda|sieve|auth|auth-worker|indexer-worker|indexer|doveadm|config|master|log|anvil|stats|director|replicator|dsync-local|imap-login|pop3-login|managesieve-login|submission-login|imap-urlauth)(?:\(([^()]{0,320})\))?(?:\([^()]{0,320}\))?(?:<[^<>]{0,128}>){0,2}(?:\([^()]{0,160}\))?: /;
const FIELD =
  /, (user|method|rip|lip|rport|lport|mpid|session|TLS|secured|in|out)(?:=(<[^<>]{0,320}>|[^,\s]{1,320}))?(?=,|$)/g;
/** `Login aborted` begins like `Login`: all of the words before the fields count. */
const LOGGED_IN = /^(?:proxy\(.{0,320}\): )?(?:Login|Logged in|started proxying to \S{1,128})$/;
const CIPHER = /, (TLS|SSL)v(\d(?:\.\d)?) with cipher ([A-Za-z0-9_-]{1,64}) \(/;
const COUNTS =
  /(?:^|[ ,])(in|out|deleted|expunged|trashed|hdr_count|hdr_bytes|body_count|body_bytes|top|retr|del|size)=(\d{1,15}(?:\/\d{1,15})?)(?=[ ,]|$)/g;

interface Login {
  readonly text: string;
  readonly fields: Map<string, string>;
}

/** Cuts `Login: user=<lan>, method=PLAIN, rip=…` into the words before the fields and the fields. */
function readFields(message: string): Login {
  const start = message.indexOf('user=<');
  const at = start < 0 ? message.search(/(?:^|[:,] )(?:method|rip)=/) : start;
  if (at < 0) return { text: message, fields: new Map() };
  const fields = new Map<string, string>();
  for (const found of `, ${message.slice(at).replace(/^[:,] /, '')}`.matchAll(FIELD)) {
    const [, name = '', value = ''] = found;
    const bare = value.startsWith('<') ? value.slice(1, -1) : value;
    if (!fields.has(name)) fields.set(name, bare);
    if (fields.size > 24) break;
  }
  return { text: message.slice(0, at).replace(/[:,\s]+$/, ''), fields };
}

function setFields(draft: Draft, fields: ReadonlyMap<string, string>): void {
  const user = fields.get('user');
  if (user) draft.user = { name: user };
  const source = endpoint(fields.get('rip') ?? '', fields.get('rport'));
  if (source) draft.source = source;
  const destination = endpoint(fields.get('lip') ?? '', fields.get('lport'));
  if (destination) draft.destination = destination;
  put(draft, 'dovecot.method', fields.get('method'));
  put(draft, 'dovecot.session', fields.get('session'));
  if (fields.has('TLS'))
    put(
      draft,
      'tls.established',
      fields.get('TLS') !== 'handshaking' && !/^(?:no|none)$/i.test(fields.get('TLS') ?? ''),
    );
}

function loginFailed(draft: Draft, reason: string | undefined): true {
  put(draft, 'event.reason', reason);
  classify(draft, ['email', 'authentication'], ['info'], 'authentication_failure', 'failure');
  return true;
}

const PROTOCOLS: Readonly<Record<string, string>> = {
  'imap-login': 'imap',
  'pop3-login': 'pop3',
  'managesieve-login': 'managesieve',
  'submission-login': 'smtp',
  imap: 'imap',
  pop3: 'pop3',
  lmtp: 'lmtp',
};

/** The texts in brackets that stand behind a blank, brackets within them and all: `(auth failed, 1 attempts (PLAIN))`. */
function groupsOf(text: string): string[] {
  const groups: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length && groups.length < 8; at++) {
    if (text[at] === '(') {
      // What a function is called with, `SSL_accept()`, says nothing of the end.
      if (depth === 0 && text[at - 1] !== ' ') continue;
      if (depth++ === 0) start = at + 1;
    } else if (text[at] === ')' && depth > 0 && --depth === 0 && at > start) {
      groups.push(text.slice(start, at));
    }
  }
  return groups;
}

/** Messages of the login processes: one a connection, with what became of it. */
function readLogin(message: string, draft: Draft): boolean {
  const { text, fields } = readFields(message);
  setFields(draft, fields);
  const cipher = CIPHER.exec(message);
  if (cipher) {
    put(draft, 'tls.version_protocol', cipher[1]?.toLowerCase());
    put(draft, 'tls.version', cipher[2]);
    put(draft, 'tls.cipher', cipher[3]);
  }
  if (LOGGED_IN.test(text) && fields.get('user')) {
    classify(draft, ['email', 'authentication', 'session'], ['start'], 'authentication_success', 'success');
    return true;
  }
  const groups = groupsOf(text);
  const failed = groups.find((group) =>
    /^auth failed, \d{1,9} attempts|authentication failed|unknown user|password mismatch/.test(group),
  );
  if (failed !== undefined) {
    put(draft, 'dovecot.attempts', countOf(/(\d{1,9}) attempts/.exec(failed)?.[1]));
    return loginFailed(draft, failed);
  }
  const ended =
    /^(?:Disconnected|Aborted login|Login aborted|Maximum number of connections|Connection closed|proxy)/.test(text);
  if (!ended) {
    if (fields.size === 0) return false;
    classify(draft, ['email', 'session'], ['info']);
    return true;
  }
  const reason = groups[0] ?? /: (.{1,300})$/.exec(text)?.[1];
  put(draft, 'event.reason', reason);
  if (/disallowed|tried to use/.test(reason ?? '')) return loginFailed(draft, reason);
  classify(draft, ['email', 'session'], ['end'], 'disconnect');
  return true;
}

/** `passwd-file(lan@example.gov.vn,192.0.2.5,<session>): Password mismatch`, `pam(lan,192.0.2.5): unknown user`. */
function readAuth(message: string, draft: Draft): boolean {
  const found =
    /^(?:auth(?:-worker)?: ?)?(?:conn unix:\S{1,128}(?: \(.{0,128}?\))?: auth-worker<\d{1,10}>: )?(?:Info: )?([a-z][a-z0-9_-]{1,31})\(([^()]{0,400})\): (.{1,500})$/s.exec(
      message,
    );
  if (!found) return false;
  const [user = '', address = '', session] = (found[2] as string).split(',');
  if (user !== '' && user !== '?') draft.user = { name: user };
  const source = endpoint(address);
  if (source) draft.source = source;
  put(draft, 'dovecot.session', session?.replace(/^<|>$/g, ''));
  const reason = found[3] as string;
  if (
    /password mismatch|unknown user|authentication failure|login failed|pam_authenticate\(\) failed|invalid credentials|auth(?:entication)? failed|user (?:is )?disabled|account/i.test(
      reason,
    )
  ) {
    return loginFailed(draft, reason);
  }
  classify(draft, ['authentication'], ['info']);
  return true;
}

/** `msgid=<a@b>: saved mail to INBOX`, as lda, lmtp and Sieve write it. */
function readDelivery(message: string, draft: Draft): boolean {
  const found = /(?:^|: )msgid=(?:<([^<>]{1,998})>|([^\s:]{1,998}))?(?: \([^()]{0,128}\))?: (.{1,1000})$/s.exec(
    message,
  );
  if (!found) return false;
  put(draft, 'email.message_id', found[1] ?? (found[2] === 'unspecified' ? undefined : found[2]));
  const what = found[3] as string;
  const stored = /(?:saved|stored) mail (?:in)?to(?: mailbox)? '?([^']{1,255}?)'?$/.exec(what);
  if (stored) {
    put(draft, 'dovecot.mailbox', stored[1]);
    classify(draft, ['email'], ['creation'], 'saved', 'success');
    return true;
  }
  const forwarded = /^forwarded to <([^<>]{1,320})>/.exec(what);
  if (forwarded) {
    put(draft, 'email.to.address', [forwarded[1]]);
    classify(draft, ['email'], ['info'], 'forwarded', 'success');
    return true;
  }
  const failed = /^(?:save failed|failed to store|rejected|refused|discarded)/.exec(what);
  if (failed) put(draft, 'event.reason', what);
  classify(
    draft,
    ['email'],
    ['info'],
    failed?.[0].startsWith('discard') ? 'discarded' : failed ? 'failed' : undefined,
    failed && !failed[0].startsWith('discard') ? 'failure' : undefined,
  );
  return true;
}

/** `Disconnected: Logged out in=30 out=900`, `Connection closed (…) in=… out=…`: the end of a session, in bytes of the client. */
function readEnd(message: string, draft: Draft): boolean {
  if (!/^(?:Disconnected|Connection closed|Logged out|Disconnect)/.test(message)) return false;
  const sums: Record<string, number> = {};
  for (const found of message.matchAll(COUNTS)) {
    const value = countOf(found[2]);
    if (value !== undefined && Object.keys(sums).length < 16) sums[found[1] as string] = value;
  }
  const bytes = /(?:^|[ ,])bytes=(\d{1,15})\/(\d{1,15})/.exec(message);
  const sent = sums['in'] ?? countOf(bytes?.[1]);
  const received = sums['out'] ?? countOf(bytes?.[2]);
  put(draft, 'source.bytes', sent);
  put(draft, 'destination.bytes', received);
  delete sums['in'];
  delete sums['out'];
  if (Object.keys(sums).length > 0) put(draft, 'dovecot.counts', sums);
  const reason =
    /^(?:Disconnected(?::| for)|Connection closed:?|Disconnect:)? ?(.{0,300}?)(?= (?:in|bytes|top|rcvd)=|$)/.exec(
      message,
    )?.[1];
  put(draft, 'event.reason', reason?.replace(/^\((.*)\)$/s, '$1').trim());
  classify(draft, ['email', 'session'], ['end'], 'disconnect');
  return true;
}

function readOther(message: string, draft: Draft, level: string | undefined): boolean {
  const connect = /^(Connect|Disconnect) from ([0-9A-Fa-f.:]{2,45}|local)\b/.exec(message);
  if (connect) {
    const source = endpoint(connect[2] === 'local' ? '' : (connect[2] as string));
    if (source) draft.source = source;
    classify(
      draft,
      ['email', 'network'],
      ['connection', connect[1] === 'Connect' ? 'start' : 'end'],
      connect[1] === 'Connect' ? 'connect' : 'disconnect',
    );
    return true;
  }
  classify(draft, ['email'], [level === 'error' || level === 'fatal' || level === 'panic' ? 'error' : 'info']);
  return true;
}

/** Reads one message of Dovecot (2.0 to 2.4), through syslog or from its own log file. */
export function parseDovecotMessage(message: string, draft: Draft): boolean {
  if (message.length > MAX_DOVECOT) return false;
  // Its own files have the service where syslog has the program.
  const program = draft.process?.name;
  let text = message.trimEnd();
  if (program !== undefined && program !== 'dovecot' && SERVICE.test(`${program}: `)) text = `${program}: ${text}`;
  const before = LEVEL.exec(text);
  if (before) text = text.slice(before[0].length);
  const service = SERVICE.exec(text);
  if (!service && program !== 'dovecot')
    return readDelivery(text, draft) ||
      /^(?:Login|Disconnected|Aborted login|Login aborted): |^(?:Disconnected|Aborted login|Login aborted) \(/.test(
        text,
      )
      ? draft.event.category !== undefined || readLogin(text, draft)
      : false;
  if (service) text = text.slice(service[0].length);
  const after = LEVEL.exec(text);
  if (after) text = text.slice(after[0].length);
  const level = (before ?? after)?.[1]?.toLowerCase();
  put(draft, 'log.level', level);
  if (!service) return readOther(text, draft, level);
  return readService(service[1] as string, service[2], text, draft, level);
}

function readService(
  name: string,
  user: string | undefined,
  text: string,
  draft: Draft,
  level: string | undefined,
): boolean {
  put(draft, 'service.name', name);
  if (Object.hasOwn(PROTOCOLS, name)) put(draft, 'network.protocol', PROTOCOLS[name]);
  const first = user === undefined || user === '' || /^\d+$/.test(user) ? undefined : user.split(',', 2)[0];
  // doveadm's server has its client there.
  const known = first !== undefined && isAddress(first) ? undefined : first;
  if (known) draft.user = { name: known };
  if (name.endsWith('-login')) return readLogin(text, draft) || readOther(text, draft, level);
  if (name.startsWith('auth')) return readAuth(text, draft) || readOther(text, draft, level);
  return readDelivery(text, draft) || readEnd(text, draft) || readOther(text, draft, level);
}
