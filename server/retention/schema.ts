import { type Static, Type } from 'typebox';

const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' });
const Text = Type.Union([Type.String(), Type.Null()]);
const Rule = Type.Object({ rule: Type.String(), days: Type.Integer() });

/** `PUT /api/v1/retention/policy`: days of security levels 1 to 5, and rules for sources by name, of which the first counts. */
export const Policy = Type.Object(
  {
    keepDays: Type.Array(Type.Integer({ minimum: 1 }), { minItems: 5, maxItems: 5 }),
    sources: Type.Array(
      Type.Object(
        {
          source: Type.String({ minLength: 1, maxLength: 512 }),
          levels: Type.Optional(Type.Array(Type.Integer({ minimum: 1, maximum: 5 }), { minItems: 1, maxItems: 5 })),
          days: Type.Integer({ minimum: 1 }),
        },
        { additionalProperties: false },
      ),
      { maxItems: 200 },
    ),
  },
  { additionalProperties: false },
);
export type Policy = Static<typeof Policy>;

/** One day of the store and what is to become of it. Days are event-id days, `YYYYMMDD`. */
export const RetentionDay = Type.Object({
  day: Type.String(),
  state: Type.Enum(['kept', 'due', 'held', 'waiting', 'damaged']),
  events: Type.Integer(),
  bytes: Type.Integer(),
  /** ISO 8601: when it is due by what it holds; of a day not looked into, when it can be due at the earliest. */
  dueAt: Type.String(),
  /** Longest first; empty for a day not looked into. */
  rules: Type.Array(Rule),
  /** Ids of the legal holds over it. */
  holds: Type.Array(Type.String()),
});
export type RetentionDay = Static<typeof RetentionDay>;

/** What one run did, or would have done. */
export const RetentionRun = Type.Object({
  startedAt: Type.String(),
  endedAt: Type.String(),
  by: Type.String(),
  dryRun: Type.Boolean(),
  /** All but the kept ones. */
  days: Type.Array(RetentionDay),
  deleted: Type.Array(Type.String()),
  deletedEvents: Type.Integer(),
  deletedBytes: Type.Integer(),
  failure: Text,
});
export type RetentionRun = Static<typeof RetentionRun>;

/** `GET /api/v1/retention` */
export const RetentionState = Type.Object({
  policy: Policy,
  from: Type.Enum(['configuration', 'api']),
  /** By law, for levels 1 to 5. */
  minimumMonths: Type.Array(Type.Integer()),
  /** The same in days, never under what late events need. */
  minimumDays: Type.Array(Type.Integer()),
  running: Type.Boolean(),
  next: Text,
  last: Type.Union([RetentionRun, Type.Null()]),
});
export type RetentionState = Static<typeof RetentionState>;

/** `GET /api/v1/retention/days` */
export const RetentionDays = Type.Object({ days: Type.Array(RetentionDay) });
export type RetentionDays = Static<typeof RetentionDays>;

export const Deletion = Type.Object({
  id: Type.String(),
  day: Type.String(),
  state: Type.Enum(['begun', 'deleted', 'done', 'returned']),
  begunAt: Type.String(),
  deletedAt: Text,
  by: Type.String(),
  bytes: Type.Integer(),
  events: Type.Integer(),
  rules: Type.Array(Rule),
  sources: Type.Array(
    Type.Object({
      agency: Type.String(),
      collector: Type.String(),
      source: Type.String(),
      stored: Type.Integer(),
      deadLettered: Type.Integer(),
      missing: Type.Integer(),
    }),
  ),
});
export type Deletion = Static<typeof Deletion>;

/** `GET /api/v1/retention/deletions?limit=&after=`: latest day first. */
export const Deletions = Type.Object({ deletions: Type.Array(Deletion), next: Text });
export type Deletions = Static<typeof Deletions>;

/** `POST /api/v1/retention/runs`; `GET /api/v1/retention` tells how it goes. */
export const NewRun = Type.Object({ dryRun: Type.Boolean() }, { additionalProperties: false });
export type NewRun = Static<typeof NewRun>;
export const RunBegun = Type.Object({
  /** False where one was under way already. */
  begun: Type.Boolean(),
});
export type RunBegun = Static<typeof RunBegun>;

export const LegalHold = Type.Object({
  id: Type.String(),
  /** `null`: every agency. */
  agency: Text,
  fromDay: Type.String(),
  toDay: Text,
  reason: Type.String(),
  placedAt: Type.String(),
  placedBy: Type.String(),
  liftedAt: Text,
  liftedBy: Text,
  liftReason: Text,
});
export type LegalHold = Static<typeof LegalHold>;

/** `GET /api/v1/legal-holds`: standing ones first, then the latest. */
export const LegalHolds = Type.Object({ holds: Type.Array(LegalHold) });
export type LegalHolds = Static<typeof LegalHolds>;

const Reason = Type.String({ minLength: 3, maxLength: 2000, pattern: '\\S' });

/** `POST /api/v1/legal-holds`: events of these days, of one agency or all, are not deleted until it is lifted. */
export const NewLegalHold = Type.Object(
  {
    agency: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
    fromDay: Day,
    toDay: Type.Union([Day, Type.Null()]),
    reason: Reason,
  },
  { additionalProperties: false },
);
export type NewLegalHold = Static<typeof NewLegalHold>;

/** `POST /api/v1/legal-holds/:id/lift` */
export const LiftLegalHold = Type.Object({ reason: Reason }, { additionalProperties: false });
export type LiftLegalHold = Static<typeof LiftLegalHold>;
