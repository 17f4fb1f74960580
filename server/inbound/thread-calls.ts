import type { Tlp } from '../incidents/record.ts';
import type { OutboundPolicy } from '../system/outbound.ts';
import type { ReadMessage } from './read-object.ts';
import type { InboundSource } from './settings.ts';

/** What the thread is started with. */
export interface InboundSetup {
  /** The data folder. */
  readonly data: string;
}

/**
 * Why a source was not read, for people: `unreachable` (no answer), `address` (not known, or not
 * allowed by `outbound`), `certificate`, `denied` (sign-in or rights), `missing` (no such
 * collection), `busy` (asked to wait, or out of order), `answer` (not understood), `file` (of ours, cannot be read), `other`.
 */
export const PROBLEM_KINDS = [
  'unreachable',
  'address',
  'certificate',
  'denied',
  'missing',
  'busy',
  'answer',
  'file',
  'other',
] as const;
export type ProblemKind = (typeof PROBLEM_KINDS)[number];
/** What is no failure and must be known: `full` (it gave as much as is kept of one), `skipped` (some was not read). */
export const WARNING_KINDS = ['full', 'skipped'] as const;
export type WarningKind = (typeof WARNING_KINDS)[number];

export interface PollCall {
  readonly source: InboundSource;
  readonly policy: OutboundPolicy;
  /** Unix second: what has ended by then is in no list. */
  readonly now: number;
}

/** How a poll ended. What was read stays read, also where it broke off. */
export interface PollAnswer {
  readonly pages: number;
  /** Objects that were new, or in a new version. */
  readonly fresh: number;
  /** Whether there is more to read at once. */
  readonly more: boolean;
  /** Why it broke off, and how long the server asked to wait, milliseconds. */
  readonly problem: string | null;
  readonly problemKind?: ProblemKind;
  readonly afterMs: number;
  /** Something that is no failure and must be known. */
  readonly warning: string | null;
  readonly warningKind?: WarningKind | null;
}

/** A message that is not on its incident yet. */
export interface WaitingMessage {
  readonly source: string;
  readonly object: string;
  readonly version: number;
  readonly versionText: string;
  readonly tlp: Tlp;
  readonly isRevoked: boolean;
  readonly message: ReadMessage;
}

/** A list of indicators of one source and one mark as it should be now. */
export interface ListState {
  readonly tlp: Tlp;
  /** Hash of what is in it; empty where nothing is. */
  readonly digest: string;
  readonly count: number;
  /** A CSV file, where it is another than was imported last and not empty. */
  readonly path: string | null;
  readonly isNew: boolean;
}
