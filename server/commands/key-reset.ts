import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { findLostSecrets, giveUpLostSecrets, type LostSecrets } from '../accounts/lost-secrets.ts';
import { secretKeysPath } from '../accounts/secret-box.ts';
import { openAuditLog } from '../audit/audit-log.ts';
import { refuseHalfRestored } from '../backup/restored.ts';
import type { ServerConfig } from '../config.ts';
import { FolderInUseError, lockFolder } from '../control/lock.ts';
import { createLog } from '../log.ts';
import { openStore } from '../store/open.ts';
import { count, plain } from './terminal.ts';

/**
 * `haidang key reset --lost`: on a server that does not run, as one without its key does not start. Gives 1 where secrets would be lost
 * and nobody said `--yes`. @throws Error where a server works in the folder
 */
export async function resetLostKey(config: ServerConfig, yes: boolean): Promise<number> {
  const { data } = config;
  if (!existsSync(data)) throw new Error(`There is no data folder ${data}; set HAIDANG_DATA, or give --config FILE.`);
  const unlock = locked(data);
  try {
    refuseHalfRestored(data);
    const log = createLog('error');
    const { events, records } = await openStore(config, log);
    try {
      const lost = await findLostSecrets({ records, data });
      if (lost.keys.length === 0) {
        console.log(
          'Nothing is lost: all secrets in the store open with the keys of this folder. Nothing was changed.',
        );
        return 0;
      }
      console.log(described(lost, data));
      if (!yes) {
        console.log(ADVICE);
        return 1;
      }
      const node = config.openSearchUrl === undefined ? undefined : config.openSearch.node;
      const audit = await openAuditLog({ data, records, node, log });
      try {
        await giveUpLostSecrets({ records, data, audit, actor: `local:${userInfo().uid}` });
      } finally {
        await audit.close();
      }
      console.log('\nDone; the new key is in use from the next start on.');
      if (config.openSearchUrl !== undefined)
        console.log(
          'Copy authority/secrets.key to the data folder of every other server of this store before they start.',
        );
      return 0;
    } finally {
      await events.close();
      await records.close();
    }
  } finally {
    unlock();
  }
}

const ADVICE = `
Nothing was changed. Look first for authority/secrets.key in every backup and on every other server of this store: with it nothing is
lost. If there is none, say: haidang key reset --lost --yes`;

function locked(data: string): () => void {
  try {
    return lockFolder(data);
  } catch (cause) {
    if (!(cause instanceof FolderInUseError)) throw cause;
    throw new Error('A server works in this folder; stop it first: one that runs may still hold the key.', { cause });
  }
}

function described({ keys, users, begun, settings }: LostSecrets, data: string): string {
  const lines = [
    `Sealed under ${keys.length === 1 ? 'key' : 'keys'} ${keys.join(', ')}, not in ${secretKeysPath(data)}, and given up for good:`,
  ];
  if (users.length + begun.length + settings.length === 0)
    lines.push('  nothing but the mark that tells which key is in use');
  if (users.length > 0) {
    lines.push(
      `  ${count(users.length, 'second factor')}: the application's codes are refused, sessions end, and a new one has to be set up at the next sign-in`,
    );
    for (const { name, recoveryCodes } of users)
      lines.push(
        recoveryCodes > 0
          ? `    ${plain(name)}: signs in with one of ${count(recoveryCodes, 'recovery code')}`
          : `    ${plain(name)}: has no recovery code; once the server runs: haidang user reset-second-factor ${plain(name)}`,
      );
  }
  if (begun.length > 0)
    lines.push(
      `  ${count(begun.length, 'second factor')} that ${begun.length === 1 ? 'was' : 'were'} being set up, and must be begun again`,
    );
  for (const setting of settings) lines.push(`  ${SETTINGS[setting] ?? `the setting ${plain(setting)}`}`);
  return lines.join('\n');
}

const SETTINGS: Readonly<Record<string, string>> = {
  'sharing-keys':
    'the keys of sharing: new ones are made at the next start, recipients must be told the new fingerprint, pseudonyms are others from\n    then on, and what was approved and has not left must be approved again',
};
