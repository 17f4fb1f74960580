import type { Rule } from '../../rules/rule.ts';
import type { GroupingReads } from '../alerts/grouping.ts';
import type { SharedIndicators } from '../indicators/watch.ts';
import type { StoredBatch } from '../store/event-store.ts';
import type { DetectionCommit } from '../store/record-store.ts';
import type { PackedMatches } from './match-entry.ts';
import type { WatchReport } from './rule-watch.ts';
import type { SelfTestResult } from './self-test.ts';

/** What the detection thread is started with. */
export interface DetectionInput {
  /** The first of them. */
  readonly rules: readonly Rule[];
  /** How many more come by message, before anything else is asked. */
  readonly more: number;
  readonly indicators?: SharedIndicators | undefined;
  /** The store held no signals at the start. */
  readonly fresh: boolean;
  /** Another thread groups, perhaps of another server: matches are packed for it. */
  readonly handsOn?: boolean;
}

/** What evaluation says of one batch; its matches stay in the thread until they are grouped. */
export type BatchResult = { readonly cells: number; readonly matches: number } | { readonly failed: string };

/** Signals and alerts of one stretch, to be written with its cursor. */
export type StretchAlerts = Omit<DetectionCommit, 'cursor'> & {
  /** Matches for the server that groups for all, where there is one; signals and alerts are empty then. */
  readonly entries?: readonly PackedMatches[];
};

/** Main thread → detection thread; one `evaluate` or `group` at a time. */
export type ToDetection =
  | { readonly kind: 'rules'; readonly rules: readonly Rule[] }
  /** Matches of batches of the same stretch are gathered; another stretch begins anew. */
  | {
      readonly kind: 'evaluate';
      readonly call: number;
      readonly stretch: number;
      readonly batches: readonly StoredBatch[];
      /** Only the alerts of these rules, for what they have not seen yet; without it, of all. */
      readonly only?: readonly string[];
    }
  | { readonly kind: 'group'; readonly call: number; readonly now: string }
  /** Runs rules' own samples through what evaluates stored events; nothing of it reaches alerts. */
  | { readonly kind: 'self-test'; readonly call: number; readonly rules: readonly string[] }
  /** Asks what was seen since the last asking. */
  | { readonly kind: 'watch'; readonly call: number }
  | { readonly kind: 'read'; readonly read: number; readonly rows: readonly unknown[] }
  | { readonly kind: 'read'; readonly read: number; readonly failed: string };

/** Detection thread → main thread. */
export type FromDetection =
  /** The rules are compiled. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'evaluated'; readonly call: number; readonly results: readonly BatchResult[] }
  | { readonly kind: 'grouped'; readonly call: number; readonly alerts: StretchAlerts }
  | { readonly kind: 'tested'; readonly call: number; readonly results: readonly SelfTestResult[] }
  | { readonly kind: 'watched'; readonly call: number; readonly report: WatchReport }
  | { readonly kind: 'failed'; readonly call: number; readonly reason: string }
  /** The thread has no store of its own: it asks the main thread to read. */
  | {
      readonly kind: 'ask';
      readonly read: number;
      readonly name: keyof GroupingReads;
      readonly args: readonly unknown[];
    };
