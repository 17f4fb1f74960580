import type { Draft } from './draft.ts';
import { classify, MAX_MESSAGE, setSource } from './draft.ts';

const SU_FOR = /^(Successful|FAILED) su for (.*) by (.*)$/s;
const SU_TTY = /^([+-]) (\S+) (.*):([^:]*)$/s;
const SU_TO = /^(FAILED SU )?\(to ([^)]{0,256})\) (.*) on (\S+)$/s;
const SU_BSD = /^(BAD SU )?(\S+) to (\S+) on (\S+)$/;
/** The example of RFC 5424 §6.5, as some systems write it. */
const SU_QUOTED = /^'su (\S{1,256})' (failed|succeeded) for (\S{1,256}) (?:on|by) \S+$/;
const NEW_SESSION = /^New session '?([^'\s]+)'? of user '?([^'\s]*?)'?(?: with class .*)?\.$/;
const SESSION_OVER = /^(?:Session '?([^'\s]+)'? logged out\.|Removed session '?([^'\s]+?)'?\.)/;

function su(draft: Draft, from: string, to: string, success: boolean): true {
  if (from !== '') draft.user = { name: from };
  if (to !== '') draft.user = { ...draft.user, effective: { name: to } };
  classify(draft, ['authentication'], ['info'], 'su', success ? 'success' : 'failure');
  return true;
}

/** Reads one message of su, in the words of shadow, util-linux and BSD. */
export function parseSuMessage(message: string, draft: Draft): boolean {
  if (message.length > MAX_MESSAGE) return false;
  const by = SU_FOR.exec(message);
  if (by) return su(draft, by[3] as string, by[2] as string, by[1] === 'Successful');
  const tty = SU_TTY.exec(message);
  if (tty) return su(draft, tty[3] as string, tty[4] as string, tty[1] === '+');
  const to = SU_TO.exec(message);
  if (to) return su(draft, to[3] as string, to[2] as string, to[1] === undefined);
  const bsd = SU_BSD.exec(message);
  if (bsd) return su(draft, bsd[2] as string, bsd[3] as string, bsd[1] === undefined);
  const quoted = SU_QUOTED.exec(message);
  return quoted ? su(draft, quoted[3] as string, quoted[1] as string, quoted[2] === 'succeeded') : false;
}

const LOGIN_FAILED =
  /^(?:FAILED LOGIN|TOO MANY LOGIN TRIES|LOGIN FAILURE)(?: SESSION| \(\d{1,6}\)| \d{1,6})?(?: (?:FROM|on) '?([^\s']{1,255})'?)?(?: from '([^\s']{1,255})')? FOR (?:'([^']{0,256})'|([^\s,]{1,256}))(?:, (.{1,300}))?$/;
const LOGIN_DONE =
  /^(ROOT |DIALUP )?LOGIN {1,2}(?:ON|on|AT) '?([^\s']{1,64})'?(?: BY (\S{1,256}))?(?: (?:FROM|from) '?([^\s']{1,255})'?)?$/;
const LOGIN_PASSWORD =
  /^invalid password for (?:'([^']{0,256})'|UNKNOWN) {1,2}on '([^\s']{1,64})'(?: from '([^\s']{1,255})')?$/;
/** What stands where a host would: a terminal of this machine. */
const TERMINAL = /^(?:\/dev\/|tty|pts\/|hvc|console$|lxc\/|:\d)/;

function loginTried(draft: Draft, user: string | undefined, places: readonly (string | undefined)[]): void {
  // `UNKNOWN` stands for a name that may have been a password.
  if (user && user !== 'UNKNOWN' && user !== '(unknown)') draft.user = { name: user };
  for (const place of places) {
    if (place === undefined) continue;
    if (TERMINAL.test(place)) draft['system'] = { auth: { login: { tty: place.replace(/^\/dev\//, '') } } };
    else setSource(draft, place);
  }
}

/** Reads the messages of login, in the words of util-linux and shadow. */
export function parseLoginMessage(message: string, draft: Draft): boolean {
  if (message.length > MAX_MESSAGE) return false;
  const failed = LOGIN_FAILED.exec(message);
  const wrong = failed ? null : LOGIN_PASSWORD.exec(message);
  if (failed || wrong) {
    if (failed) loginTried(draft, failed[3] ?? failed[4], [failed[1], failed[2]]);
    else loginTried(draft, wrong?.[1], [wrong?.[2], wrong?.[3]]);
    if (failed?.[5] !== undefined) draft.event['reason'] = failed[5];
    classify(draft, ['authentication'], ['info'], 'authentication_failure', 'failure');
    return true;
  }
  const done = LOGIN_DONE.exec(message);
  if (!done) return false;
  loginTried(draft, done[3] ?? (done[1] === 'ROOT ' ? 'root' : undefined), [done[2], done[4]]);
  classify(draft, ['authentication', 'session'], ['start'], 'logged-on', 'success');
  return true;
}

/** Reads the session messages of systemd-logind. */
export function parseLogindMessage(message: string, draft: Draft): boolean {
  if (message.length > MAX_MESSAGE) return false;
  const opened = NEW_SESSION.exec(message);
  if (opened) {
    if (opened[2]) draft.user = { name: opened[2] };
    draft['system'] = { auth: { session: { id: opened[1] as string } } };
    classify(draft, ['session'], ['start'], 'logged-on', 'success');
    return true;
  }
  const over = SESSION_OVER.exec(message);
  if (!over) return false;
  draft['system'] = { auth: { session: { id: (over[1] ?? over[2]) as string } } };
  classify(draft, ['session'], ['end'], over[1] === undefined ? undefined : 'logged-off');
  return true;
}
