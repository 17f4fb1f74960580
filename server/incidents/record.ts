import type { Severity } from '../../rules/rule.ts';
import type { AgencyId } from '../identity.ts';

/** `merged`: it is part of another incident until it is parted again. */
export type IncidentStatus = 'open' | 'investigating' | 'contained' | 'resolved' | 'closed' | 'merged';
export type IncidentOutcome = 'confirmed' | 'false_alarm' | 'duplicate';
/** Traffic Light Protocol 2.0. */
export type Tlp = 'clear' | 'green' | 'amber' | 'amber+strict' | 'red';

/** One thing of an incident. `via` names the merged incidents through which it came, the last one merged first. */
export interface Item {
  readonly id: string;
  readonly at: string;
  readonly by: string;
  readonly via?: readonly string[];
}

/** An alert behind the incident; its id is the alert's. */
export interface AlertItem extends Item {
  readonly title: string;
  readonly agencies: readonly AgencyId[];
}

export interface TaskItem extends Item {
  readonly title: string;
  readonly assignee: string | null;
  /** ISO 8601. */
  readonly due: string | null;
  readonly doneAt: string | null;
  readonly doneBy: string | null;
  /** Of a task that came from outside. */
  readonly request?: OutsideRequest;
}

/** Who outside asked for a task, and what was answered. */
export interface OutsideRequest {
  /** The source that it came from, and what it is called. */
  readonly source: string;
  readonly name: string;
  /** STIX id of the note that asked. */
  readonly note: string;
  readonly text: string;
  /** The recipient by which the answer goes back; null where it goes by another way. */
  readonly answersTo: string | null;
  /** Why it was taken back; null where it was not. */
  readonly withdrawn: string | null;
  readonly answer: { readonly text: string; readonly at: string; readonly by: string } | null;
}

export interface CommentItem extends Item {
  readonly text: string;
}

/** Who had a piece of evidence in hand; `mark` hashes this entry and the one before it, so that none can be taken out. */
export interface CustodyEntry {
  readonly at: string;
  readonly by: string;
  readonly act: 'added' | 'read' | 'handed';
  readonly note: string;
  readonly mark: string;
}

/** A file or a snapshot of events; the bytes lie beside the store under their SHA-256. */
export interface EvidenceItem extends Item {
  readonly kind: 'file' | 'events';
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly note: string;
  /** Of a snapshot: the events in it. */
  readonly events?: readonly string[];
  readonly custody: readonly CustodyEntry[];
}

/** A system that is affected, with its security level by law, 1 to 5. */
export interface SystemItem extends Item {
  readonly name: string;
  readonly agency: AgencyId | null;
  readonly level: number;
}

export type IndicatorType = 'ipv4' | 'ipv6' | 'domain' | 'url' | 'email' | 'md5' | 'sha1' | 'sha256';

export interface IndicatorItem extends Item {
  readonly type: IndicatorType;
  readonly value: string;
  /** The alert it was found in; null where a person wrote it. */
  readonly alert: string | null;
}

/** An ATT&CK technique; its `technique` is like `T1110.001`. */
export interface TechniqueItem extends Item {
  readonly technique: string;
}

/** An incident that became part of this one; its id is that incident's. */
export interface MergedItem extends Item {
  readonly title: string;
  readonly agencies: readonly AgencyId[];
  /** Its T0, ISO 8601; records of before have none. */
  readonly detectedAt?: string;
}

export type IncidentActName =
  | 'created'
  | 'title'
  | 'summary'
  | 'status'
  | 'severity'
  | 'owner'
  | 'tlp'
  | 'rsit'
  | 'detected'
  | 'comment'
  | 'task'
  | 'task-done'
  | 'task-open'
  | 'task-changed'
  | 'alert'
  | 'alert-removed'
  | 'alert-elsewhere'
  | 'evidence'
  | 'custody'
  | 'system'
  | 'system-removed'
  | 'indicator'
  | 'indicator-removed'
  | 'technique'
  | 'technique-removed'
  /** From outside: that it was seen there, a remark, a task that was taken back. `from`: who. */
  | 'acknowledged'
  | 'remark'
  | 'task-withdrawn'
  | 'merged'
  | 'unmerged'
  | 'part-of'
  | 'parted'
  /** A question to an agency, its answer, its end; `to` is the request. */
  | 'request'
  | 'request-answered'
  | 'request-closed'
  /** A report that was written; `to` is its number, the note the hash of its bytes. */
  | 'report';

/** What somebody did with the incident. */
export interface ActItem extends Item {
  readonly act: IncidentActName;
  readonly from?: string | null;
  readonly to?: string | null;
  readonly note?: string;
}

/** What must still happen elsewhere because of a change; done again it changes nothing. */
export type PendingAct = { readonly id: string; readonly at: string; readonly by: string } & (
  | { readonly kind: 'audit'; readonly act: string; readonly detail: Readonly<Record<string, unknown>> }
  | { readonly kind: 'link' | 'unlink'; readonly alert: string }
  | {
      readonly kind: 'close-alert';
      readonly alert: string;
      readonly verdict: 'true_positive' | 'false_positive' | 'duplicate';
      readonly note: string;
    }
);

/** The lists of an incident that move when incidents are merged and parted. */
export interface IncidentItems {
  readonly alerts: readonly AlertItem[];
  readonly tasks: readonly TaskItem[];
  readonly comments: readonly CommentItem[];
  readonly evidence: readonly EvidenceItem[];
  readonly systems: readonly SystemItem[];
  readonly indicators: readonly IndicatorItem[];
  readonly techniques: readonly TechniqueItem[];
  readonly merged: readonly MergedItem[];
  readonly acts: readonly ActItem[];
}

/** One incident: a case with all that belongs to it, in one document. */
export interface IncidentRecord extends IncidentItems {
  /** Whose it is; `*` where it concerns several agencies or none: then those who see all agencies see it. */
  readonly agency: AgencyId;
  /** Given by hand, beside those of the alerts. */
  readonly ownAgencies: readonly AgencyId[];
  readonly title: string;
  readonly summary: string;
  readonly status: IncidentStatus;
  readonly severity: Severity;
  readonly severityRank: number;
  readonly owner: string | null;
  readonly tlp: Tlp;
  /** Key of the Reference Security Incident Taxonomy, `intrusions/system-compromise`; null while nobody has classified it. */
  readonly rsit: string | null;
  readonly origin: 'hand' | 'alerts' | 'rule';
  /** T0 of the legal clocks, ISO 8601. */
  readonly detectedAt: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly updatedAt: string;
  readonly closedAt: string | null;
  readonly outcome: IncidentOutcome | null;
  /** Counts people's acts: what a change compares against. */
  readonly revision: number;
  readonly mergedInto?: string;
  /** With `mergedInto`: the status it has again once it is parted. */
  readonly statusBefore?: IncidentStatus;
  /** 1 where `pending` holds something. */
  readonly waiting: 0 | 1;
  readonly pending: readonly PendingAct[];
}

/** The lists by name, in the order in which they are shown. */
export const COLLECTIONS = [
  'alerts',
  'tasks',
  'comments',
  'evidence',
  'systems',
  'indicators',
  'techniques',
  'merged',
  'acts',
] as const satisfies readonly (keyof IncidentItems)[];

/** Most items of each list: an incident stays one document. */
export const MOST: { readonly [K in keyof IncidentItems]: number } = {
  alerts: 500,
  tasks: 200,
  comments: 500,
  evidence: 200,
  systems: 100,
  indicators: 1_000,
  techniques: 100,
  merged: 100,
  acts: 3_000,
};
