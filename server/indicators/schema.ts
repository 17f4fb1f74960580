import { type Static, Type } from 'typebox';
import { Severity } from '../schema.ts';

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Type.Union([type, Type.Null()]);
const Count = Type.Integer({ minimum: 0 });
const Tlp = Type.Enum(['clear', 'green', 'amber', 'amber+strict', 'red']);
const Format = Type.Enum(['stix', 'misp', 'csv']);

/** A list of indicators as it is shown; its rule's page tells how it fares. */
export const IndicatorList = Type.Object({
  id: Type.String(),
  /** The rule that stands for it. */
  rule: Type.String(),
  name: Type.String(),
  source: Type.String(),
  tlp: Tlp,
  severity: Severity,
  format: Format,
  count: Count,
  refused: Count,
  skipped: Count,
  /** When the last of its indicators ends. */
  expires: Nullable(Type.String()),
  at: Type.String(),
  by: Type.String(),
  /** Why it is not looked for, where it is not. */
  problem: Nullable(Type.String()),
});
export type IndicatorList = Static<typeof IndicatorList>;

/** `GET /api/v1/indicators` */
export const IndicatorLists = Type.Object({
  lists: Type.Array(IndicatorList),
  /** Indicators in force, and the memory that they take, bytes. */
  indicators: Count,
  bytes: Count,
});
export type IndicatorLists = Static<typeof IndicatorLists>;

/** What is said about a list when it is imported. */
export const ListOptions = Type.Object(
  {
    /** An existing list's id has it replaced. */
    id: Type.Optional(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,47}$' })),
    name: Type.String({ minLength: 1, maxLength: 100 }),
    source: Type.String({ minLength: 1, maxLength: 200 }),
    format: Type.Optional(Format),
    tlp: Type.Optional(Tlp),
    severity: Type.Optional(Severity),
    /** Days until indicators end that do not say it themselves. */
    days: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650 })),
    confidence: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
  },
  { additionalProperties: false },
);
export type ListOptions = Static<typeof ListOptions>;

/** `POST /api/v1/indicators/imports`: from the server's own disk, over the control socket alone. */
export const ListPath = Type.Object(
  { ...ListOptions.properties, path: Type.String({ minLength: 1, maxLength: 4_000 }) },
  { additionalProperties: false },
);

/** An import of a list: it is in force when the state is `done`. */
export const ListImport = Type.Object({
  id: Type.String(),
  list: Type.String(),
  from: Type.String(),
  state: Type.Enum(['running', 'done', 'failed', 'cancelled']),
  startedAt: Type.String(),
  /** Indicators read. */
  done: Count,
  count: Count,
  refused: Count,
  skipped: Count,
  /** The first of what was refused: the line, or the number of the object. */
  problems: Type.Array(Type.Object({ at: Type.Integer(), what: Type.String() })),
  error: Nullable(Type.String()),
});
export type ListImport = Static<typeof ListImport>;
