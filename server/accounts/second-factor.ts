import { HaidangError } from '../errors.ts';
import { type Identity, type Role, SYSTEM } from '../identity.ts';
import type { UserRecord } from '../store/record-kinds.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import type { Audit } from './audit.ts';
import type { NewSecondFactor, RecoveryCodes } from './schema.ts';
import type { SecretBox } from './secret-box.ts';
import type { SecretKeys } from './secret-keys.ts';
import { tokenHash } from './sessions.ts';
import { matchTotp, newRecoveryCodes, newTotpSecret, totpUri } from './totp.ts';

/** Who must have a second factor, and how many days after the first sign-in without one. */
export interface SecondFactorPolicy {
  readonly requiredRoles: readonly Role[];
  readonly graceDays: number;
}

/** Codes of an authenticator application beside the password. */
export interface SecondFactors {
  /** A new secret, in force once a code of it was shown. The one in force stays until then. */
  begin(name: string): Promise<NewSecondFactor>;
  /** @throws HaidangError `HD_WRONG_CODE`, `HD_BAD_REQUEST` where none was begun */
  confirm(name: string, code: string): Promise<RecoveryCodes>;
  /** Uses a code up. @throws HaidangError `HD_CODE_NEEDED`, `HD_WRONG_CODE`, `HD_FACTOR_LOST` */
  check(account: UserRecord, code: string | undefined): Promise<'app' | 'recovery' | 'none'>;
  /** Takes it away from somebody who lost telephone and recovery codes. @throws HaidangError `HD_NOT_FOUND` */
  reset(name: string, actor: Identity): Promise<void>;
  /** Notes at a sign-in when a second factor is due, where it is required and not there. */
  remind(name: string): Promise<void>;
}

const DAY_MS = 86_400_000;
const TRIES = 5;

/** Whether an account may do nothing but set up its second factor. */
export function isOverdue(user: UserRecord, { requiredRoles }: SecondFactorPolicy, now: number): boolean {
  // Who had one is not let in by less than that: it is set up anew, whatever the role.
  if (user.secondFactor?.lostAt !== undefined) return true;
  if (!requiredRoles.includes(user.role) || user.secondFactor) return false;
  return user.secondFactorDue !== undefined && now >= Date.parse(user.secondFactorDue);
}

/** Second factors in the record store; secrets are sealed under the keys of the data folder. */
export function openSecondFactors(options: {
  readonly records: RecordStore;
  readonly audit: Audit;
  readonly keys: Pick<SecretKeys, 'use'>;
  readonly policy: SecondFactorPolicy;
  readonly now: () => number;
}): SecondFactors {
  const { records, audit, keys, policy, now } = options;
  const view = records.as(SYSTEM);

  async function load(name: string): Promise<Versioned<UserRecord>> {
    const found = await view.get('user', name);
    if (!found) throw new HaidangError('HD_NOT_FOUND', `There is no user "${name}".`);
    return found;
  }

  /** Reads anew where somebody changed the account meanwhile: a code that they used up is seen as such. */
  async function change<T>(name: string, decide: (user: UserRecord) => { next: UserRecord; answer: T }): Promise<T> {
    for (let tries = 1; ; tries++) {
      const { document, version } = await load(name);
      const { next, answer } = decide(document);
      try {
        await view.replace('user', name, next, version);
        return answer;
      } catch (error) {
        if (!(error instanceof HaidangError && error.code === 'HD_RECORD_CONFLICT') || tries === TRIES) throw error;
      }
    }
  }

  return {
    async begin(name) {
      const secret = newTotpSecret();
      await keys.use((box) => {
        const sealed = box.seal(secret, name);
        return change(name, (user) => ({ next: { ...user, secondFactorBegun: sealed }, answer: undefined }));
      });
      return { secret, uri: totpUri(secret, name) };
    },

    async confirm(name, code) {
      const recoveryCodes = newRecoveryCodes();
      const confirmed = (box: SecretBox) =>
        change(name, ({ secondFactorBegun, secondFactorDue: _, ...user }) => {
          if (secondFactorBegun === undefined)
            throw new HaidangError('HD_BAD_REQUEST', 'No second factor was begun; ask for a secret first.');
          const step = matchTotp(box.open(secondFactorBegun, name), code, now(), 0);
          if (step === undefined) throw wrongCode();
          const since = new Date(now()).toISOString();
          const recovery = recoveryCodes.map(tokenHash);
          const secondFactor = { secret: secondFactorBegun, since, lastStep: step, recovery };
          return { next: { ...user, secondFactor }, answer: undefined };
        });
      await keys.use(confirmed);
      await audit.record({ actor: name, act: 'user.second-factor.set', target: name });
      return { recoveryCodes };
    },

    async check(account, code) {
      if (!account.secondFactor) return 'none';
      if (code === undefined)
        throw new HaidangError('HD_CODE_NEEDED', 'This account also takes the code of its authenticator application.');
      const recoveryHash = tokenHash(code.trim().toLowerCase());
      const checked = (box: SecretBox) =>
        change(account.name, (user) => {
          const { secondFactor } = user;
          if (!secondFactor) throw wrongCode();
          if (secondFactor.recovery.includes(recoveryHash)) {
            const recovery = secondFactor.recovery.filter((one) => one !== recoveryHash);
            return { next: { ...user, secondFactor: { ...secondFactor, recovery } }, answer: 'recovery' as const };
          }
          if (secondFactor.lostAt !== undefined)
            throw new HaidangError(
              'HD_FACTOR_LOST',
              'The second factor of this account was lost with the key of secrets.',
            );
          const secret = box.open(secondFactor.secret, account.name);
          const step = matchTotp(secret, code.replaceAll(' ', ''), now(), secondFactor.lastStep);
          if (step === undefined) throw wrongCode();
          // Under the newest key from now on, where it was not.
          const sealed = box.isOld(secondFactor.secret) ? box.seal(secret, account.name) : secondFactor.secret;
          const used = { ...secondFactor, secret: sealed, lastStep: step };
          return { next: { ...user, secondFactor: used }, answer: 'app' as const };
        });
      return keys.use(checked);
    },

    async reset(name, actor) {
      await change(name, ({ secondFactor: _, secondFactorBegun: __, secondFactorDue: ___, ...user }) => ({
        next: user,
        answer: undefined,
      }));
      await audit.record({ actor: actor.name, act: 'user.second-factor.reset', target: name });
    },

    async remind(name) {
      const { document } = await load(name);
      const { secondFactor, secondFactorDue, role } = document;
      if (secondFactor || secondFactorDue !== undefined || !policy.requiredRoles.includes(role)) return;
      const due = new Date(now() + policy.graceDays * DAY_MS).toISOString();
      await change(name, (user) => ({ next: { ...user, secondFactorDue: due }, answer: undefined }));
    },
  };
}

function wrongCode(): HaidangError {
  return new HaidangError('HD_WRONG_CODE', 'The code is wrong, or was used already.');
}
