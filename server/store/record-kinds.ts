import type { CollectorStatus, FrameSource } from '../../ecs/wire.ts';
import type { Severity } from '../../rules/rule.ts';
import type { ClockRecord } from '../clocks/record.ts';
import type { EnrolmentTokenRecord, SourceRhythmRecord } from '../fleet/record.ts';
import type { AgencyId, CollectorId, Role } from '../identity.ts';
import type { InboundItemRecord } from '../inbound/record.ts';
import type { IncidentRecord } from '../incidents/record.ts';
import type { NationalIncidentRecord, NationalIndicatorRecord, NationalProvinceRecord } from '../national/record.ts';
import type { NoticeAddressRecord, NoticeRecord } from '../notify/record.ts';
import type { ParserRecord, ParserVersionRecord } from '../parsers/record.ts';
import type { IncidentReportRecord } from '../reports/record.ts';
import type { AgencyRequestRecord } from '../requests/record.ts';
import type { Backtest } from '../rules/backtest/schema.ts';
import type { SharingBodyRecord, SharingReceiptRecord, SharingRecord } from '../sharing/record.ts';

/** Every kind of record and its document. `RECORD_INDEXES` names the fields that may be filtered and sorted by. */
export interface RecordKinds {
  alert: AlertRecord;
  agency: AgencyRecord;
  collector: CollectorRecord;
  user: UserRecord;
  session: SessionRecord;
  'api-token': ApiTokenRecord;
  'setup-link': SetupLinkRecord;
  'shift-entry': ShiftEntryRecord;
  audit: AuditRecord;
  'dead-letter': DeadLetterRecord;
  gap: GapRecord;
  setting: SettingRecord;
  'saved-search': SavedSearchRecord;
  'legal-hold': LegalHoldRecord;
  deletion: DeletionRecord;
  lease: LeaseRecord;
  rule: RuleRecord;
  'rule-setting': RuleSettingRecord;
  'rule-version': RuleVersionRecord;
  'rule-backtest': Backtest;
  'indicator-list': IndicatorListRecord;
  'enrolment-token': EnrolmentTokenRecord;
  'source-rhythm': SourceRhythmRecord;
  incident: IncidentRecord;
  clock: ClockRecord;
  notice: NoticeRecord;
  'notice-address': NoticeAddressRecord;
  'agency-request': AgencyRequestRecord;
  'incident-report': IncidentReportRecord;
  parser: ParserRecord;
  'parser-version': ParserVersionRecord;
  'national-incident': NationalIncidentRecord;
  'national-indicator': NationalIndicatorRecord;
  'national-province': NationalProvinceRecord;
  'inbound-item': InboundItemRecord;
  sharing: SharingRecord;
  'sharing-body': SharingBodyRecord;
  'sharing-receipt': SharingReceiptRecord;
}

export const RECORD_INDEXES: { readonly [K in keyof RecordKinds]: readonly string[] } = {
  alert: ['agency', 'status', 'severity', 'rule', 'groupKey', 'last', 'owner', 'part'],
  agency: ['name'],
  collector: ['agency', 'fingerprint'],
  user: ['name'],
  session: ['user', 'expires'],
  'api-token': ['owner', 'expires'],
  'setup-link': ['expires'],
  'shift-entry': ['at'],
  audit: ['at', 'actor'],
  'dead-letter': ['agency', 'collector', 'at'],
  gap: ['agency', 'collector', 'at'],
  setting: [],
  'saved-search': ['owner', 'visibility'],
  'legal-hold': ['agency', 'placedAt', 'liftedAt'],
  deletion: ['day', 'state'],
  lease: [],
  rule: [],
  'rule-setting': [],
  'rule-version': ['rule', 'at'],
  'rule-backtest': ['rule', 'at'],
  'indicator-list': [],
  incident: ['agency', 'status', 'severityRank', 'owner', 'updatedAt', 'waiting'],
  'national-incident': ['province', 'severityRank', 'state', 'acknowledged', 'asked', 'updatedAt', 'waiting'],
  'national-indicator': ['shared', 'lastAt'],
  'national-province': [],
  'inbound-item': ['source', 'kind', 'open', 'receivedAt'],
  'incident-report': ['incident', 'at'],
  'agency-request': ['agency', 'incident', 'alert', 'state', 'due', 'waiting'],
  clock: ['agency', 'open', 'due', 'lookAt'],
  notice: ['agency', 'at', 'due', 'dueAt', 'dead'],
  'notice-address': [],
  sharing: ['incident', 'due', 'dueAt', 'asked', 'dead', 'review', 'updatedAt', 'waiting'],
  'sharing-body': [],
  'sharing-receipt': [],
  'enrolment-token': ['agency', 'expires'],
  'source-rhythm': [],
  parser: [],
  'parser-version': ['parser', 'at'],
};

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

export interface AgencyRecord {
  readonly name: string;
  readonly contact: {
    readonly person: string;
    readonly phone: string;
    readonly email: string;
    readonly address: string;
  };
  /** Security level of its systems, 1 to 5. */
  readonly securityLevel: number;
  /** The agency above it; absent where it is directly below the province. */
  readonly parent?: AgencyId;
  /** Its own networks (CIDR), by which events of shared machines are told to be its own. */
  readonly networks?: readonly string[];
  /** Patterns (`*`) of the names of sources on shared machines that are its own. */
  readonly sources?: readonly string[];
  readonly createdAt: string;
}

export interface CollectorRecord {
  readonly agency: AgencyId;
  readonly name: string;
  /** SHA-256 of the certificate in DER, lower-case hexadecimal. */
  readonly fingerprint: string;
  readonly notAfter: string;
  readonly revoked: boolean;
  readonly createdAt: string;
  readonly lastSeenAt: string | null;
  readonly status: CollectorStatus | null;
  /** The certificate before this one, accepted until it expires, so that a renewal cuts nobody off. */
  readonly previousFingerprint?: string;
  /** Where the machine logs for several agencies: all of them, the owner too. */
  readonly agencies?: readonly AgencyId[];
  /** Hash of what tells its machine from others, as of its enrolment. */
  readonly machine?: string | null;
  /** Why its certificate is no longer accepted. */
  readonly revocation?: { readonly at: string; readonly by: string; readonly reason: 'person' | 'clone' };
  /** A machine with a copy of its disk tried to pass for it; refused since, and the collector itself goes on. */
  readonly copySeenAt?: string;
  /** By which its policy is chosen; none: `default`. */
  readonly group?: string;
  /** Latest counters that arrived inside frames, by source. */
  readonly counters: readonly FrameSource[];
  /** What retention deleted of it, so that the ledger adds up; `last` is the id of the deletion counted last. */
  readonly deleted?: { readonly last: string; readonly sources: readonly DeletedCount[] };
}

export interface UserRecord {
  readonly name: string;
  readonly displayName: string;
  readonly role: Role;
  readonly agencies: 'all' | readonly AgencyId[];
  /** `argon2id$m=…,t=…,p=…$salt$hash`, base64url. */
  readonly password: string;
  readonly createdAt: string;
  readonly disabled: boolean;
  /** `secret` is sealed (`accounts/secret-box.ts`); `recovery` are SHA-256 of codes that were not used. */
  readonly secondFactor?: {
    readonly secret: string;
    readonly since: string;
    /** The step of RFC 6238 whose code was used last: no code up to it is taken again. */
    readonly lastStep: number;
    readonly recovery: readonly string[];
    /** Its secret was given up with a lost key (`accounts/lost-secrets.ts`): recovery codes alone open, and a new one is due. */
    readonly lostAt?: string;
  };
  /** Sealed, and in force once a code of it was shown. */
  readonly secondFactorBegun?: string;
  /** From when on the account can do nothing else than set up the second factor that its role takes. */
  readonly secondFactorDue?: string;
  /** Whom it is at the provider of sign-ins: nobody else there opens it. */
  readonly provider?: { readonly issuer: string; readonly subject: string };
  /** An administrator of all agencies until then, whatever the role (`accounts/break-glass.ts`). */
  readonly emergency?: {
    readonly reason: string;
    readonly startedAt: string;
    readonly until: string;
    readonly by: string;
  };
}

export interface SessionRecord {
  /** The record's id is the SHA-256 of the cookie's token: a stolen store opens no session. */
  readonly user: string;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly expires: string;
  /** Where it was begun; absent in sessions of earlier versions. */
  readonly address?: string;
  readonly browser?: string;
  /** Rights changed since: the next request gets a new token. */
  readonly stale?: boolean;
  /** It came by the provider of sign-ins; `strong` where that asked for a second factor. */
  readonly provider?: boolean;
  readonly strong?: boolean;
  /** When a new token took its place: it opens for a moment longer, for requests that were under way. */
  readonly replacedAt?: string;
}

/** A token for a program; its id is the SHA-256 of it. */
export interface ApiTokenRecord {
  readonly name: string;
  /** The user for whom it speaks. */
  readonly owner: string;
  readonly permissions: readonly string[];
  readonly agencies: 'all' | readonly AgencyId[];
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expires: string;
  readonly lastUsedAt: string | null;
  readonly lastAddress: string | null;
}

export interface SetupLinkRecord {
  readonly expires: string;
  readonly usedAt: string | null;
}

export interface ShiftEntryRecord {
  readonly at: string;
  readonly by: string;
  readonly kind: 'note' | 'handover';
  readonly text: string;
  /** Open alerts handed over, with the note for the next shift. */
  readonly alerts: readonly string[];
  readonly to: string | null;
  readonly acceptedAt: string | null;
  readonly acceptedBy: string | null;
}

export interface AuditRecord {
  readonly at: string;
  readonly actor: string;
  readonly act: string;
  readonly target: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Its place in the signed audit log: the server whose chain it is, its number there, and the hash of that line. */
  readonly chain?: string;
  readonly number?: number;
  readonly hash?: string;
}

export interface DeadLetterRecord {
  readonly agency: AgencyId;
  readonly collector: CollectorId;
  readonly at: string;
  readonly source: string;
  readonly reason: string;
  /** The line as it came, cut at 64 KiB. */
  readonly line: string;
}

/** Events that a collector had sent and the store lost, as the collector cannot send them again. */
export interface GapRecord {
  readonly agency: AgencyId;
  readonly collector: CollectorId;
  readonly reason: 'restore';
  readonly at: string;
  /** Every source that was compared; `events` is 0 where nothing is missing. Between the times, ISO 8601. */
  readonly sources: readonly {
    readonly source: string;
    readonly events: number;
    readonly from: string;
    readonly to: string;
  }[];
}

export interface SettingRecord {
  readonly value: unknown;
}

/** What was deleted of one source. */
export interface DeletedCount {
  readonly source: string;
  readonly stored: number;
  readonly deadLettered: number;
  /** Were missing already when the day was deleted: deleting a day hides no loss. */
  readonly missing: number;
}

/** While it stands, no day is deleted that may hold an event of it. */
export interface LegalHoldRecord {
  /** `null`: every agency. */
  readonly agency: AgencyId | null;
  /** First and last day of the events, `YYYY-MM-DD`, both inclusive; without an end where `toDay` is `null`. */
  readonly fromDay: string;
  readonly toDay: string | null;
  readonly reason: string;
  readonly placedAt: string;
  readonly placedBy: string;
  readonly liftedAt: string | null;
  readonly liftedBy: string | null;
  readonly liftReason: string | null;
}

/** One day of the store that retention deleted, or is about to. */
export interface DeletionRecord {
  /** Event-id day, `YYYYMMDD`. */
  readonly day: string;
  /** `begun`: counted and about to be deleted; `deleted`: gone, and not in the collectors' counts yet; `done`; `returned`: restored since. */
  readonly state: 'begun' | 'deleted' | 'done' | 'returned';
  readonly begunAt: string;
  readonly deletedAt: string | null;
  /** Who had it done: `retention` for the job, else the user. */
  readonly by: string;
  readonly bytes: number;
  /** The rules by which the day was due, longest first. */
  readonly rules: readonly { readonly rule: string; readonly days: number }[];
  readonly sources: readonly (DeletedCount & { readonly agency: AgencyId; readonly collector: CollectorId })[];
}

/** A search that somebody keeps. */
export interface SavedSearchRecord {
  readonly name: string;
  /** Name of the user. */
  readonly owner: string;
  /** What the owner could see when it was made: who may see less does not see the search. */
  readonly agencies: 'all' | readonly AgencyId[];
  readonly visibility: 'private' | 'shared';
  readonly kql: string;
  /** ISO 8601 or a form like `now-24h`. */
  readonly from: string;
  readonly to: string;
  /** The field that divides the histogram. */
  readonly by: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Who may do what only one server may do at a time; its id is the name of that. */
export interface LeaseRecord {
  /** The server that holds it, or held it last. */
  readonly holder: string;
  /** Rises each time the lease changes hands: what was begun under a lower one must not be written. */
  readonly token: number;
  readonly state: 'held' | 'released';
  /** The holder that gave it back had nothing left to do. */
  readonly drained: boolean;
  /** Rises with each renewal: who watches sees by it that the holder lives, whatever its clock says. */
  readonly renewals: number;
}

/** A rule written or changed in the console; its id is the rule's, and it stands in for a rule of that id in a folder. */
export interface RuleRecord {
  readonly yaml: string;
  readonly updatedAt: string;
  readonly updatedBy: string;
}

/** What people decided about a rule, wherever it is written; its id is the rule's. */
export interface RuleSettingRecord {
  readonly enabled: boolean;
  /** Written, and never in force yet: not switched off by anybody. */
  readonly draft?: boolean;
  /** Instead of the rule's own; `null` leaves it. */
  readonly level: Severity | null;
  readonly groupBy: readonly string[] | null;
  readonly gapSeconds: number | null;
  readonly exceptions: readonly RuleException[];
  readonly reason: string;
  readonly updatedAt: string;
  readonly updatedBy: string;
}

/** A list of indicators; its contents are a file of the data folder (`server/indicators/list-files.ts`). */
export interface IndicatorListRecord {
  readonly name: string;
  /** Who made it: an organization, a feed. */
  readonly source: string;
  /** Traffic Light Protocol 2.0: the strictest mark of the list and of what it holds. */
  readonly tlp: 'clear' | 'green' | 'amber' | 'amber+strict' | 'red';
  readonly severity: Severity;
  readonly format: 'stix' | 'misp' | 'csv';
  readonly count: number;
  /** What could not be read, and what was left out on purpose. */
  readonly refused: number;
  readonly skipped: number;
  /** When the last of its indicators ends, ISO 8601; `null` where one never does. */
  readonly expires: string | null;
  /** Twelve hexadecimal digits of its contents: part of the file's name. */
  readonly content: string;
  readonly at: string;
  readonly by: string;
}

/** Events that a rule keeps silent about, for a while. */
export interface RuleException {
  readonly id: string;
  readonly kql: string;
  /** `null`: of every agency. */
  readonly agency: AgencyId | null;
  readonly reason: string;
  readonly createdAt: string;
  readonly createdBy: string;
  /** ISO 8601; it hides nothing from then on. */
  readonly expires: string;
  readonly endedAt: string | null;
  readonly endedBy: string | null;
}

/** One wording of a rule that was in force; its id is `<rule>:<version>`. */
export interface RuleVersionRecord {
  readonly rule: string;
  readonly version: string;
  readonly yaml: string;
  readonly at: string;
  /** A user, or `folder` where its file changed. */
  readonly by: string;
  readonly file: string;
}
