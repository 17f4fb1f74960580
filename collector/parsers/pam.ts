import { parseAccountMessage } from './accounts.ts';
import type { Draft } from './draft.ts';
import { classify, MAX_MESSAGE, setSource } from './draft.ts';
import { parseLogindMessage, parseLoginMessage, parseSuMessage } from './sessions.ts';

const MODULE = /^(pam_[a-z0-9_]+)\(([^():\s]{0,64})(?::([a-z]+))?(?:\[[^\]\s]*\])?\): +(.*)$/s;
const DETAILS =
  /^(?:(authentication (?:failure|success))|PAM \d+ more authentication failures?|\d+ more authentication failures?);(.*)$/s;
const OPENED = 'session opened for user ';
const ACCOUNT = /^(.*?)(?:\(uid=(\d+)\))?$/s;
const CLOSED = /^session closed for user (.*)$/s;
const CHANGED = /^password changed for (.*)$/s;
const NO_USER = /^user "(.*)" does not exist in \/etc\/passwd$/s;
const LOCKED = /^Consecutive login failures for user (.*) account temporarily locked$/s;
const TALLY = /^user (.*) \((\d+)\) tally \d+, deny \d+$/s;
const ACCESS = /^access denied for user [`'](.*)' from [`']([^'\s]*)'/s;
const CHECK_FAILED = /^password check failed for user \((.*)\)$/s;
const EXPIRED = /^(?:account (\S+) has expired|expired password for user (\S+)|password for user (\S+) will expire)/;
const REFUSED =
  /^(?:Refused user (.*) for service \S+|requirement ".*" not met by user "(.*)"|received for user (.*): \d+ \(.*\))$/s;
/** What modules of second factors, terminals and directories say of a login that did not work. */
const UNPROVEN =
  /^(?:Invalid verification code for (\S{1,256})|auth could not identify password for \[(.{0,256})\]|access denied: tty '.{0,64}' is not secure !|request wbcLogonUser failed: .{0,200}PAM_AUTH_ERR.{0,300})$/s;
const GRANTED = /^(?:user '(.*)' granted access|user (.*) authenticated as \S+)$/s;

type Outcome = 'success' | 'failure';

function failed(draft: Draft, user: string | undefined, action?: string): true {
  if (user) draft.user = { name: user };
  classify(draft, ['authentication'], ['info'], action, 'failure');
  return true;
}

/** The value after `name=` up to the next blank; `user=` comes last and may hold blanks. */
function detail(text: string, name: string): string {
  const at = text.indexOf(` ${name}=`);
  if (at < 0) return '';
  const start = at + name.length + 2;
  if (name === 'user') return text.slice(start).trim();
  const end = text.indexOf(' ', start);
  return text.slice(start, end < 0 ? undefined : end);
}

/** Reads `…; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=root`. */
function readDetails(text: string, draft: Draft): boolean {
  const found = DETAILS.exec(text);
  if (!found) return false;
  const details = found[2] as string;
  const outcome: Outcome = found[1] === 'authentication success' ? 'success' : 'failure';
  const user = detail(details, 'user');
  if (user) draft.user = { name: user };
  const host = detail(details, 'rhost');
  if (host) setSource(draft, host);
  const pam = { tty: detail(details, 'tty'), ruser: detail(details, 'ruser') };
  const kept = Object.fromEntries(Object.entries(pam).filter(([, value]) => value !== ''));
  if (Object.keys(kept).length > 0) draft['system'] = { auth: { pam: kept } };
  classify(draft, ['authentication'], ['info'], `authentication_${outcome}`, outcome);
  return true;
}

/** Reads session openings; who opened it is `user`, as whom is `user.effective`; a name alone is `user`. */
function readSession(text: string, draft: Draft): boolean {
  const by = text.startsWith(OPENED) ? text.lastIndexOf(' by ') : -1;
  if (by > 0) {
    const [, target = '', targetId] = ACCOUNT.exec(text.slice(OPENED.length, by)) ?? [];
    const [, opener = '', openerId] = ACCOUNT.exec(text.slice(by + 4)) ?? [];
    // What getlogin(3) says on a terminal on which nobody has logged in yet.
    if (opener === '' || opener === 'LOGIN') {
      draft.user = { name: target, ...(targetId && { id: targetId }) };
    } else {
      // A set-uid program reports its own uid 0 beside the name of the person who started it: not that person's id.
      const id = openerId === '0' && opener !== 'root' ? undefined : openerId;
      draft.user = {
        name: opener,
        ...(id && { id }),
        effective: { name: target, ...(targetId && { id: targetId }) },
      };
    }
    classify(draft, ['session'], ['start'], 'logged-on', 'success');
    return true;
  }
  const closed = CLOSED.exec(text);
  if (!closed) return false;
  if (closed[1]) draft.user = { name: closed[1] };
  classify(draft, ['session'], ['end'], 'logged-off');
  return true;
}

function readPassword(text: string, draft: Draft): boolean {
  const changed = CHANGED.exec(text);
  const name = changed?.[1] ?? NO_USER.exec(text)?.[1];
  if (name === undefined) return false;
  draft.user = { name, target: { name } };
  classify(draft, ['iam'], ['user', 'change'], 'password-changed', changed ? 'success' : 'failure');
  return true;
}

function readRest(text: string, draft: Draft): boolean {
  if (text === 'check pass; user unknown') return failed(draft, undefined);
  const locked = LOCKED.exec(text);
  if (locked) return failed(draft, locked[1], 'account-locked');
  const tally = TALLY.exec(text);
  if (tally) {
    failed(draft, undefined, 'account-locked');
    draft.user = { name: tally[1] as string, id: tally[2] as string };
    return true;
  }
  const access = ACCESS.exec(text);
  if (access) {
    if (access[2]) setSource(draft, access[2]);
    return failed(draft, access[1], 'authentication_failure');
  }
  const check = CHECK_FAILED.exec(text);
  if (check) return failed(draft, check[1], 'authentication_failure');
  const refused = REFUSED.exec(text);
  if (refused) return failed(draft, refused[1] ?? refused[2] ?? refused[3]);
  const unproven = UNPROVEN.exec(text);
  if (unproven) return failed(draft, unproven[1] ?? unproven[2], 'authentication_failure');
  const expired = EXPIRED.exec(text);
  if (expired?.[1] !== undefined) return failed(draft, expired[1]);
  if (expired) {
    draft.user = { name: (expired[2] ?? expired[3]) as string };
    classify(draft, ['authentication'], ['info']);
    return true;
  }
  const granted = GRANTED.exec(text);
  if (!granted) return false;
  draft.user = { name: (granted[1] ?? granted[2]) as string };
  classify(draft, ['authentication'], ['info'], 'authentication_success', 'success');
  return true;
}

function readText(text: string, draft: Draft): boolean {
  return readDetails(text, draft) || readSession(text, draft) || readPassword(text, draft) || readRest(text, draft);
}

/** Reads what a PAM module says inside any program; also the old form, with the module in the program's tag. */
export function parsePam(message: string, draft: Draft): boolean {
  if (message.length > MAX_MESSAGE) return false;
  const found = MODULE.exec(message);
  if (!found) return readText(message, draft);
  if (readText(found[4] as string, draft)) return true;
  if (found[3] === 'auth') classify(draft, ['authentication'], ['info']);
  else if (found[3] === 'session') classify(draft, ['session'], ['info']);
  return true;
}

/** Says whether a message was written by a PAM module. */
export function isPam(message: string): boolean {
  return message.startsWith('pam_') && MODULE.test(message);
}

/** Reads a message of a PAM module, su, login, the account tools or systemd-logind. */
export function parsePamMessage(message: string, draft: Draft): boolean {
  return (
    parsePam(message, draft) ||
    parseSuMessage(message, draft) ||
    parseLoginMessage(message, draft) ||
    parseAccountMessage(message, draft) ||
    parseLogindMessage(message, draft)
  );
}
