import type { CollectorStatus, FrameSource } from '../../ecs/wire.ts';
import type { AgencyRecord } from '../agencies/record.ts';
import type { AlertRecord } from '../alerts/record.ts';
import type { AuditRecord } from '../audit/record.ts';
import type { GapRecord } from '../backup/record.ts';
import type { ClockRecord } from '../clocks/record.ts';
import type { EnrolmentTokenRecord, SourceRhythmRecord } from '../fleet/record.ts';
import type { AgencyId, Role } from '../identity.ts';
import type { InboundItemRecord } from '../inbound/record.ts';
import type { IncidentRecord } from '../incidents/record.ts';
import type { IndicatorListRecord } from '../indicators/record.ts';
import type { DeadLetterRecord } from '../ingest/record.ts';
import type { LeaseRecord } from '../leases/record.ts';
import type { NationalIncidentRecord, NationalIndicatorRecord, NationalProvinceRecord } from '../national/record.ts';
import type { NoticeAddressRecord, NoticeRecord } from '../notify/record.ts';
import type { ParserRecord, ParserVersionRecord } from '../parsers/record.ts';
import type { IncidentReportRecord } from '../reports/record.ts';
import type { AgencyRequestRecord } from '../requests/record.ts';
import type { DeletedCount, DeletionRecord, LegalHoldRecord } from '../retention/record.ts';
import type { Backtest } from '../rules/backtest/schema.ts';
import type { RuleRecord, RuleSettingRecord, RuleVersionRecord } from '../rules/record.ts';
import type { SavedSearchRecord } from '../search/record.ts';
import type { SharingBodyRecord, SharingReceiptRecord, SharingRecord } from '../sharing/record.ts';
import type { ShiftEntryRecord } from '../shifts/record.ts';

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

export interface SettingRecord {
  readonly value: unknown;
}
