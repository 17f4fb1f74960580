import { SYSTEM } from '../identity.ts';
import type { UserRecord } from '../store/record-kinds.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { Audit } from './audit.ts';
import { isSealed, keyOf, openSecretBox, type SecretBox, secretKeyIds } from './secret-box.ts';
import { changeSecretCheck, SECRET_CHECK } from './secret-keys.ts';

/** What lies sealed in the store under keys that a data folder does not hold: nobody can read it any more. */
export interface LostSecrets {
  /** Their ids, as the sealed texts name them. */
  readonly keys: readonly string[];
  /** Accounts whose second factor is among it, with the recovery codes that they still have; those need no key. */
  readonly users: readonly { readonly name: string; readonly recoveryCodes: number }[];
  /** Accounts that had begun to set one up and must begin again. */
  readonly begun: readonly string[];
  /** Ids of settings with such secrets: `sharing-keys`. */
  readonly settings: readonly string[];
}

interface Place {
  readonly records: RecordStore;
  readonly data: string;
}

const TRIES = 10;

/** Looks through all that is sealed; changes nothing, and makes no key. @throws Error where the file of keys is damaged */
export async function findLostSecrets({ records, data }: Place): Promise<LostSecrets> {
  const held = await secretKeyIds(data);
  const box = held.length > 0 ? await openSecretBox(data) : undefined;
  const view = records.as(SYSTEM);
  const keys = new Set<string>();
  const users: { name: string; recoveryCodes: number }[] = [];
  const begun: string[] = [];
  const settings: string[] = [];
  const isLost = (value: unknown, owner: string): boolean => {
    const lost = sealedTexts(value).filter((text) => !opens(box, text, owner));
    for (const text of lost) keys.add(keyOf(text));
    return lost.length > 0;
  };
  for await (const { id, document } of all(view, 'user')) {
    if (isLost(document.secondFactorBegun, id)) begun.push(id);
    if (isLost(document.secondFactor, id))
      users.push({ name: id, recoveryCodes: document.secondFactor?.recovery.length ?? 0 });
  }
  // The check holds nothing that anybody could miss.
  for await (const { id, document } of all(view, 'setting'))
    if (isLost(document, id) && id !== SECRET_CHECK) settings.push(id);
  return { keys: [...keys].sort(), users, begun, settings };
}

/**
 * Gives up what `findLostSecrets` found, and begins a new key. Second factors stay asked for: the application's codes are refused, a
 * recovery code opens, and nothing else is allowed before a new factor is set up; open sessions of these accounts end. Keys of sharing
 * are made anew at the next start. The act is on record before anything is changed; killed in between, the next call goes on.
 */
export async function giveUpLostSecrets(
  place: Place & { readonly audit: Audit; readonly actor: string; readonly now?: () => number },
): Promise<LostSecrets> {
  const { records, data, audit, actor, now = Date.now } = place;
  const lost = await findLostSecrets(place);
  if (lost.keys.length === 0) return lost;
  const { keys, users, begun, settings } = lost;
  const names = users.map(({ name }) => name);
  await audit.record({ actor, act: 'key.reset', target: 'secrets', detail: { keys, users: names, settings } });
  const box = await openSecretBox(data);
  const view = records.as(SYSTEM);
  const lostAt = new Date(now()).toISOString();
  for (const name of begun) await giveUpFactor(records, name, box, lostAt);
  for (const name of names) {
    await giveUpFactor(records, name, box, lostAt);
    const sessions: string[] = [];
    for await (const { id } of all(view, 'session', { user: [name] })) sessions.push(id);
    for (const id of sessions) await view.remove('session', id);
    await audit.record({ actor, act: 'user.second-factor.lost', target: name });
  }
  for (const id of settings) await view.remove('setting', id);
  // Last: until then a server does not start, and this is run again.
  await changeSecretCheck(view, box);
  return lost;
}

async function giveUpFactor(records: RecordStore, name: string, box: SecretBox, lostAt: string): Promise<void> {
  const view = records.as(SYSTEM);
  for (let tries = 1; ; tries++) {
    const found = await view.get('user', name);
    if (!found) return;
    const { secondFactor, secondFactorBegun, ...user } = found.document;
    const keeps = (sealed: string | undefined) => sealed !== undefined && opens(box, sealed, name);
    const next: UserRecord = {
      ...user,
      ...(secondFactor && {
        secondFactor: keeps(secondFactor.secret) ? secondFactor : { ...secondFactor, secret: '', lostAt },
      }),
      ...(keeps(secondFactorBegun) && secondFactorBegun !== undefined ? { secondFactorBegun } : {}),
    };
    try {
      await view.replace('user', name, next, found.version);
      return;
    } catch (error) {
      if (tries === TRIES) throw error;
    }
  }
}

async function* all<K extends 'user' | 'setting' | 'session'>(
  view: ReturnType<RecordStore['as']>,
  kind: K,
  where?: Readonly<Record<string, readonly string[]>>,
) {
  let after: string | undefined;
  do {
    const page = await view.find(kind, {
      limit: 200,
      ...(where ? { where } : {}),
      ...(after === undefined ? {} : { after }),
    });
    yield* page.records;
    after = page.next ?? undefined;
  } while (after !== undefined);
}

function sealedTexts(value: unknown): string[] {
  if (typeof value === 'string') return isSealed(value) ? [value] : [];
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap(sealedTexts);
}

function opens(box: SecretBox | undefined, sealed: string, owner: string): boolean {
  try {
    box?.open(sealed, owner);
    return box !== undefined;
  } catch {
    return false;
  }
}
