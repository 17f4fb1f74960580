import type { Draft } from './draft.ts';
import { classify, MAX_MESSAGE } from './draft.ts';

type Fill = (found: RegExpExecArray, draft: Draft) => void;

function target(draft: Draft, name: string | undefined, id?: string): void {
  if (!name) return;
  const account = { name, ...(id && { id }) };
  draft.user = { ...account, target: { ...account } };
}

/** The actor is `user`, the account changed is `user.target`. */
function actorAndTarget(draft: Draft, actor: string | undefined, name: string | undefined): void {
  draft.user = { ...(actor && { name: actor }), ...(name && { target: { name } }) };
}

function group(draft: Draft, name: string | undefined, id?: string): void {
  if (name || id) draft.group = { ...(name && { name }), ...(id && { id }) };
}

/** What the account tools (shadow, and passwd, chpasswd, gpasswd, chage, chsh) say: words, ECS types, action, fields. */
const MESSAGES: readonly (readonly [RegExp, readonly string[], string, Fill, 'failure'?])[] = [
  [
    /^new user: name=(.*), UID=(\d+), GID=(\d+), home=(.*), shell=([^,]*)(?:, from=.*)?$/s,
    ['user', 'creation'],
    'user-created',
    (found, draft) => {
      target(draft, found[1], found[2]);
      group(draft, undefined, found[3]);
      draft['system'] = { auth: { useradd: { home: found[4] ?? '', shell: found[5] ?? '' } } };
    },
  ],
  [
    /^(?:new group: name=(.*), GID=(\d+)|group added to \S+: name=(.*?)(?:, GID=(\d+))?)$/s,
    ['group', 'creation'],
    'group-created',
    (found, draft) => group(draft, found[1] ?? found[3], found[2] ?? found[4]),
  ],
  [
    /^failed adding user [`'](.*)', (?:data deleted|exit code: \d+)$/s,
    ['user', 'creation'],
    'user-created',
    (found, draft) => target(draft, found[1]),
    'failure',
  ],
  [/^delete user [`'](.*)'$/s, ['user', 'deletion'], 'user-deleted', (found, draft) => target(draft, found[1])],
  [
    /^(?:removed (?:shadow )?group [`'](.*?)'(?: owned by [`'](.*)')?|(?:shadow )?group [`'](.*?)' removed(?: from \S+)?)$/s,
    ['group', 'deletion'],
    'group-deleted',
    (found, draft) => {
      group(draft, found[1] ?? found[3]);
      if (found[2]) draft.user = { target: { name: found[2] } };
    },
  ],
  [
    /^add [`'](.*)' to (?:shadow )?group [`'](.*)'$/s,
    ['user', 'change'],
    'group-member-added',
    (found, draft) => {
      target(draft, found[1]);
      group(draft, found[2]);
    },
  ],
  [
    /^delete [`'](.*)' from (?:shadow )?group [`'](.*)'$/s,
    ['user', 'change'],
    'group-member-removed',
    (found, draft) => {
      target(draft, found[1]);
      group(draft, found[2]);
    },
  ],
  [
    /^user (.*) added by (\S+) to group (\S+)$/s,
    ['user', 'change'],
    'group-member-added',
    (found, draft) => {
      actorAndTarget(draft, found[2], found[1]);
      group(draft, found[3]);
    },
  ],
  [
    /^user (.*) removed by (\S+) from group (\S+)$/s,
    ['user', 'change'],
    'group-member-removed',
    (found, draft) => {
      actorAndTarget(draft, found[2], found[1]);
      group(draft, found[3]);
    },
  ],
  [
    /^(?:change user [`'](.*)' password|changed password for [`']?(.*?)'?)$/s,
    ['user', 'change'],
    'password-changed',
    (found, draft) => target(draft, found[1] ?? found[2]),
  ],
  [
    /^password for [`'](.*)' changed by [`'](.*)'$/s,
    ['user', 'change'],
    'password-changed',
    (found, draft) => actorAndTarget(draft, found[2], found[1]),
  ],
  [/^lock user [`'](.*)' password$/s, ['user', 'change'], 'user-locked', (found, draft) => target(draft, found[1])],
  [/^unlock user [`'](.*)' password$/s, ['user', 'change'], 'user-unlocked', (found, draft) => target(draft, found[1])],
  [
    /^(?:change user (?:name )?[`'](.*?)' (?:\S.*)|changed password expiry for (.*)|changed user [`'](.*?)' .*)$/s,
    ['user', 'change'],
    'user-changed',
    (found, draft) => target(draft, found[1] ?? found[2] ?? found[3]),
  ],
  [
    /^group changed in \S+ \(group ([^\s/]+)\/\d+(?:,.*)?\)$/s,
    ['group', 'change'],
    'group-changed',
    (found, draft) => group(draft, found[1]),
  ],
];

const FIRST_WORDS = new Set([
  'new',
  'group',
  'failed',
  'delete',
  'removed',
  'shadow',
  'add',
  'user',
  'change',
  'changed',
  'password',
  'lock',
  'unlock',
]);

/** Reads one message of useradd, usermod, userdel, their group siblings, passwd, chpasswd, gpasswd, chage or chsh. */
export function parseAccountMessage(message: string, draft: Draft): boolean {
  const space = message.indexOf(' ');
  if (message.length > MAX_MESSAGE) return false;
  if (!FIRST_WORDS.has(message.slice(0, space))) return false;
  for (const [words, type, action, fill, outcome] of MESSAGES) {
    const found = words.exec(message);
    if (!found) continue;
    fill(found, draft);
    classify(draft, ['iam'], type, action, outcome ?? 'success');
    return true;
  }
  return false;
}
