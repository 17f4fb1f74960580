import type { Draft } from './draft.ts';
import { classify, isAddress } from './draft.ts';
import { peerOf, takePeer } from './postfix-peer.ts';
import { readDelivery, readOrigin, readRejection } from './postfix-queue.ts';
import { countOf, put } from './put.ts';

// Header fields, addresses and the greeting come from the network; Postfix writes each where it stands in the message,
// so every pattern is anchored at the start, and the peer is always `name[address]`, the address Postfix's own.
const MAX_POSTFIX = 16_384;
const QUEUED = /^([0-9A-F]{5,20}|[0-9A-Za-z]{10,24}|NOQUEUE|\d{1,20}): /;
const TLS = /^(Anonymous|Untrusted|Trusted|Verified) TLS connection (established|reused) (from|to) /;
const CIPHER = /^: (TLS|SSL)v(\d(?:\.\d)?) with cipher ([A-Za-z0-9_-]{1,64})/;
const SASL_FAILED = /^: SASL ([A-Za-z0-9_-]{1,32}) authentication failed(?:: (.*))?$/s;
const AFTER =
  /^(lost connection|timeout|too many errors|improper command pipelining|NOOP|SSL_accept error) (?:after ([A-Z][A-Za-z -]{1,40}?) )?from /;
const STATISTICS =
  /^statistics: [a-z ]{3,40} \d+(?:\/\d+s)? for \(([a-z0-9.:[\]_-]{1,64}?):([0-9A-Fa-f.:]{2,45})\) at /;

function readConnect(text: string, draft: Draft): boolean {
  if (text.startsWith('connect from ')) {
    if (takePeer(draft, 'source', text.slice(13)) === undefined) return false;
    classify(draft, ['email', 'network'], ['connection', 'start'], 'connect');
    return true;
  }
  if (text.startsWith('connect to ')) {
    if (takePeer(draft, 'destination', text.slice(11)) === undefined) return false;
    const cut = text.indexOf(']');
    const reason = text.indexOf(': ', cut);
    if (reason > 0) put(draft, 'event.reason', text.slice(reason + 2));
    classify(draft, ['email', 'network'], ['connection', 'error'], 'connect', 'failure');
    return true;
  }
  const rest = text.startsWith('disconnect from ') ? takePeer(draft, 'source', text.slice(16)) : undefined;
  if (rest === undefined) return false;
  readCommands(rest, draft);
  classify(draft, ['email', 'network'], ['connection', 'end'], 'disconnect');
  return true;
}

/** Reads `ehlo=1 auth=0/1 quit=1 commands=2/3`: commands that were taken, of those given. */
function readCommands(text: string, draft: Draft): void {
  const commands: Record<string, string> = {};
  for (const word of text.split(' ', 24)) {
    const found = /^([a-z_]{2,16})=(\d{1,9}(?:\/\d{1,9})?)$/.exec(word);
    if (found) commands[found[1] as string] = found[2] as string;
  }
  if (Object.keys(commands).length > 0) put(draft, 'postfix.commands', commands);
}

function readTls(text: string, draft: Draft): boolean {
  const head = TLS.exec(text);
  if (!head) return false;
  const rest = takePeer(draft, head[3] === 'from' ? 'source' : 'destination', text.slice(head[0].length));
  if (rest === undefined) return false;
  const cipher = CIPHER.exec(rest);
  if (cipher) {
    put(draft, 'tls.version_protocol', cipher[1]?.toLowerCase());
    put(draft, 'tls.version', cipher[2]);
    put(draft, 'tls.cipher', cipher[3]);
  }
  put(draft, 'tls.established', true);
  classify(draft, ['email', 'network'], ['connection', 'info'], 'tls_established', 'success');
  return true;
}

function readWarning(text: string, draft: Draft): boolean {
  put(draft, 'log.level', 'warning');
  const peer = peerOf(text);
  if (peer) {
    draft.source = peer.end;
    const rest = text.slice(peer.length);
    const failed = SASL_FAILED.exec(rest);
    if (failed) return readLoginFailure(failed, draft);
    classify(draft, ['email'], ['info']);
    return true;
  }
  if (text.startsWith('SASL authentication failure: ')) {
    put(draft, 'event.reason', text.slice(29));
    classify(draft, ['email', 'authentication'], ['info'], 'authentication_failure', 'failure');
    return true;
  }
  const hostname = /^hostname (\S{1,255}) does not resolve to address ([0-9A-Fa-f.:]{2,45})(?:: (.{1,300}))?$/.exec(
    text,
  );
  if (hostname && isAddress(hostname[2] as string)) {
    draft.source = { ip: hostname[2] as string };
    put(draft, 'event.reason', hostname[3]);
  } else {
    const limit =
      /^(Connection (?:rate|concurrency) limit|Message \w+ rate limit|[A-Z][a-z ]{3,60} limit) exceeded: \d{1,9} from (?=\S)/.exec(
        text,
      );
    const other = limit ?? /^non-SMTP command from |^(?:Illegal address syntax|Client host) from /.exec(text);
    if (other) takePeer(draft, 'source', text.slice(other[0].length));
    if (limit) {
      put(draft, 'event.reason', `${limit[1]} exceeded`);
      classify(draft, ['email', 'network'], ['denied'], 'reject', 'failure');
      return true;
    }
  }
  classify(draft, ['email'], ['info']);
  return true;
}

function readLoginFailure(found: RegExpExecArray, draft: Draft): true {
  put(draft, 'postfix.sasl_method', found[1]);
  let reason = found[2] ?? '';
  const user = reason.lastIndexOf(', sasl_username=');
  const name = user >= 0 ? reason.slice(user + 16) : reason.startsWith('sasl_username=') ? reason.slice(14) : '';
  if (name !== '' && name !== '(unavailable)') draft.user = { name };
  if (user >= 0) reason = reason.slice(0, user);
  else if (reason.startsWith('sasl_username=')) reason = '';
  // What the server last asked for in base64 (`Password:`) is no reason, and stays in the message.
  if (/ /.test(reason)) put(draft, 'event.reason', reason);
  classify(draft, ['email', 'authentication'], ['info'], 'authentication_failure', 'failure');
  return true;
}

const SCREENS: readonly (readonly [RegExp, string, readonly string[]])[] = [
  [/^CONNECT from /, 'connect', ['connection', 'start']],
  [/^PASS (?:NEW|OLD) /, 'pass', ['allowed']],
  [/^(?:WHITELISTED|ALLOWLISTED) /, 'allowlisted', ['allowed']],
  [/^(?:BLACKLISTED|DENYLISTED) /, 'denylisted', ['denied']],
  [/^PREGREET \d{1,9} after [\d.]{1,12} from /, 'pregreet', ['info']],
  [/^DNSBL rank \d{1,6} for /, 'dnsbl', ['info']],
  [/^HANGUP after [\d.]{1,12} from /, 'hangup', ['connection', 'end']],
  [/^DISCONNECT /, 'disconnect', ['connection', 'end']],
  [
    /^(?:COMMAND|BARE NEWLINE|NON-SMTP COMMAND|COMMAND PIPELINING|COMMAND TIME LIMIT|COMMAND COUNT LIMIT|COMMAND LENGTH LIMIT)(?: from)? (?=\[)/,
    'protocol_violation',
    ['info'],
  ],
];

/** Messages of postscreen(8), which name the client as `[address]:port`. */
function readScreen(text: string, draft: Draft): boolean {
  for (const [pattern, action, type] of SCREENS) {
    const head = pattern.exec(text);
    if (!head) continue;
    const rest = takePeer(draft, 'source', text.slice(head[0].length));
    if (rest === undefined) return false;
    if (rest.startsWith(' to [')) takePeer(draft, 'destination', rest.slice(4));
    classify(draft, ['email', 'network'], type, action);
    return true;
  }
  return false;
}

function readStatistics(text: string, draft: Draft): boolean {
  const found = STATISTICS.exec(text);
  if (found && isAddress(found[2] as string)) draft.source = { ip: found[2] as string };
  classify(draft, ['email'], ['info'], 'statistics');
  return true;
}

function readAfter(text: string, draft: Draft): boolean {
  const head = AFTER.exec(text);
  if (!head) return false;
  if (takePeer(draft, 'source', text.slice(head[0].length)) === undefined) return false;
  put(draft, 'postfix.stage', head[2]);
  const action = (head[1] as string).toLowerCase().replaceAll(' ', '_');
  if (action === 'ssl_accept_error') classify(draft, ['email', 'network'], ['connection', 'error'], action, 'failure');
  else
    classify(
      draft,
      ['email', 'network'],
      action === 'improper_command_pipelining' ? ['info'] : ['connection', 'end'],
      action,
    );
  return true;
}

function readQueued(id: string, text: string, draft: Draft): boolean {
  if (id !== 'NOQUEUE') put(draft, 'email.local_id', id);
  if (text === 'removed') {
    classify(draft, ['email'], ['deletion'], 'removed');
    return true;
  }
  return (
    readRejection(text, draft) || readOrigin(text, draft) || readDelivery(text, draft) || readQueueNote(text, draft)
  );
}

function readQueueNote(text: string, draft: Draft): boolean {
  const notice = /^sender (non-delivery|delay|delivery status) notification: ([0-9A-Za-z]{5,24})$/.exec(text);
  if (notice) {
    put(draft, 'postfix.notification_id', notice[2]);
    classify(draft, ['email'], ['creation'], 'notification');
    return true;
  }
  const said =
    /^host (?=\S)/.exec(text) ?? /^lost connection with (?=\S)/.exec(text) ?? /^conversation with (?=\S)/.exec(text);
  const rest = said ? takePeer(draft, 'destination', text.slice(said[0].length)) : undefined;
  if (rest !== undefined) {
    const reply = /^ (?:said|refused to talk to me): (\d{3})(?:[ -](\d\.\d{1,3}\.\d{1,3}))? (.*)$/s.exec(rest);
    if (reply) {
      put(draft, 'postfix.reply_code', countOf(reply[1]));
      put(draft, 'postfix.dsn', reply[2]);
      put(draft, 'event.reason', reply[3]);
    } else {
      put(draft, 'event.reason', text);
    }
    classify(draft, ['email'], ['error'], undefined, 'failure');
    return true;
  }
  if (
    !/^(?:skipped|enabling|replace|prepend|filter|warning: header|Passed|table |converting )/.test(text) &&
    draft['email'] === undefined
  )
    return false;
  classify(draft, ['email'], ['info']);
  return true;
}

/** Reads one message of any Postfix daemon (2.3 to 3.10); which daemon wrote it shows in the message itself. */
export function parsePostfixMessage(message: string, draft: Draft): boolean {
  if (message.length > MAX_POSTFIX) return false;
  const text = message.trimEnd();
  const level = /^(warning|error|fatal|panic): /.exec(text);
  if (level?.[1] === 'warning') return readWarning(text.slice(9), draft);
  if (level) {
    put(draft, 'log.level', level[1]);
    classify(draft, ['email'], ['error']);
    return true;
  }
  const queued = QUEUED.exec(text);
  if (queued && !text.startsWith('statistics'))
    return readQueued(queued[1] as string, text.slice(queued[0].length), draft);
  if (text.startsWith('statistics: ')) return readStatistics(text, draft);
  if (readConnect(text, draft) || readTls(text, draft) || readAfter(text, draft) || readScreen(text, draft))
    return true;
  const listed = /^addr ([0-9A-Fa-f.:]{2,45}) (?:listed by domain \S+ as \S+|blocked by domain \S+)/.exec(text);
  if (listed && isAddress(listed[1] as string)) {
    draft.source = { ip: listed[1] as string };
    classify(draft, ['email', 'network'], ['info'], 'dnsbl');
    return true;
  }
  const setting = /^(?:setting up TLS connection|initializing the server-side TLS engine)(?: (from|to) )?/.exec(text);
  if (setting) {
    if (setting[1]) takePeer(draft, setting[1] === 'from' ? 'source' : 'destination', text.slice(setting[0].length));
    classify(draft, ['email', 'network'], ['info']);
    return true;
  }
  const daemon =
    /^(?:daemon started|reload|refreshing the Postfix|starting the Postfix|stopping the Postfix|terminating on signal)/.test(
      text,
    );
  if (daemon) classify(draft, ['process'], [text.startsWith('stop') || text.startsWith('term') ? 'end' : 'start']);
  return daemon;
}
