import { HaidangError } from '../errors.ts';

/** Which acts take two persons, as the operator decided. */
export interface DutyPolicy {
  /** What leaves the house is approved by another person than the one who prepared it. */
  readonly approval: boolean;
  /** A rule is put in force by another person than the one who wrote its text. */
  readonly rules: boolean;
}

/** What holds where nothing else is configured. */
export const DUTY_POLICY: DutyPolicy = { approval: true, rules: false };

/**
 * Nobody approves what they made themselves; names are those of `Identity`, which no payload can choose.
 * @throws HaidangError `HD_ANOTHER_PERSON`
 */
export function mustBeAnother(actor: string, maker: string, what = 'This'): void {
  if (actor !== maker) return;
  throw new HaidangError(
    'HD_ANOTHER_PERSON',
    `${what} was made by ${maker}, and takes the approval of another person.`,
  );
}
