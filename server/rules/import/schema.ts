import { type Static, Type } from 'typebox';
import { Severity } from '../../schema.ts';

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Type.Union([type, Type.Null()]);
const Count = Type.Integer({ minimum: 0 });

/** One rule of an import, or one thing wrong in it. */
export const ImportRow = Type.Object({
  id: Nullable(Type.String()),
  title: Type.String(),
  level: Nullable(Severity),
  /** Inside of what was imported. */
  file: Type.String(),
  line: Type.Integer(),
  column: Type.Integer(),
  /** `no-data`: it would run, and no event so far could match it. `present`: a rule of this id is there already. */
  state: Type.Enum(['runs', 'no-data', 'present', 'refused']),
  reasons: Type.Array(Type.Enum(['source-never', 'field-never', 'field-unknown', 'same', 'other-wording'])),
  /** Fields that it asks for and no event had. */
  fields: Type.Array(Type.String()),
  /** Of `refused`. */
  code: Nullable(Type.String()),
  message: Nullable(Type.String()),
  /** It takes the place of an earlier import of the same id. */
  replaces: Type.Boolean(),
});
export type ImportRow = Static<typeof ImportRow>;

/** How many of each state. */
export const ImportCounts = Type.Object({ runs: Count, 'no-data': Count, present: Count, refused: Count });
export type ImportCounts = Static<typeof ImportCounts>;

/** An import of rules: what was read, and what came of it. Nothing is in force before it is taken over. */
export const ImportJob = Type.Object({
  id: Type.String(),
  /** The path, or the name of the file that was sent. */
  from: Type.String(),
  state: Type.Enum(['running', 'ready', 'taking', 'taken', 'failed', 'cancelled']),
  by: Type.String(),
  startedAt: Type.String(),
  progress: Type.Object({ files: Count, done: Count }),
  counts: Nullable(ImportCounts),
  /** Events that were looked at to tell what has data. */
  looked: Count,
  /** How many were taken over, and as what. */
  taken: Nullable(Type.Object({ rules: Count, as: Type.Enum(['draft', 'enabled']) })),
  error: Nullable(Type.String()),
});
export type ImportJob = Static<typeof ImportJob>;

/** `POST /api/v1/rules/imports`: from the server's own disk, over the control socket alone. */
export const ImportPath = Type.Object(
  { path: Type.String({ minLength: 1, maxLength: 4_000 }) },
  { additionalProperties: false },
);

/** `GET /api/v1/rules/imports/report` */
export const ImportQuestion = Type.Object(
  {
    state: Type.Optional(Type.Enum(['runs', 'no-data', 'present', 'refused'])),
    offset: Type.Integer({ minimum: 0, maximum: 1_000_000, default: 0 }),
    limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 200 }),
  },
  { additionalProperties: false },
);
export const ImportReport = Type.Object({ total: Count, rows: Type.Array(ImportRow) });
export type ImportReport = Static<typeof ImportReport>;

/** Which rules are taken over, and how. */
export const TakeOver = Type.Object(
  {
    as: Type.Enum(['draft', 'enabled']),
    states: Type.Array(Type.Enum(['runs', 'no-data']), { minItems: 1, maxItems: 2, uniqueItems: true }),
    /** These alone. */
    ids: Type.Optional(Type.Array(Type.String({ maxLength: 200 }), { minItems: 1, maxItems: 10_000 })),
    /** Needed for `enabled`: the rules were not tested here. */
    reason: Type.Optional(Type.String({ minLength: 3, maxLength: 1_000 })),
  },
  { additionalProperties: false },
);
export type TakeOver = Static<typeof TakeOver>;
