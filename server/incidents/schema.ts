import { type Static, Type } from 'typebox';
import { Severity, Timestamp } from '../schema.ts';

export const IncidentStatus = Type.Enum(['open', 'investigating', 'contained', 'resolved', 'closed', 'merged']);
/** What a person can set; merging and parting do the rest. */
export const SetIncidentStatus = Type.Enum(['open', 'investigating', 'contained', 'resolved', 'closed']);
export const IncidentOutcome = Type.Enum(['confirmed', 'false_alarm', 'duplicate']);
/** Traffic Light Protocol 2.0. */
export const Tlp = Type.Enum(['clear', 'green', 'amber', 'amber+strict', 'red']);
export const IndicatorType = Type.Enum(['ipv4', 'ipv6', 'domain', 'url', 'email', 'md5', 'sha1', 'sha256']);

const Nullable = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) => Type.Union([schema, Type.Null()]);
const Id = Type.String({ minLength: 1, maxLength: 100 });

/** One row of the incidents' queue. */
export const IncidentRow = Type.Object({
  id: Type.String(),
  /** For compare-and-set: send it back with a change. */
  version: Type.Integer(),
  title: Type.String(),
  status: IncidentStatus,
  mergedInto: Type.Optional(Type.String()),
  outcome: Nullable(IncidentOutcome),
  severity: Severity,
  owner: Nullable(Type.String()),
  tlp: Tlp,
  /** Key of the Reference Security Incident Taxonomy. */
  rsit: Nullable(Type.String()),
  origin: Type.Enum(['hand', 'alerts', 'rule']),
  agencies: Type.Array(Type.Object({ agency: Type.String(), name: Type.String() })),
  alerts: Type.Integer(),
  openTasks: Type.Integer(),
  /** When the next open task is due. */
  due: Nullable(Type.String()),
  detectedAt: Type.String(),
  createdAt: Type.String(),
  createdBy: Type.String(),
  updatedAt: Type.String(),
  closedAt: Nullable(Type.String()),
});
export type IncidentRow = Static<typeof IncidentRow>;

/** `GET /api/v1/incidents?status=open,investigating&severity=…&owner=…&limit=&after=`: changed last first. */
export const IncidentListQuery = Type.Object({
  status: Type.Optional(Type.String({ maxLength: 200 })),
  severity: Type.Optional(Type.String({ maxLength: 200 })),
  owner: Type.Optional(Type.String({ maxLength: 1000 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
  after: Type.Optional(Type.String({ maxLength: 500 })),
});
export const IncidentList = Type.Object({
  incidents: Type.Array(IncidentRow),
  next: Nullable(Type.String()),
  total: Type.Integer(),
});
export type IncidentList = Static<typeof IncidentList>;

/** Every item: when, by whom, and through which merged incidents it came. */
const item = {
  id: Type.String(),
  at: Type.String(),
  by: Type.String(),
  via: Type.Optional(Type.Array(Type.String())),
};

export const Custody = Type.Object({
  at: Type.String(),
  by: Type.String(),
  act: Type.Enum(['added', 'read', 'handed']),
  note: Type.String(),
  mark: Type.String(),
});

/** `GET /api/v1/incidents/:id` */
export const IncidentDetail = Type.Object({
  incident: IncidentRow,
  summary: Type.String(),
  /** Where it may go from here. */
  moves: Type.Array(SetIncidentStatus),
  alerts: Type.Array(
    Type.Object({
      ...item,
      title: Type.String(),
      /** As the alert is by now; null where the reader may not see it, or it is gone. */
      alert: Nullable(
        Type.Object({
          severity: Severity,
          status: Type.String(),
          count: Type.Integer(),
          first: Type.String(),
          last: Type.String(),
          agencyName: Type.String(),
        }),
      ),
    }),
  ),
  tasks: Type.Array(
    Type.Object({
      ...item,
      title: Type.String(),
      assignee: Nullable(Type.String()),
      due: Nullable(Type.String()),
      doneAt: Nullable(Type.String()),
      doneBy: Nullable(Type.String()),
      /** Of a task that came from outside: who asked, and what was answered. */
      request: Type.Optional(
        Type.Object({
          source: Type.String(),
          name: Type.String(),
          text: Type.String(),
          /** The recipient by which the answer goes back. */
          answersTo: Nullable(Type.String()),
          withdrawn: Nullable(Type.String()),
          answer: Nullable(Type.Object({ text: Type.String(), at: Type.String(), by: Type.String() })),
        }),
      ),
    }),
  ),
  comments: Type.Array(Type.Object({ ...item, text: Type.String() })),
  evidence: Type.Array(
    Type.Object({
      ...item,
      kind: Type.Enum(['file', 'events']),
      name: Type.String(),
      bytes: Type.Integer(),
      sha256: Type.String(),
      note: Type.String(),
      events: Type.Optional(Type.Integer()),
      custody: Type.Array(Custody),
      /** Whether each entry of the chain of custody follows from the one before. */
      custodyHolds: Type.Boolean(),
    }),
  ),
  systems: Type.Array(
    Type.Object({ ...item, name: Type.String(), agency: Nullable(Type.String()), level: Type.Integer() }),
  ),
  indicators: Type.Array(
    Type.Object({
      ...item,
      type: IndicatorType,
      value: Type.String(),
      /** A spelling that nobody opens by a click. */
      defanged: Type.String(),
      alert: Nullable(Type.String()),
    }),
  ),
  techniques: Type.Array(Type.Object({ ...item, technique: Type.String(), name: Type.String() })),
  /** Incidents that are part of this one; the terms of the law count from the earliest detection of all. */
  merged: Type.Array(Type.Object({ ...item, title: Type.String(), detectedAt: Type.Optional(Type.String()) })),
  /** What happened (`event`) and what was done (`act`), oldest first. */
  timeline: Type.Array(
    Type.Object({
      at: Type.String(),
      kind: Type.Enum(['act', 'event']),
      /** Of an act its name; of an event `first` or `last` of the alert in `to`, or `snapshot`. */
      act: Type.String(),
      by: Nullable(Type.String()),
      from: Type.Optional(Nullable(Type.String())),
      to: Type.Optional(Nullable(Type.String())),
      note: Type.Optional(Type.String()),
      via: Type.Optional(Type.Array(Type.String())),
    }),
  ),
});
export type IncidentDetail = Static<typeof IncidentDetail>;

/** `POST /api/v1/incidents`: by hand, or from alerts in one act. What is left out comes from the alerts. */
export const NewIncident = Type.Object(
  {
    alerts: Type.Array(Id, { maxItems: 500, uniqueItems: true }),
    title: Type.Optional(Type.String({ minLength: 1, maxLength: 300 })),
    summary: Type.Optional(Type.String({ maxLength: 20_000 })),
    severity: Type.Optional(Severity),
    owner: Type.Optional(Nullable(Type.String({ maxLength: 64 }))),
    tlp: Type.Optional(Tlp),
    rsit: Type.Optional(Nullable(Type.String({ maxLength: 100 }))),
    /** Agencies that it concerns beside those of the alerts. */
    agencies: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 200, uniqueItems: true })),
    detectedAt: Type.Optional(Timestamp),
  },
  { additionalProperties: false },
);
export type NewIncident = Static<typeof NewIncident>;

/** What `set` can change; what is absent stays. */
export const IncidentSet = Type.Object(
  {
    title: Type.Optional(Type.String({ minLength: 1, maxLength: 300 })),
    summary: Type.Optional(Type.String({ maxLength: 20_000 })),
    status: Type.Optional(SetIncidentStatus),
    /** With `closed`. */
    outcome: Type.Optional(IncidentOutcome),
    /** With `closed`: the open alerts are closed with it. */
    closeAlerts: Type.Optional(Type.Boolean()),
    severity: Type.Optional(Severity),
    owner: Type.Optional(Nullable(Type.String({ maxLength: 64 }))),
    tlp: Type.Optional(Tlp),
    rsit: Type.Optional(Nullable(Type.String({ maxLength: 100 }))),
    detectedAt: Type.Optional(Timestamp),
    /** Why. Needed to close, and to open again. */
    note: Type.Optional(Type.String({ maxLength: 4_000 })),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type IncidentSet = Static<typeof IncidentSet>;

/**
 * `POST /api/v1/incidents/:id/changes`: one act of any parts, done whole or not at all. `version` is what the writer saw;
 * `set`, `task` and taking away need it, adding does not: two who add at once both have their way.
 */
export const IncidentChanges = Type.Object(
  {
    version: Type.Optional(Type.Integer({ minimum: 1 })),
    set: Type.Optional(IncidentSet),
    comment: Type.Optional(Type.String({ minLength: 1, maxLength: 10_000 })),
    addTask: Type.Optional(
      Type.Object({
        title: Type.String({ minLength: 1, maxLength: 500 }),
        assignee: Nullable(Type.String({ maxLength: 64 })),
        due: Nullable(Timestamp),
      }),
    ),
    task: Type.Optional(
      Type.Object({
        id: Id,
        done: Type.Optional(Type.Boolean()),
        title: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
        assignee: Type.Optional(Nullable(Type.String({ maxLength: 64 }))),
        due: Type.Optional(Nullable(Timestamp)),
      }),
    ),
    addAlerts: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: 500, uniqueItems: true })),
    removeAlert: Type.Optional(Id),
    addSystem: Type.Optional(
      Type.Object({
        name: Type.String({ minLength: 1, maxLength: 255 }),
        agency: Nullable(Type.String({ maxLength: 64 })),
        level: Type.Integer({ minimum: 1, maximum: 5 }),
      }),
    ),
    removeSystem: Type.Optional(Id),
    /** An address, name, URL, mail address or hash, defanged or not. */
    addIndicator: Type.Optional(Type.String({ minLength: 1, maxLength: 2_100 })),
    removeIndicator: Type.Optional(Id),
    addTechnique: Type.Optional(Type.String({ pattern: '^T\\d{4}(\\.\\d{3})?$' })),
    removeTechnique: Type.Optional(Id),
    /** Keeps these events as evidence, as they are in the store now. */
    snapshot: Type.Optional(
      Type.Object({
        events: Type.Array(Id, { minItems: 1, maxItems: 200, uniqueItems: true }),
        note: Type.String({ maxLength: 1_000 }),
      }),
    ),
    /** Hands evidence over: to whom, and why. */
    handOver: Type.Optional(Type.Object({ evidence: Id, note: Type.String({ minLength: 1, maxLength: 1_000 }) })),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type IncidentChanges = Static<typeof IncidentChanges>;

/** `POST /api/v1/incidents/:id/merge`: `from` becomes part of `:id`. `POST …/part` undoes it. */
export const MergeIncidents = Type.Object(
  { version: Type.Integer(), from: Id, fromVersion: Type.Integer() },
  { additionalProperties: false },
);
export type MergeIncidents = Static<typeof MergeIncidents>;
export const PartIncident = Type.Object({ version: Type.Integer(), from: Id }, { additionalProperties: false });
export type PartIncident = Static<typeof PartIncident>;

/** `GET`, `PUT /api/v1/incidents/settings`: which alerts become incidents by themselves, and what is never an indicator. */
export const IncidentSettings = Type.Object(
  {
    byRule: Type.Array(
      Type.Object({
        /** A rule's id, or `*` for every rule. */
        rule: Type.String({ minLength: 1, maxLength: 100 }),
        /** From this severity of the alert on. */
        severity: Severity,
      }),
      { maxItems: 500 },
    ),
    /** Addresses, networks, and names with all below them. */
    allow: Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { maxItems: 2_000 }),
  },
  { additionalProperties: false },
);
export type IncidentSettings = Static<typeof IncidentSettings>;
