import type { Tlp } from '../incidents/record.ts';

/**
 * `requested`: waits for somebody's decision; `approved`: leaves, or is about to; `dead`: given up, a person decides;
 * `superseded`: a later version took its place.
 */
export type SharedState = 'requested' | 'approved' | 'delivered' | 'dead' | 'refused' | 'withdrawn' | 'superseded';

/**
 * Who let it leave. `alone`: one person, as nobody answered before the term; `preauthorised`: by its class; `one-person`: whoever
 * asked, where the operator wants no second one (`accounts.two_persons.approval`).
 */
export interface Decision {
  readonly by: string;
  readonly at: string;
  readonly how: 'second-person' | 'preauthorised' | 'alone' | 'one-person';
  readonly reason: string;
}

/** What was let out by one person is looked at again by another one. */
export interface Review {
  /** ISO 8601. */
  readonly due: string;
  readonly by: string | null;
  readonly at: string | null;
  readonly note: string;
}

/** How far a channel got with one version; what is in it is the channel's own, but for `again`: sent once more after it was given up. */
export type Progress = Readonly<Record<string, unknown>>;

/** One frozen state of an incident for one recipient. */
export interface SharedVersion {
  /** Counted from 1. */
  readonly number: number;
  readonly state: SharedState;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly note: string;
  /** The incident's revision that it shows. */
  readonly revision: number;
  readonly tlp: Tlp;
  /** Without free text and rules: what may leave before a person read it. */
  readonly minimal: boolean;
  readonly objects: number;
  readonly bytes: number;
  /** Of the frozen bytes, lower-case hexadecimal; the bytes are a record of their own. */
  readonly sha256: string;
  /** Detached JWS over them (RFC 7515, RFC 7797), once decided. */
  readonly signature: string | null;
  readonly decision: Decision | null;
  /** Why it does not leave: refused, withdrawn. */
  readonly refusal: { readonly by: string; readonly at: string; readonly reason: string } | null;
  readonly review: Review | null;
  /** Attempts since it was approved, or sent again. */
  readonly attempts: number;
  /** When the attempts began; giving up counts from here. */
  readonly since: string | null;
  readonly problem: string | null;
  readonly progress: Progress | null;
  readonly delivered: { readonly at: string; readonly accepted: number; readonly refused: number } | null;
  /** What the recipient gave for what was carried by hand: a number, a stamp. */
  readonly handReceipt: { readonly text: string; readonly by: string; readonly at: string } | null;
}

/** A line for the audit trail that is owed until it is there. */
export interface OwedLine {
  readonly id: string;
  readonly by: string;
  readonly act: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** One incident for one recipient: its versions, oldest first, which leave in this order. The record's id is `<incident>:<recipient>`. */
export interface SharingRecord {
  readonly incident: string;
  readonly recipient: string;
  readonly versions: readonly SharedVersion[];
  /** 1 where a version waits to be sent. */
  readonly due: 0 | 1;
  /** When the next attempt is, ISO 8601; null where nothing is due. */
  readonly dueAt: string | null;
  /** The term of the law that runs, ISO 8601: what is near it goes first. */
  readonly deadline: string | null;
  /** 1 where somebody must decide. */
  readonly asked: 0 | 1;
  /** 1 where a version was given up and a person must look. */
  readonly dead: 0 | 1;
  /** 1 where a review is open. */
  readonly review: 0 | 1;
  readonly updatedAt: string;
  readonly waiting: 0 | 1;
  readonly pending: readonly OwedLine[];
}

/** The frozen bytes of a version; never changed. The record's id is `<incident>:<recipient>:<sha256>`. */
export interface SharingBodyRecord {
  readonly body: string;
}

/** How one object fared. `written`: to a file, for somebody to carry. */
export interface ObjectReceipt {
  readonly id: string;
  readonly version: string;
  readonly outcome: 'accepted' | 'refused' | 'written';
  readonly message?: string;
}

/** The receipts of a version; the record's id is `<incident>:<recipient>:<number>`. */
export interface SharingReceiptRecord {
  readonly at: string;
  /** What the recipient calls its answers: ids of status resources, a file's name. */
  readonly references: readonly string[];
  readonly objects: readonly ObjectReceipt[];
}

/** Versions of one incident for one recipient. */
export const MOST_VERSIONS = 300;

/** Id of the record of an incident and a recipient. */
export function sharingId(incident: string, recipient: string): string {
  return `${incident}:${recipient}`;
}

/** The record with what follows from its versions. */
export function settle(record: SharingRecord): SharingRecord {
  const { versions } = record;
  const due = versions.some(({ state }) => state === 'approved');
  return {
    ...record,
    due: due ? 1 : 0,
    dueAt: due ? record.dueAt : null,
    asked: versions.some(({ state }) => state === 'requested') ? 1 : 0,
    dead: versions.some(({ state }) => state === 'dead') ? 1 : 0,
    review: versions.some(({ review }) => review !== null && review.at === null) ? 1 : 0,
    waiting: record.pending.length > 0 ? 1 : 0,
  };
}
