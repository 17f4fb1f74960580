import { type Static, Type } from 'typebox';
import { Severity } from '../schema.ts';

const Title = Type.Object({ en: Type.String(), vi: Type.Optional(Type.String()), km: Type.Optional(Type.String()) });
const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Type.Union([type, Type.Null()]);
const Reason = Type.String({ minLength: 3, maxLength: 1_000 });

/** One thing wrong with a rule. */
export const Problem = Type.Object({
  code: Type.String(),
  file: Type.String(),
  line: Type.Integer(),
  column: Type.Integer(),
  rule: Nullable(Type.String()),
  message: Type.String(),
});

/** How well a rule works (`server/rules/judge-health.ts`). */
export const Health = Type.Object({
  state: Type.Enum(['ok', 'waiting', 'dead']),
  reasons: Type.Array(
    Type.Enum([
      'self-test-failed',
      'self-test-error',
      'self-test-late',
      'field-unknown',
      'source-silent',
      'source-never',
      'field-never',
    ]),
  ),
  lastMatch: Nullable(Type.String()),
  matches: Type.Integer(),
  selfTest: Nullable(
    Type.Object({
      at: Type.String(),
      passed: Type.Boolean(),
      failed: Type.Array(Type.Integer()),
      error: Nullable(Type.String()),
    }),
  ),
  sourceSeen: Nullable(Type.String()),
  fieldsNeverSeen: Type.Array(Type.String()),
  nanosecondsPerEvent: Nullable(Type.Integer()),
});
export type Health = Static<typeof Health>;

/** A stretch of events that a rule has not evaluated. */
export const Gap = Type.Object({
  from: Type.Integer(),
  to: Type.Integer(),
  at: Type.String(),
  state: Type.Enum(['open', 'filling', 'filled']),
  /** All up to here is evaluated, where it is being filled. */
  done: Nullable(Type.Integer()),
});

/** A rule as the list shows it. */
export const RuleRow = Type.Object({
  id: Type.String(),
  title: Title,
  kind: Type.Enum(['detection', 'correlation']),
  level: Severity,
  status: Type.String(),
  tags: Type.Array(Type.String()),
  file: Type.String(),
  techniques: Type.Array(Type.Object({ id: Type.String(), name: Type.String() })),
  tactics: Type.Array(Type.String()),
  enabled: Type.Boolean(),
  stage: Type.Enum(['draft', 'tested', 'enabled', 'disabled']),
  /** `null` where it is switched off. */
  version: Nullable(Type.String()),
  /** It raises no alert by itself: others count its matches. */
  silent: Type.Boolean(),
  exceptions: Type.Integer(),
  /** Events that it missed and that wait to be evaluated. */
  missed: Type.Integer(),
  health: Nullable(Health),
});
export type RuleRow = Static<typeof RuleRow>;

/** `GET /api/v1/rules`: what is enabled, and what was refused and why. */
export const RuleList = Type.Object({
  rules: Type.Array(RuleRow),
  problems: Type.Array(Problem),
  /** When these rules came into force. */
  since: Type.String(),
});
export type RuleList = Static<typeof RuleList>;

/** `GET /api/v1/rules/health` */
export const HealthList = Type.Object({
  rules: Type.Array(Type.Object({ id: Type.String(), title: Type.String(), file: Type.String(), health: Health })),
  problems: Type.Array(Problem),
});
export type HealthList = Static<typeof HealthList>;

/** `POST /api/v1/rules/reload` */
export const ReloadAnswer = Type.Object({
  added: Type.Array(Type.String()),
  changed: Type.Array(Type.String()),
  removed: Type.Array(Type.String()),
  problems: Type.Array(Problem),
});
export type ReloadAnswer = Static<typeof ReloadAnswer>;

export const Exception = Type.Object({
  id: Type.String(),
  kql: Type.String(),
  agency: Nullable(Type.String()),
  reason: Type.String(),
  createdAt: Type.String(),
  createdBy: Type.String(),
  expires: Type.String(),
  endedAt: Nullable(Type.String()),
  endedBy: Nullable(Type.String()),
  active: Type.Boolean(),
  /** Events that it kept from alerting. */
  hidden: Type.Integer(),
  lastHidden: Nullable(Type.String()),
});
export type Exception = Static<typeof Exception>;

/** Body of a new exception; `override` hides confirmed true positives too. */
export const NewException = Type.Object(
  {
    kql: Type.String({ minLength: 1, maxLength: 1_000 }),
    agency: Nullable(Type.String({ minLength: 1, maxLength: 64 })),
    reason: Reason,
    expires: Type.String({ format: 'date-time' }),
    override: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type NewException = Static<typeof NewException>;

export const ExceptionQuestion = Type.Object(
  {
    kql: Type.String({ minLength: 1, maxLength: 1_000 }),
    agency: Nullable(Type.String({ minLength: 1, maxLength: 64 })),
  },
  { additionalProperties: false },
);

/** What an exception would have hidden of the alerts of the last 30 days. */
export const ExceptionPreview = Type.Object({
  alerts: Type.Integer(),
  /** Of which all events that were looked at would have been hidden. */
  alertsHidden: Type.Integer(),
  events: Type.Integer(),
  eventsHidden: Type.Integer(),
  /** Ids of alerts judged true positives of which it would hide events. */
  truePositives: Type.Array(Type.String()),
  /** False where there are more alerts or events than were looked at. */
  complete: Type.Boolean(),
});
export type ExceptionPreview = Static<typeof ExceptionPreview>;

export const RuleVersion = Type.Object({
  version: Type.String(),
  yaml: Type.String(),
  at: Type.String(),
  by: Type.String(),
  file: Type.String(),
});

/** What people decided about a rule. */
export const Decision = Type.Object({
  enabled: Type.Boolean(),
  level: Nullable(Severity),
  groupBy: Nullable(Type.Array(Type.String())),
  gapSeconds: Nullable(Type.Integer()),
  reason: Type.String(),
  updatedAt: Type.String(),
  updatedBy: Type.String(),
});

/** Body of a decision; what is left out stays as it is. */
export const NewDecision = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean()),
    level: Type.Optional(Nullable(Severity)),
    groupBy: Type.Optional(
      Nullable(Type.Array(Type.String({ pattern: '^[@a-z][\\w.@-]{0,199}$' }), { maxItems: 8, uniqueItems: true })),
    ),
    gapSeconds: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: 2_592_000 }))),
    /** Switches it on though it is not tested; the reason says why. */
    untested: Type.Optional(Type.Boolean()),
    reason: Reason,
  },
  { additionalProperties: false },
);
export type NewDecision = Static<typeof NewDecision>;

/** `GET /api/v1/rules/:id` */
export const RuleDetail = Type.Object({
  rule: RuleRow,
  description: Type.String(),
  yaml: Type.String(),
  /** Written or changed in the console: it can be taken back there. */
  inConsole: Type.Boolean(),
  behind: Type.Array(Type.Object({ id: Type.String(), title: Type.String() })),
  decision: Decision,
  exceptions: Type.Array(Exception),
  versions: Type.Array(RuleVersion),
  gaps: Type.Array(Gap),
});
export type RuleDetail = Static<typeof RuleDetail>;

export const RuleText = Type.Object(
  { yaml: Type.String({ minLength: 1, maxLength: 200_000 }) },
  { additionalProperties: false },
);

/** Body of `PUT /api/v1/rules/:id`. */
export const RuleWrite = Type.Object(
  {
    ...RuleText.properties,
    /** Saves it as a draft: nothing comes in force. */
    draft: Type.Optional(Type.Boolean()),
    /** Why it must be in force untested. */
    untested: Type.Optional(Reason),
  },
  { additionalProperties: false },
);

/** What checking a text gives: it may be saved where `problems` and `failed` are empty and it has samples. */
export const CheckAnswer = Type.Object({
  id: Nullable(Type.String()),
  problems: Type.Array(Problem),
  samples: Type.Integer(),
  failed: Type.Array(Type.Object({ rule: Type.String(), expected: Type.String(), sample: Type.Integer() })),
  /** Events of the last seven days that the first rule would have matched; `null` for a correlation, or where it could not be found out. */
  lastWeek: Nullable(Type.Object({ count: Type.Integer(), complete: Type.Boolean() })),
});
export type CheckAnswer = Static<typeof CheckAnswer>;

/** The console takes types from here alone. */
export type { Backtest, BacktestList, NewBacktest } from './backtest/schema.ts';
export type { ImportJob, ImportReport, ImportRow, TakeOver } from './import/schema.ts';
