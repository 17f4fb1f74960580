import { type Static, Type } from 'typebox';
import { Document, Severity } from '../schema.ts';

/** `merged`: it turned out to be part of another alert (`mergedInto`); nobody can act on it any more. */
export const AlertStatus = Type.Enum(['new', 'in_progress', 'closed', 'merged']);
/** What a person can make of an alert. */
export const SetStatus = Type.Enum(['new', 'in_progress', 'closed']);
export const Verdict = Type.Enum(['true_positive', 'false_positive', 'benign', 'duplicate']);

/** One row of the queue: an alert group. */
export const AlertRow = Type.Object({
  id: Type.String(),
  /** For compare-and-set: send it back with a change. */
  version: Type.Integer(),
  /** Place in the live feed. */
  change: Type.Integer(),
  rule: Type.String(),
  /** Title in each language that the rule has; `en` always. */
  title: Type.Object({ en: Type.String(), vi: Type.Optional(Type.String()), km: Type.Optional(Type.String()) }),
  severity: Severity,
  /** The rule's own level, where `severity` is another by what the alert is about. */
  ruleLevel: Type.Optional(Severity),
  /** With `ruleLevel`: the security level that made it so, and the host or address that has it; else all systems of the agency have. */
  asset: Type.Optional(Type.Object({ level: Type.Integer(), value: Type.Optional(Type.String()) })),
  status: AlertStatus,
  /** With status `merged`: the alert that holds its events now. */
  mergedInto: Type.Optional(Type.String()),
  /** The incident that it was made part of. */
  incident: Type.Optional(Type.String()),
  verdict: Type.Union([Verdict, Type.Null()]),
  owner: Type.Union([Type.String(), Type.Null()]),
  agency: Type.String(),
  agencyName: Type.String(),
  /** `province`: matches of all agencies were counted together. What it holds is still only of the agencies that the reader may see. */
  scope: Type.Optional(Type.Enum(['agency', 'province'])),
  /** Of an alert of the province, for who sees all of it: whose events are behind it, most first. `agency` is `*` then. */
  agencies: Type.Optional(
    Type.Array(Type.Object({ agency: Type.String(), name: Type.String(), count: Type.Integer() })),
  ),
  /** Events behind it. */
  count: Type.Integer(),
  /** Events that came after it was closed. */
  countSinceClose: Type.Integer(),
  first: Type.String(),
  last: Type.String(),
  createdAt: Type.String(),
  updatedAt: Type.String(),
  group: Type.Record(Type.String(), Type.String()),
  entities: Type.Record(Type.String(), Type.Object({ values: Type.Array(Type.String()), total: Type.Integer() })),
  tags: Type.Array(Type.String()),
});
export type AlertRow = Static<typeof AlertRow>;

/** `GET /api/v1/alerts?status=new,in_progress&severity=…&rule=…&agency=…&owner=…&limit=&after=`: latest first. */
export const AlertListQuery = Type.Object({
  status: Type.Optional(Type.String()),
  severity: Type.Optional(Type.String()),
  rule: Type.Optional(Type.String()),
  agency: Type.Optional(Type.String()),
  owner: Type.Optional(Type.String()),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 200 })),
  after: Type.Optional(Type.String()),
});
export const AlertList = Type.Object({
  alerts: Type.Array(AlertRow),
  next: Type.Union([Type.String(), Type.Null()]),
  /** How many match in all. */
  total: Type.Integer(),
  /** Change number as of this answer: resume the live feed from here. */
  change: Type.Integer(),
});
export type AlertList = Static<typeof AlertList>;

export const GuidanceText = Type.Object({
  meaning: Type.String(),
  check: Type.Array(Type.String()),
  act: Type.String(),
  escalate: Type.String(),
  reviewed: Type.Boolean(),
});
const PerLanguage = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) =>
  Type.Object({ vi: Type.Optional(schema), en: Type.Optional(schema), km: Type.Optional(schema) });

/** `GET /api/v1/alerts/:id` */
export const AlertDetail = Type.Object({
  alert: AlertRow,
  /** One sentence of what happened with real values, by language. */
  sentence: PerLanguage(Type.String()),
  guidance: PerLanguage(GuidanceText),
  rule: Type.Object({
    id: Type.String(),
    description: Type.String(),
    yaml: Type.String(),
    falsepositives: Type.Array(Type.String()),
    references: Type.Array(Type.String()),
    /** Wordings of the rule that matched, latest last. */
    versions: Type.Array(Type.String()),
    /** ATT&CK ids from the tags, tactics by name. */
    techniques: Type.Array(Type.Object({ id: Type.String(), name: Type.String() })),
    tactics: Type.Array(Type.String()),
  }),
  contact: Type.Union([
    Type.Object({
      agency: Type.String(),
      person: Type.String(),
      phone: Type.String(),
      email: Type.String(),
      address: Type.String(),
    }),
    Type.Null(),
  ]),
  timeline: Type.Array(
    Type.Object({
      at: Type.String(),
      by: Type.String(),
      /**
       * `merged`: `from` is the alert that became part of this one, or `to` the alert that this one became part of.
       * `incident`: `to` is the incident that it was made part of, or `from` the one that it was taken out of.
       */
      act: Type.Enum(['created', 'status', 'owner', 'note', 'merged', 'incident']),
      from: Type.Optional(Type.Union([Type.String(), Type.Null()])),
      to: Type.Optional(Type.Union([Type.String(), Type.Null()])),
      note: Type.Optional(Type.String()),
      /** With `status`: the verdict from then on. */
      verdict: Type.Optional(Verdict),
    }),
  ),
});
export type AlertDetail = Static<typeof AlertDetail>;

/** `GET /api/v1/alerts/:id/events?limit=&offset=`: its events, latest first, each with why it matched. */
export const AlertEvents = Type.Object({
  events: Type.Array(
    Type.Object({
      id: Type.String(),
      event: Document,
      /** Dotted names of the fields that made the rule match. */
      matched: Type.Array(Type.String()),
    }),
  ),
  /** Ids that are no longer in the store (retention). */
  gone: Type.Integer(),
  /** Events kept by id (at most 1,000); `count` on the alert is exact. */
  total: Type.Integer(),
});
export type AlertEvents = Static<typeof AlertEvents>;

/** `POST /api/v1/alerts/changes`: one act on any number of rows. All rows change, or none where one conflicts. */
export const AlertChanges = Type.Object({
  alerts: Type.Array(Type.Object({ id: Type.String(), version: Type.Integer() }), { minItems: 1, maxItems: 500 }),
  status: Type.Optional(SetStatus),
  verdict: Type.Optional(Type.Union([Verdict, Type.Null()])),
  /** `null` takes the owner away. */
  owner: Type.Optional(Type.Union([Type.String({ maxLength: 64 }), Type.Null()])),
  note: Type.Optional(Type.String({ maxLength: 4000 })),
});
export type AlertChanges = Static<typeof AlertChanges>;
export const AlertChangesAnswer = Type.Object({ alerts: Type.Array(AlertRow) });
export type AlertChangesAnswer = Static<typeof AlertChangesAnswer>;
