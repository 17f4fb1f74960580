import type { AlertUpdate, Signal } from './record-store.ts';

/** Matches of one stretch of what one server stored, as its evaluation gave them. */
export interface MatchEntry {
  readonly node: string;
  /** 1 and rising, without a hole, by node. */
  readonly number: number;
  /** All that the node stored up to here is in this entry or in one before it. */
  readonly lastSequence: number;
  /** `detection/match-entry.ts` writes and reads it. */
  readonly body: Uint8Array;
}

/** How far the entries of one node went into alerts. */
export interface GroupedUpTo {
  readonly number: number;
  readonly lastSequence: number;
}

/** A turn of grouping: which entries, in which order. */
export interface GroupingStep {
  /** Rises by one each. */
  readonly step: number;
  readonly entries: readonly { readonly node: string; readonly number: number }[];
}

/** Where grouping stands. */
export interface GroupingState {
  /** A step that may have been cut short: it must be gone through again as it was, before any other. */
  readonly begun: GroupingStep | undefined;
  /** The last step of which everything is written. */
  readonly step: number;
  readonly done: Readonly<Record<string, GroupedUpTo>>;
  /** Servers in the order in which they came: a place never changes. */
  readonly nodes: readonly string[];
}

/** What a step gave. */
export interface StepResult {
  readonly signals: readonly Signal[];
  readonly alerts: readonly AlertUpdate[];
}

/**
 * Between evaluation, which each server does of what it stored, and grouping, which one server at a time does for all of
 * them. An entry is written once under its number, so that a stretch that is evaluated again, or by two servers, counts
 * once. A step is written down before its alerts are, and alerts and signals carry its number: where it is cut short, it is
 * gone through again with the same entries, and what is there of it already is left alone.
 */
export interface MatchLog {
  /** The last entry of this store's node, all zero where there is none: evaluation goes on after it. */
  head(): Promise<GroupedUpTo>;
  /**
   * Writes the entry that comes next for this node, and in the same request signals that say what of a rule's gap it is;
   * again with the same changes nothing.
   * @throws HaidangError `HD_LEASE_LOST`, `HD_RECORD_CONFLICT` where there is another entry of that number
   */
  append(entry: Omit<MatchEntry, 'node'>, signals?: readonly Signal[]): Promise<void>;
  /** How far the entries of this store's node went into alerts. */
  grouped(): Promise<GroupedUpTo>;
  /** Opens grouping for the holder of its lease. */
  openGrouping(lease: GroupingLease): Promise<GroupingLog>;
}

/** The lease under which grouping runs. */
export interface GroupingLease {
  readonly token: number;
  /** @throws HaidangError `HD_LEASE_LOST` */
  check(): Promise<void>;
}

/** Grouping's side of the log; every write fails with `HD_LEASE_LOST` once another server has opened it. */
export interface GroupingLog {
  state(): GroupingState;
  /** The entries of a step that was begun, in its order; one that is gone has an empty body. */
  read(step: GroupingStep): Promise<readonly MatchEntry[]>;
  /** The next entries of all nodes, bounded; empty where there are none. */
  next(): Promise<readonly MatchEntry[]>;
  /** Writes down that these come next, and that the step before is done. */
  begin(entries: readonly MatchEntry[]): Promise<GroupingStep>;
  /** Signals of steps before the one that is begun. */
  readSignals(rule: string, group: string, fromSecond: number, toSecond: number): Promise<readonly Signal[]>;
  /** Writes what the step that is begun gave; gives the alerts that changed. Running it again changes nothing. */
  write(result: StepResult): Promise<readonly string[]>;
  /** Writes down that the last step is done, and lets go of its entries; to be called where nothing waits. */
  settle(): Promise<void>;
}
