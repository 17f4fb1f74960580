import type { AgencyId } from '../identity.ts';

/** A one-time token for one collector; its id is the token's. */
export interface EnrolmentTokenRecord {
  readonly agency: AgencyId;
  readonly agencies: readonly AgencyId[];
  /** SHA-256 of the secret. */
  readonly secretHash: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expires: string;
  readonly usedAt: string | null;
  /** The collector. */
  readonly usedBy: string | null;
  /** SHA-256 of the public key that used it: that one may ask again. */
  readonly keyHash: string | null;
}

/** When the sources of a collector usually speak; its id is the collector's. */
export interface SourceRhythmRecord {
  readonly agency: AgencyId;
  readonly sources: Readonly<Record<string, SourceRhythm>>;
}

/** Of 48 slots (hours of a working day, then of a day at the weekend): how often it was looked at, and spoke. */
export interface SourceRhythm {
  readonly seen: readonly number[];
  readonly active: readonly number[];
  /** The last hour that was counted, in hours since 1970. */
  readonly hour: number;
}
