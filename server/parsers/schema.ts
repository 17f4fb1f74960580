import { type Static, Type } from 'typebox';

const orNull = <T extends import('typebox').TSchema>(type: T) => Type.Union([type, Type.Null()]);
const strict = { additionalProperties: false };
const Yaml = Type.String({ minLength: 1, maxLength: 65_536 });
const Groups = Type.Array(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }), { maxItems: 50 });

/** The name of a parser in an address. */
export const ParserParams = Type.Object({ name: Type.String({ pattern: '^[a-z][a-z0-9-]{1,31}$' }) });

/** A parser in the list. */
export const ParserRow = Type.Object({
  name: Type.String(),
  title: Type.String(),
  dataset: Type.String(),
  version: Type.Integer(),
  groups: Type.Array(Type.String()),
  updatedAt: Type.String(),
  updatedBy: Type.String(),
});
export type ParserRow = Static<typeof ParserRow>;

/** `GET /api/v1/parsers` */
export const ParserList = Type.Object({
  parsers: Type.Array(ParserRow),
  /** Groups of collectors that have a policy. */
  groups: Type.Array(Type.String()),
  /** Names that are taken. */
  builtIn: Type.Array(Type.String()),
});
export type ParserList = Static<typeof ParserList>;

/** `GET /api/v1/parsers/:name` */
export const ParserDetail = Type.Object({
  ...ParserRow.properties,
  yaml: Type.String(),
  versions: Type.Array(
    Type.Object({ version: Type.Integer(), yaml: Type.String(), at: Type.String(), by: Type.String() }),
  ),
});
export type ParserDetail = Static<typeof ParserDetail>;

/** `POST /api/v1/parsers/try`: a text, checked, and what it makes of lines. */
export const ParserTrial = Type.Object(
  {
    yaml: Type.String({ maxLength: 65_536 }),
    lines: Type.Array(Type.String({ maxLength: 16_384 }), { maxItems: 100, default: [] }),
    /** Of times that name none. */
    timeZone: Type.String({ maxLength: 64, default: 'Asia/Ho_Chi_Minh' }),
  },
  strict,
);
export type ParserTrial = Static<typeof ParserTrial>;

export const ParserProblem = Type.Object({
  code: Type.String(),
  line: Type.Integer(),
  column: Type.Integer(),
  message: Type.String(),
});
export type ParserProblem = Static<typeof ParserProblem>;

/** What became of one line. */
export const TriedLine = Type.Object({
  line: Type.String(),
  /** `null` where it is not understood. */
  event: orNull(Type.Unknown()),
  why: orNull(Type.String()),
  /** Where it ends to fit, from 1, and what should stand there. */
  stopsAt: orNull(Type.Object({ column: Type.Integer(), part: Type.String() })),
  /** Values that no field took. */
  left: Type.Array(Type.Object({ name: Type.String(), field: Type.String(), why: Type.String() })),
});
export type TriedLine = Static<typeof TriedLine>;

export const ParserTrialAnswer = Type.Object({
  /** As the text has it; empty where it has none. */
  name: Type.String(),
  problems: Type.Array(ParserProblem),
  /** What its author should know, though it is no fault. */
  remarks: Type.Array(ParserProblem),
  samples: Type.Integer(),
  /** Empty where the text cannot be used at all. */
  lines: Type.Array(TriedLine),
});
export type ParserTrialAnswer = Static<typeof ParserTrialAnswer>;

/** `PUT /api/v1/parsers/:name` */
export const ParserWrite = Type.Object(
  {
    yaml: Yaml,
    /** The version that was looked at; 0: there must be none. */
    expected: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  strict,
);
export type ParserWrite = Static<typeof ParserWrite>;

/** The answer to a change: what is in force, and the policies that were signed anew with it. */
export const ParserChanged = Type.Object({
  parser: ParserRow,
  policies: Type.Array(Type.Object({ group: Type.String(), version: Type.Integer() })),
  /** Groups that have no policy: it goes there with their first one. */
  waiting: Type.Array(Type.String()),
});
export type ParserChanged = Static<typeof ParserChanged>;

/** `PUT /api/v1/parsers/:name/groups` */
export const ParserGroups = Type.Object({ groups: Groups }, strict);
export type ParserGroups = Static<typeof ParserGroups>;

/** `GET /api/v1/parsers/not-understood`: what no parser made an event of in the last day, by source. */
export const NotUnderstood = Type.Object({
  sources: Type.Array(
    Type.Object({
      source: Type.String(),
      agency: Type.String(),
      count: Type.Integer(),
      /** A few lines, each of another form as far as can be told. */
      lines: Type.Array(Type.String()),
    }),
  ),
  /** False where only the newest were looked at. */
  complete: Type.Boolean(),
});
export type NotUnderstood = Static<typeof NotUnderstood>;
