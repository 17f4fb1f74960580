import type { Rule } from '../../rules/rule.ts';
import type { GroupingReads } from '../alerts/grouping.ts';
import type { StepResult } from '../store/match-log.ts';

/** What the thread that groups for all servers is started with. */
export interface GroupingInput {
  readonly rules: readonly Rule[];
  /** The store held no signals at the start. */
  readonly fresh: boolean;
}

/** One server's matches, and its place among those that share the store. */
export interface EntryToGroup {
  readonly body: Uint8Array;
  readonly place: number;
}

/** Main thread → thread that groups; one `group` at a time. */
export type ToGrouping =
  | {
      readonly kind: 'group';
      readonly call: number;
      readonly entries: readonly EntryToGroup[];
      readonly step: number;
      readonly now: string;
    }
  | { readonly kind: 'read'; readonly read: number; readonly rows: readonly unknown[] }
  | { readonly kind: 'read'; readonly read: number; readonly failed: string };

/** Thread that groups → main thread. */
export type FromGrouping =
  | { readonly kind: 'grouped'; readonly call: number; readonly alerts: StepResult }
  | { readonly kind: 'failed'; readonly call: number; readonly reason: string }
  | {
      readonly kind: 'ask';
      readonly read: number;
      readonly name: keyof GroupingReads;
      readonly args: readonly unknown[];
    };
