import type { IndicatorType } from '../../rules/indicators/indicator.ts';
import type { Severity } from '../../rules/rule.ts';
import type { Tlp } from '../incidents/record.ts';
import type { OwedLine } from '../sharing/record.ts';

/** `revoked`: the province took it back. */
export type ReportedState = 'new' | 'open' | 'closed' | 'revoked';

/** That the center saw a version of an incident. */
export interface Acknowledgement {
  readonly id: string;
  readonly by: string;
  readonly at: string;
  readonly text: string;
  /** Version of the incident that was looked at. */
  readonly version: string;
}

/** What the center asks a province to do about an incident. */
export interface NationalTask {
  readonly id: string;
  /** Id of the note that carries it to the province: what an answer names. */
  readonly note: string;
  readonly by: string;
  readonly at: string;
  readonly title: string;
  readonly text: string;
  /** ISO 8601. */
  readonly due: string | null;
  readonly withdrawn: { readonly by: string; readonly at: string; readonly reason: string } | null;
  readonly answer: { readonly at: string; readonly version: string; readonly text: string } | null;
}

/** One incident of one province as it was reported last; the record's id is made of account and STIX id. */
export interface NationalIncidentRecord {
  /** The TAXII account that sent it: nobody's own word. */
  readonly province: string;
  /** The store's own numbers of collection and account. */
  readonly collection: number;
  readonly account: number;
  readonly kind: 'incident' | 'report';
  /** STIX id. */
  readonly object: string;
  /** What the province calls it; null where it does not say. */
  readonly reference: string | null;
  readonly title: string;
  readonly summary: string;
  /** Version of the note that `summary` is of. */
  readonly summaryVersion: string;
  readonly severity: Severity | null;
  /** 1 (informational) to 5 (critical), 0 where it is not said. */
  readonly severityRank: number;
  readonly state: ReportedState;
  /** Key of the Reference Security Incident Taxonomy. */
  readonly rsit: string | null;
  readonly tlp: Tlp | null;
  readonly detectedAt: string | null;
  readonly closedAt: string | null;
  readonly systems: readonly { readonly name: string; readonly level: number }[];
  /** `modified` of the latest version. Empty where only something about it has come. */
  readonly version: string;
  /** When its first and its latest version came in, ISO 8601. */
  readonly firstAt: string;
  readonly lastAt: string;
  /** Ids of reports and groupings around it. */
  readonly containers: readonly string[];
  readonly acknowledgement: Acknowledgement | null;
  /** 1 where somebody looked at it. */
  readonly acknowledged: 0 | 1;
  readonly tasks: readonly NationalTask[];
  /** 1 where a task has no answer yet. */
  readonly asked: 0 | 1;
  /** When the next open task is due; null where none is. */
  readonly due: string | null;
  /** Counts people's acts: what a change compares against. */
  readonly revision: number;
  readonly updatedAt: string;
  /** Notes of ours that are not in the province's collection yet, by id. */
  readonly unsent: readonly string[];
  readonly pending: readonly OwedLine[];
  /** 1 where `unsent` or `pending` holds something. */
  readonly waiting: 0 | 1;
}

/** Who met an indicator, and when: ISO 8601. */
export interface SeenBy {
  readonly province: string;
  readonly first: string;
  readonly last: string;
}

/** One indicator, however many provinces reported it; the record's id is a hash of type and value. */
export interface NationalIndicatorRecord {
  readonly type: IndicatorType;
  readonly value: string;
  /** The strictest mark under which it came. */
  readonly tlp: Tlp | null;
  readonly seen: readonly SeenBy[];
  /** 1 where more than one province met it. */
  readonly shared: 0 | 1;
  readonly firstAt: string;
  readonly lastAt: string;
}

/** A province as the center calls it; the record's id is its account. */
export interface NationalProvinceRecord {
  readonly name: string;
  /** Id of the TAXII collection that holds what is for it alone. */
  readonly collection: string;
  readonly root: string;
  readonly alias: string;
}

/** Most tasks of one incident. */
export const MOST_TASKS = 100;
/** Most containers that are remembered of one incident. */
export const MOST_CONTAINERS = 5;

/** The record with what follows from its parts. */
export function settleIncident(record: NationalIncidentRecord): NationalIncidentRecord {
  const open = record.tasks.filter(({ answer, withdrawn }) => answer === null && withdrawn === null);
  const [due = null] = open.flatMap((task) => task.due ?? []).sort();
  return {
    ...record,
    acknowledged: record.acknowledgement === null ? 0 : 1,
    asked: open.length > 0 ? 1 : 0,
    due,
    waiting: record.unsent.length > 0 || record.pending.length > 0 ? 1 : 0,
  };
}
