import type { Draft } from './draft.ts';
import { classify, MAX_MESSAGE } from './draft.ts';

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
