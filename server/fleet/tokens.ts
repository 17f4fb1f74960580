import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { formatToken } from '../../ecs/enrolment.ts';
import { HaidangError } from '../errors.ts';
import { type AgencyId, SYSTEM } from '../identity.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import type { EnrolmentTokenRecord } from './record.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Longest time for which a token may be valid, in hours: 30 days. */
export const MOST_HOURS = 720;

/** For whom a token is to be. */
export interface TokenOrder {
  readonly agency: AgencyId;
  /** Further agencies whose logs the machine keeps. */
  readonly agencies: readonly AgencyId[];
  readonly hours: number;
  readonly by: string;
}

/** A token just made: the only moment at which its secret is known here. */
export interface MadeToken {
  readonly id: string;
  readonly token: string;
  readonly record: EnrolmentTokenRecord;
}

/** Makes a one-time token; the store keeps the hash of its secret alone. */
export async function makeToken(
  records: RecordStore,
  authority: string,
  { agency, agencies, hours, by }: TokenOrder,
  now: number,
): Promise<MadeToken> {
  const id = Array.from({ length: 10 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  const secret = randomBytes(24).toString('base64url');
  const record: EnrolmentTokenRecord = {
    agency,
    agencies: [...new Set([agency, ...agencies])],
    secretHash: sha256(secret),
    createdAt: new Date(now).toISOString(),
    createdBy: by,
    expires: new Date(now + hours * 3_600_000).toISOString(),
    usedAt: null,
    usedBy: null,
    keyHash: null,
  };
  await records.as(SYSTEM).create('enrolment-token', id, record);
  return { id, token: formatToken({ id, secret, authority }), record };
}

/**
 * Finds the token of an enrolment and checks it. A token that was used is good again for the very key that used it, as
 * the answer may have been lost on the way.
 * @throws HaidangError `HD_TOKEN_UNKNOWN`, `HD_TOKEN_EXPIRED`, `HD_TOKEN_USED`
 */
export async function checkToken(
  records: RecordStore,
  { id, secret }: { readonly id: string; readonly secret: string },
  keyHash: string,
  now: number,
): Promise<Versioned<EnrolmentTokenRecord>> {
  const found = await records.as(SYSTEM).get('enrolment-token', id);
  // The hash is compared for an unknown token too, so that both take the same time.
  const expected = found?.document.secretHash ?? sha256('no token');
  const isRight = timingSafeEqual(Buffer.from(sha256(secret)), Buffer.from(expected));
  if (!found || !isRight) {
    throw new HaidangError('HD_TOKEN_UNKNOWN', 'This server never gave out that enrolment token, or withdrew it.');
  }
  const { expires, usedAt, usedBy } = found.document;
  if (usedAt !== null && found.document.keyHash !== keyHash) {
    throw new HaidangError('HD_TOKEN_USED', `The enrolment token was used on ${usedAt} by ${usedBy}.`);
  }
  if (Date.parse(expires) <= now) {
    throw new HaidangError('HD_TOKEN_EXPIRED', `The enrolment token was valid until ${expires}.`);
  }
  return found;
}

/** SHA-256 of a text, lower-case hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
