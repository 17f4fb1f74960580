import type { Draft } from './draft.ts';
import { classify, endpoint, MAX_MESSAGE, setSource } from './draft.ts';
import { parsePam } from './pam.ts';

// User names come from the network and may hold anything, even `root from 192.0.2.1 port 22`. So every pattern takes
// the name greedily and the address that stands furthest right, where sshd itself wrote it.
const LOGIN =
  /^(Accepted|Failed|Postponed|Partial) (\S+) for (?:(?:invalid|illegal) user )?(.*) from (\S+) port (\d{1,5})(?: ssh\d?)?(?:: (.*))?$/s;
const INVALID_USER = /^(?:Invalid|Illegal) user (.*) from (\S+?)(?: port (\d{1,5}))?$/s;
const TOO_MANY =
  /^maximum authentication attempts exceeded for (?:invalid user )?(.*) from (\S+) port (\d{1,5})(?: ssh\d?)?$/s;
const PAM_ERROR = /^PAM: (.{1,200}?) for (?:illegal user |invalid user )?(.*) from (\S+)$/s;
const NOT_ALLOWED = ' not allowed because ';
const TOO_MANY_CLOSED = /^Disconnecting: Too many authentication failures(?: for (?:invalid user )?(.*))?$/s;
const WRONG_HOST =
  /^Authentication tried for (.*) with correct (?:key|certificate) but not from a permitted host \(host=\S*, ip=([^\s),]+)/s;
const ROOT_REFUSED = /^ROOT LOGIN REFUSED FROM (\S+)(?: port (\d{1,5}))?$/;
const CLOSED =
  /^(?:Connection (?:closed|reset) by|Disconnected from|Disconnecting)(?: (?:(?:authenticating|invalid) )?user (.*))? (\S+) port (\d{1,5})$/s;
const CLOSED_SHORT = /^(?:Connection (?:closed|reset) by|Disconnected from|Received disconnect from) (\S+?)(?:: .*)?$/s;
const RECEIVED = /^Received disconnect from (\S+) port (\d{1,5}):/;
const CONNECTION = /^Connection from (\S+) port (\d{1,5})(?: on (\S+) port (\d{1,5}))?(?: rdomain "[^"]*")?$/;
const SESSION = /^(Starting session|Close session): (.{1,300}?) for (.*) from (\S+) port (\d{1,5}) id \d+$/s;
const CLOSE_SESSION = /^Close session: user (.*) from (\S+) port (\d{1,5}) id \d+$/s;
const SUBSYSTEM = /^subsystem request for (\S+) by user (.*)$/s;
const DROPPED = /^drop connection #\d+ from \[([^\]\s]+)\]:(\d{1,5}) on \[([^\]\s]+)\]:(\d{1,5}) (.*)$/s;
const LISTENING = /^Server listening on (\S+) port (\d{1,5})\.$/;
const USER_AUTH = /^input_userauth_request: (?:invalid|illegal) user (.*)$/s;
const BREAK_IN = /^reverse mapping checking getaddrinfo for (\S+) \[([^\]\s]+)\] failed/;
const SFTP = /^session (opened|closed) for local user (.*) from \[([^\]\s]+)\]$/s;
const DISPATCH =
  /^(?:ssh_dispatch_run_fatal: |banner exchange: )?Connection from (?:(?:authenticating|invalid) user (.*) )?(\S+) port (\d{1,5}): /s;

// Messages that only name the other side; the address is the first group, the port the second where there is one.
const PROBES: readonly RegExp[] = [
  /^Did not receive identification string from (\S+?)(?: port (\d{1,5}))?$/,
  /^Bad protocol version identification '.*' from (\S+)(?: port (\d{1,5}))?$/s,
  /^Unable to negotiate with (\S+?)(?: port (\d{1,5}))?: /,
  /^Timeout before authentication for (?:connection from )?(\S+?)(?: port (\d{1,5})| to |,|$)/,
  /^Protocol major versions differ for (\S+?)(?: port (\d{1,5}))?: /,
  /^Address (\S+) maps to \S+, but this does not map back/,
  /^Nasty PTR record "[^"]*" is set up for (\S+), ignoring$/,
  /^srclimit_penalise: \S+ \S+ (\S+)\/(?:32|128) /,
  /^refused connect from \S+ \(([^)\s]+)\)$/,
];

function account(draft: Draft, name: string | undefined): void {
  // Where collectors join blanks, an empty name leaves the words before it.
  if (name !== undefined && name !== '' && name !== 'invalid user' && name !== 'illegal user') draft.user = { name };
}

function failedLogin(draft: Draft, user: string | undefined, address: string | undefined, port?: string): true {
  account(draft, user);
  if (address !== undefined) setSource(draft, address, port);
  classify(draft, ['authentication'], ['info'], 'ssh_login', 'failure');
  return true;
}

/** Reads `User lan from 192.0.2.1 not allowed because …`; the last such words are sshd's own. */
function readRefusal(text: string, draft: Draft): boolean {
  const cut = text.lastIndexOf(NOT_ALLOWED);
  if (cut < 0) return false;
  draft.event['reason'] = text.slice(cut + NOT_ALLOWED.length);
  const who = text.slice('User '.length, cut);
  const from = /^(.*) from (\S+)$/s.exec(who);
  return failedLogin(draft, from ? from[1] : who, from?.[2]);
}

function readLogin(found: RegExpExecArray, draft: Draft): true {
  const [, verb = '', method = '', user, address = '', port, signature] = found;
  account(draft, user);
  setSource(draft, address, port);
  draft['system'] = { auth: { ssh: { event: verb, method, ...(signature && { signature }) } } };
  if (verb === 'Accepted') classify(draft, ['authentication', 'session'], ['info'], 'ssh_login', 'success');
  else if (verb === 'Failed') classify(draft, ['authentication'], ['info'], 'ssh_login', 'failure');
  else classify(draft, ['authentication'], ['info'], 'ssh_login', 'unknown');
  return true;
}

function ended(draft: Draft): true {
  classify(draft, ['session'], ['end'], 'ssh_disconnect');
  return true;
}

/** Cuts off the reason after `port N: `; the reason may repeat a user name, so the cut is at sshd's own words. */
function withoutReason(text: string): string {
  const change = text.indexOf(': Change of username or service not allowed: ');
  if (change > 0) return text.slice(0, change);
  const reason = /^(?:Disconnecting|Disconnected from).* port \d{1,5}(?=: [^:]*$)/s.exec(text);
  return reason ? reason[0] : text;
}

function readEnd(text: string, draft: Draft): boolean {
  const received = RECEIVED.exec(text);
  if (received) {
    setSource(draft, received[1] as string, received[2]);
    return ended(draft);
  }
  const closed = text.startsWith('Received') ? null : CLOSED.exec(withoutReason(text));
  if (closed) {
    account(draft, closed[1]);
    setSource(draft, closed[2] as string, closed[3]);
    return ended(draft);
  }
  const many = TOO_MANY_CLOSED.exec(text);
  if (many) {
    account(draft, many[1]);
    return ended(draft);
  }
  const short = CLOSED_SHORT.exec(text);
  if (!short) return false;
  setSource(draft, short[1] as string);
  return ended(draft);
}

function readConnection(text: string, draft: Draft): boolean {
  const found = CONNECTION.exec(text);
  if (!found) return readDispatch(text, draft);
  setSource(draft, found[1] as string, found[2]);
  const destination = found[3] === undefined ? undefined : endpoint(found[3], found[4]);
  if (destination) draft.destination = destination;
  classify(draft, ['session'], ['start'], 'ssh_connection');
  return true;
}

function readDispatch(text: string, draft: Draft): boolean {
  const found = DISPATCH.exec(text);
  if (!found) return readEnd(text, draft);
  account(draft, found[1]);
  setSource(draft, found[2] as string, found[3]);
  classify(draft, ['session'], ['info']);
  return true;
}

/** What sftp-server says of its own sessions. */
function readSftp(text: string, draft: Draft): boolean {
  const found = SFTP.exec(text);
  if (!found) return false;
  account(draft, found[2]);
  setSource(draft, found[3] as string);
  const isOpen = found[1] === 'opened';
  classify(draft, ['session'], [isOpen ? 'start' : 'end'], isOpen ? 'sftp_session_start' : 'sftp_session_end');
  return true;
}

function readSession(text: string, draft: Draft): boolean {
  const found = SESSION.exec(text);
  const [user, address, port] = found ? [found[3], found[4], found[5]] : (CLOSE_SESSION.exec(text)?.slice(1, 4) ?? []);
  if (address === undefined) return false;
  account(draft, user);
  setSource(draft, address, port);
  if (text.startsWith('S')) classify(draft, ['session'], ['start'], 'ssh_session_start');
  else classify(draft, ['session'], ['end'], 'ssh_session_end');
  return true;
}

function readOther(text: string, draft: Draft): boolean {
  for (const probe of PROBES) {
    const found = probe.exec(text);
    if (!found) continue;
    setSource(draft, found[1] as string, found[2]);
    classify(draft, ['session'], ['info']);
    return true;
  }
  const subsystem = SUBSYSTEM.exec(text);
  if (subsystem) {
    account(draft, subsystem[2]);
    classify(draft, ['session'], ['info'], 'ssh_subsystem');
    return true;
  }
  const dropped = DROPPED.exec(text);
  if (dropped) {
    setSource(draft, dropped[1] as string, dropped[2]);
    const destination = endpoint(dropped[3] as string, dropped[4]);
    if (destination) draft.destination = destination;
    classify(draft, ['network'], ['denied'], 'ssh_connection', 'failure');
    return true;
  }
  const listening = LISTENING.exec(text);
  if (listening) {
    classify(draft, ['process'], ['info'], 'ssh_listen');
    return true;
  }
  const asked = USER_AUTH.exec(text);
  if (asked) {
    account(draft, asked[1]);
    classify(draft, ['authentication'], ['info']);
    return true;
  }
  const forged = BREAK_IN.exec(text);
  if (!forged) return parsePam(text, draft);
  setSource(draft, forged[2] as string);
  classify(draft, ['session'], ['info']);
  return true;
}

/** Reads one message of sshd (OpenSSH 5 to 10, with its `sshd-session` and `sshd-auth`). */
export function parseOpensshMessage(message: string, draft: Draft): boolean {
  if (message.length > MAX_MESSAGE) return false;
  if (message.startsWith('pam_')) return parsePam(message, draft);
  let text = message.trimEnd();
  if (text.endsWith(' [preauth]')) text = text.slice(0, -10);
  if (text.startsWith('error: ') || text.startsWith('fatal: ')) text = text.slice(7);
  switch (text.slice(0, 4)) {
    case 'Acce':
    case 'Fail':
    case 'Post':
    case 'Part': {
      const login = LOGIN.exec(text);
      return login ? readLogin(login, draft) : false;
    }
    case 'Inva':
    case 'Ille': {
      const invalid = INVALID_USER.exec(text);
      return invalid ? failedLogin(draft, invalid[1], invalid[2], invalid[3]) : false;
    }
    case 'maxi': {
      const many = TOO_MANY.exec(text);
      return many ? failedLogin(draft, many[1], many[2], many[3]) : false;
    }
    case 'PAM:': {
      const failed = PAM_ERROR.exec(text);
      return failed ? failedLogin(draft, failed[2], failed[3]) : false;
    }
    case 'User':
      return readRefusal(text, draft);
    case 'ROOT': {
      const root = ROOT_REFUSED.exec(text);
      return root ? failedLogin(draft, 'root', root[1], root[2]) : false;
    }
    case 'Auth': {
      const elsewhere = WRONG_HOST.exec(text);
      return elsewhere ? failedLogin(draft, elsewhere[1], elsewhere[2]) : false;
    }
    case 'Conn':
      return readConnection(text, draft);
    case 'Disc':
    case 'Rece':
      return readEnd(text, draft);
    case 'ssh_':
    case 'bann':
      return readDispatch(text, draft);
    case 'sess':
      return readSftp(text, draft);
    case 'Star':
    case 'Clos':
      return readSession(text, draft);
    default:
      return readOther(text, draft);
  }
}
