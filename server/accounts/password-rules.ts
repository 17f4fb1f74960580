import { HaidangError } from '../errors.ts';
import { isBreached } from './breached-file.ts';
import { isGuessable, isOwnName } from './guessable.ts';

/** Judges a new password, with what else is known of its account. */
export interface PasswordRules {
  /**
   * @throws HaidangError `HD_PASSWORD_GUESSABLE`, `HD_PASSWORD_NAME`, `HD_PASSWORD_BREACHED`; `HD_INTERNAL` where the list of breached
   * passwords cannot be read: then none is accepted.
   */
  judge(password: string, names: readonly string[]): Promise<void>;
}

/** The rules: nothing easily guessed, nothing of the account's own names, nothing of the list of breached passwords where there is one. */
export function passwordRules(breachedFile: string | undefined): PasswordRules {
  return {
    async judge(password, names) {
      if (isOwnName(password, names))
        throw new HaidangError('HD_PASSWORD_NAME', 'The password is little else than the name of its account.');
      if (isGuessable(password))
        throw new HaidangError(
          'HD_PASSWORD_GUESSABLE',
          'The password is made of common words, a run of keys or a repetition: programs that guess try it among the first.',
        );
      if (breachedFile === undefined) return;
      const found = await isBreached(breachedFile, password).catch((cause: unknown) => {
        throw new HaidangError(
          'HD_INTERNAL',
          'The list of breached passwords could not be searched; see the server log.',
          {
            cause,
          },
        );
      });
      if (found)
        throw new HaidangError(
          'HD_PASSWORD_BREACHED',
          'The password is in the list of passwords that were stolen elsewhere.',
        );
    },
  };
}
