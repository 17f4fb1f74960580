import type { Severity } from '../../rules/rule.ts';
import type { AgencyId } from '../identity.ts';

/** `merged`: it turned out to be part of another alert, and is that one from then on. */
export type AlertStatus = 'new' | 'in_progress' | 'closed' | 'merged';
export type Verdict = 'true_positive' | 'false_positive' | 'benign' | 'duplicate';

/** An alert group: all matches of one rule for one agency and group that belong together in time. */
export interface AlertRecord extends AlertDetected {
  readonly status: AlertStatus;
  readonly verdict: Verdict | null;
  readonly owner: string | null;
  /** `count` at the moment of closing: what came after is shown as new. */
  readonly countAtClose: number | null;
  readonly timeline: readonly AlertChange[];
  /** With status `merged`: the alert that holds its events now. */
  readonly mergedInto?: string;
  /** The incident that it was made part of. */
  readonly incident?: string;
}

/** What the engine knows; people's acts live in the rest of the record. */
export interface AlertDetected {
  /** Of a rule whose scope is the province: `*` (`alerts/keys.ts`), which is in no agency's scope. */
  readonly agency: AgencyId;
  /** With `*`: whose events are behind it, and how many of each. */
  readonly agencies?: readonly { readonly agency: AgencyId; readonly count: number }[];
  /** What one agency sees of an alert of the province: its own events, entities and counts alone. Who sees all agencies sees the whole instead. */
  readonly part?: 1;
  readonly rule: string;
  readonly ruleTitle: string;
  /** Wordings of the rule that matched (`server/rules/version.ts`), latest last, at most five. */
  readonly ruleVersions?: readonly string[];
  readonly severity: Severity;
  /** Severity as a number for sorting, 1 (informational) to 5 (critical). */
  readonly severityRank: number;
  /** The rule's own level; `severity` may be another by what the alert is about (`assets/weigh.ts`). */
  readonly ruleLevel?: Severity;
  /** Where `severity` is another: the security level that made it so, and the host or address that has it; else it is the agency's. */
  readonly asset?: { readonly level: number; readonly value?: string };
  /** Group-by field → value. */
  readonly group: Readonly<Record<string, string>>;
  /** Hash of rule, agency and group: finds the alerts that a match may belong to. */
  readonly groupKey: string;
  readonly count: number;
  /** Event times, ISO 8601. */
  readonly first: string;
  readonly last: string;
  /** When the engine first and last touched it, ISO 8601. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Distinct values by entity field (`source.ip`, `user.name`, `host.name` …), up to 50 each, and how many there were. */
  readonly entities: Readonly<Record<string, { readonly values: readonly string[]; readonly total: number }>>;
  /** Event ids behind it: the first 500 and the latest 500. */
  readonly events: readonly string[];
  readonly tags: readonly string[];
  /** In a store that several servers share: the step of grouping that changed it last (`store/match-log.ts`). */
  readonly step?: number;
}

export interface AlertChange {
  readonly at: string;
  readonly by: string;
  readonly act: 'created' | 'status' | 'owner' | 'note' | 'merged' | 'incident';
  /** Of `merged`: the alert that was joined to this one. */
  readonly from?: string | null;
  /** Of `merged`: the alert that this one was joined to. Of `incident`: that which it became part of; null where it was taken out. */
  readonly to?: string | null;
  readonly note?: string;
  /** With `status`: the verdict from then on. */
  readonly verdict?: Verdict;
}
