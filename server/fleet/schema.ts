import { type Static, Type } from 'typebox';

const AgencyName = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$' });
const Time = Type.String({ maxLength: 40 });
const orNull = <T extends import('typebox').TSchema>(type: T) => Type.Union([type, Type.Null()]);

/** `POST /api/v1/collectors/tokens`. */
export const NewToken = Type.Object(
  {
    agency: AgencyName,
    agencies: Type.Array(AgencyName, { maxItems: 200, default: [] }),
    hours: Type.Integer({ minimum: 1, maximum: 720, default: 24 }),
  },
  { additionalProperties: false },
);
export type NewToken = Static<typeof NewToken>;

/** The answer: the only time that the token is shown. */
export const Token = Type.Object({
  id: Type.String(),
  token: Type.String(),
  agency: Type.String(),
  agencies: Type.Array(Type.String()),
  expires: Type.String(),
  /** SHA-256 of the authority's certificate. */
  authority: Type.String(),
  /** Where the collector enrols and sends, `https://host:port`. */
  server: Type.String(),
});
export type Token = Static<typeof Token>;

/** What is wrong with a collector, worst first; the console says each in words, with what to do. */
export const FINDINGS = [
  'copied',
  'revoked',
  'dead',
  'never_seen',
  'certificate',
  'spool',
  'clock',
  'disk',
  'policy',
  'geo',
  'source_silent',
  'source_error',
  'waiting',
] as const;
export type FindingName = (typeof FINDINGS)[number];

export const Finding = Type.Object({
  what: Type.Enum(FINDINGS),
  /** The source, where it is about one. */
  source: orNull(Type.String()),
  /** Since when, or until when (`certificate`); ISO 8601. */
  at: orNull(Time),
  /** Milliseconds (`clock`), percent (`spool`), bytes (`disk`), events (`waiting`). */
  amount: orNull(Type.Number()),
  /** As the collector has it, in its own words. */
  detail: orNull(Type.String()),
});
export type Finding = Static<typeof Finding>;

export const FleetCollector = Type.Object({
  id: Type.String(),
  name: Type.String(),
  agency: Type.String(),
  agencyName: Type.String(),
  agencies: Type.Array(Type.String()),
  group: Type.String(),
  state: Type.Union([Type.Literal('well'), Type.Literal('attention'), Type.Literal('broken'), Type.Literal('revoked')]),
  findings: Type.Array(Finding),
  version: orNull(Type.String()),
  lastSeenAt: orNull(Time),
  startedAt: orNull(Time),
  certificateEnds: Time,
  waitingEvents: Type.Number(),
  waitingSince: orNull(Time),
  cpuPercent: orNull(Type.Number()),
  rssBytes: orNull(Type.Number()),
  spoolBytes: orNull(Type.Number()),
  spoolMaxBytes: orNull(Type.Number()),
  diskFreeBytes: orNull(Type.Number()),
  clockOffsetMs: orNull(Type.Number()),
  quarantined: Type.Number(),
  sources: Type.Array(
    Type.Object({
      source: Type.String(),
      lastReadAt: orNull(Time),
      read: Type.Number(),
      unparsed: Type.Number(),
      dropped: Type.Number(),
      error: orNull(Type.String()),
    }),
  ),
  policy: Type.Object({
    version: orNull(Type.Number()),
    failed: orNull(Type.Object({ version: Type.Number(), reason: Type.String() })),
    /** Taken over a moment ago: the collector watches whether it works. */
    trial: Type.Boolean(),
  }),
  /** Host and port of the server it sends to; it may know several. */
  server: orNull(Type.String()),
  /** Bytes per second that it may send, and that it sent of late. */
  bandwidthLimit: orNull(Type.Number()),
  sentPerSecond: orNull(Type.Number()),
});
export type FleetCollector = Static<typeof FleetCollector>;

/** `GET /api/v1/collectors` */
export const FleetCollectors = Type.Object({ now: Time, collectors: Type.Array(FleetCollector) });
export type FleetCollectors = Static<typeof FleetCollectors>;

/** `PUT /api/v1/collectors/settings`: how long a source may be silent where its rhythm does not say. */
export const FleetSettings = Type.Object(
  {
    /** The first that fits; `*` stands for any characters. Minutes; 0: never alert. */
    silence: Type.Array(
      Type.Object(
        {
          collector: Type.String({ minLength: 1, maxLength: 64, default: '*' }),
          source: Type.String({ minLength: 1, maxLength: 512 }),
          minutes: Type.Integer({ minimum: 0, maximum: 100_000 }),
        },
        { additionalProperties: false },
      ),
      { maxItems: 500 },
    ),
  },
  { additionalProperties: false },
);
export type FleetSettings = Static<typeof FleetSettings>;

/** `PUT /api/v1/collectors/policies/:group`, and what is kept of it. */
export const NewPolicy = Type.Object(
  { yaml: Type.String({ minLength: 1, maxLength: 60_000 }) },
  { additionalProperties: false },
);
export type NewPolicy = Static<typeof NewPolicy>;

const PolicyVersion = {
  version: Type.Integer(),
  yaml: Type.String(),
  at: Time,
  by: Type.String(),
  /** The version whose text it took up again. */
  restores: orNull(Type.Integer()),
};
export const Policy = Type.Object({ group: Type.String(), ...PolicyVersion });
export type Policy = Static<typeof Policy>;

/** `GET /api/v1/collectors/policies/:group/versions`: newest first. */
export const PolicyVersions = Type.Object({ group: Type.String(), versions: Type.Array(Type.Object(PolicyVersion)) });
export type PolicyVersions = Static<typeof PolicyVersions>;

/** `POST /api/v1/collectors/policies/:group/rollback`: the text of that version becomes the next one. */
export const PolicyRollback = Type.Object(
  { version: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) },
  { additionalProperties: false },
);

/** What can be wrong with a policy's text; the console says each in words. */
export const POLICY_FAULTS = [
  'syntax',
  'empty',
  'unknown_key',
  'inputs_list',
  'input_type',
  'local_key',
  'path',
  'quota',
  'bandwidth',
] as const;

/** `POST /api/v1/collectors/policies/check`. */
export const PolicyFault = Type.Object({
  /** From 1. */
  line: Type.Integer(),
  code: Type.Enum(POLICY_FAULTS),
  /** The key, the path, or what may stand there. */
  detail: Type.String(),
});
export type PolicyFault = Static<typeof PolicyFault>;
export const PolicyCheck = Type.Object({ faults: Type.Array(PolicyFault) });
export type PolicyCheck = Static<typeof PolicyCheck>;

/** `GET /api/v1/collectors/policies`: every group that has collectors or a policy. */
export const PolicyGroups = Type.Object({
  groups: Type.Array(
    Type.Object({
      group: Type.String(),
      /** Null: no policy. */
      version: orNull(Type.Integer()),
      at: orNull(Time),
      by: orNull(Type.String()),
      collectors: Type.Integer(),
      states: Type.Object({
        well: Type.Integer(),
        attention: Type.Integer(),
        broken: Type.Integer(),
        revoked: Type.Integer(),
      }),
      waitingEvents: Type.Number(),
      /** Which collectors run which version; null: their own configuration. */
      running: Type.Array(Type.Object({ version: orNull(Type.Integer()), collectors: Type.Array(Type.String()) })),
      /** Collectors that went back to the version before. */
      failed: Type.Array(
        Type.Object({ id: Type.String(), name: Type.String(), version: Type.Integer(), reason: Type.String() }),
      ),
    }),
  ),
});
export type PolicyGroups = Static<typeof PolicyGroups>;

/** `PUT /api/v1/collectors/:id/group` */
export const Group = Type.Object(
  { group: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }) },
  { additionalProperties: false },
);
