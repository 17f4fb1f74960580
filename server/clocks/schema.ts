import { type Static, Type } from 'typebox';
import { IncidentRow } from '../incidents/schema.ts';
import { Timestamp } from '../schema.ts';

const Nullable = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) => Type.Union([schema, Type.Null()]);
export const ClockStateName = Type.Enum([
  'running',
  'half',
  'urgent',
  'overdue',
  'met',
  'met-late',
  'waived',
  'needless',
]);
export const TermEndName = Type.Enum(['notice', 'report', 'follow-up', 'closed', 'hand']);
const Texts = Type.Object({ vi: Type.String(), en: Type.String(), km: Type.String() });
const Stages = Type.Object({ half: Type.String(), urgent: Type.String(), overdue: Type.String() });

/** One term of an incident at this moment. */
export const ClockRow = Type.Object({
  id: Type.String(),
  name: Texts,
  /** What ends it: a notice, a full report, a later one, the end of the incident, or a person's word alone. */
  until: TermEndName,
  /** Where it is written. */
  source: Type.String(),
  hours: Type.Number(),
  /** T0. */
  from: Type.String(),
  due: Type.String(),
  /** When people are warned, and when it is over. */
  stages: Stages,
  state: ClockStateName,
  met: Nullable(
    Type.Object({
      how: Type.Enum(['report', 'closed', 'hand']),
      at: Type.String(),
      /** Of `report`: to whom, and which version. */
      recipient: Type.Optional(Type.String()),
      number: Type.Optional(Type.Integer()),
      /** Of `hand`. */
      by: Type.Optional(Type.String()),
      reference: Type.Optional(Type.String()),
      note: Type.Optional(Type.String()),
    }),
  ),
  waived: Nullable(Type.Object({ by: Type.String(), at: Type.String(), note: Type.String() })),
});
export type ClockRow = Static<typeof ClockRow>;

/** `GET /api/v1/incidents/:id/clocks` */
export const IncidentClocks = Type.Object({ clocks: Type.Array(ClockRow) });
export type IncidentClocks = Static<typeof IncidentClocks>;

/** The report of a year. */
export const YearRow = Type.Object({
  year: Type.Integer(),
  name: Texts,
  source: Type.String(),
  from: Type.String(),
  due: Type.String(),
  stages: Stages,
  state: ClockStateName,
  mark: Nullable(
    Type.Object({
      act: Type.Enum(['met', 'waived']),
      at: Type.String(),
      by: Type.String(),
      reference: Type.String(),
      note: Type.String(),
    }),
  ),
});
export type YearRow = Static<typeof YearRow>;

/** `GET /api/v1/clocks?limit=&after=`: incidents of which a term runs, what is due first at first; and for the province the year's report. */
export const ClockQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
  after: Type.Optional(Type.String({ maxLength: 500 })),
});
export const ClockList = Type.Object({
  incidents: Type.Array(Type.Object({ incident: IncidentRow, clocks: Type.Array(ClockRow) })),
  years: Type.Array(YearRow),
  next: Nullable(Type.String()),
  total: Type.Integer(),
});
export type ClockList = Static<typeof ClockList>;

/** `POST /api/v1/incidents/:id/clocks/:clock`, `POST /api/v1/clocks/years/:year`: it was met elsewhere, is not owed, or neither any more. */
export const MarkClock = Type.Object(
  {
    act: Type.Enum(['met', 'waived', 'open']),
    /** Of `met`: when the report went. */
    at: Type.Optional(Timestamp),
    /** Number or stamp of what was sent. */
    reference: Type.Optional(Type.String({ maxLength: 200 })),
    note: Type.Optional(Type.String({ maxLength: 2_000 })),
  },
  { additionalProperties: false },
);
export type MarkClock = Static<typeof MarkClock>;
