import { type Static, Type } from 'typebox';
import { Tlp } from '../incidents/schema.ts';
import { Severity, Timestamp } from '../schema.ts';

const Nullable = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) => Type.Union([schema, Type.Null()]);

export const ReportedState = Type.Enum(['new', 'open', 'closed', 'revoked']);

/** What the center asks of a province. */
export const NationalTaskRow = Type.Object({
  id: Type.String(),
  by: Type.String(),
  at: Type.String(),
  title: Type.String(),
  text: Type.String(),
  due: Nullable(Type.String()),
  /** Whether it lies in the collection that the province polls. */
  sent: Type.Boolean(),
  withdrawn: Nullable(Type.Object({ by: Type.String(), at: Type.String(), reason: Type.String() })),
  answer: Nullable(Type.Object({ at: Type.String(), text: Type.String() })),
});
export type NationalTaskRow = Static<typeof NationalTaskRow>;

/** One incident of one province. */
export const BoardRow = Type.Object({
  id: Type.String(),
  province: Type.String(),
  provinceName: Type.String(),
  kind: Type.Enum(['incident', 'report']),
  /** What the province calls it. */
  reference: Nullable(Type.String()),
  title: Type.String(),
  severity: Nullable(Severity),
  state: ReportedState,
  rsit: Nullable(Type.String()),
  tlp: Nullable(Tlp),
  detectedAt: Nullable(Type.String()),
  closedAt: Nullable(Type.String()),
  /** `modified` of its latest version. */
  version: Type.String(),
  firstAt: Type.String(),
  lastAt: Type.String(),
  updatedAt: Type.String(),
  acknowledgement: Nullable(
    Type.Object({
      by: Type.String(),
      at: Type.String(),
      text: Type.String(),
      /** Whether it is of the latest version. */
      current: Type.Boolean(),
      sent: Type.Boolean(),
    }),
  ),
  openTasks: Type.Integer(),
  due: Nullable(Type.String()),
});
export type BoardRow = Static<typeof BoardRow>;

/** `GET /api/v1/national/board`: changed last first. */
export const BoardQuery = Type.Object({
  province: Type.Optional(Type.String({ maxLength: 64 })),
  severity: Type.Optional(Severity),
  state: Type.Optional(ReportedState),
  /** `new`: nobody looked at it; `seen`: somebody acknowledged it; `asked`: a task has no answer. */
  show: Type.Optional(Type.Enum(['all', 'new', 'seen', 'asked'])),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
  after: Type.Optional(Type.String({ maxLength: 500 })),
});
export const Board = Type.Object({
  incidents: Type.Array(BoardRow),
  next: Nullable(Type.String()),
  total: Type.Integer(),
  counts: Type.Object({ all: Type.Integer(), new: Type.Integer(), seen: Type.Integer(), asked: Type.Integer() }),
  provinces: Type.Array(Type.Object({ account: Type.String(), name: Type.String() })),
});
export type Board = Static<typeof Board>;

/** `GET /api/v1/national/board/:id` */
export const BoardDetail = Type.Object({
  incident: BoardRow,
  summary: Type.String(),
  systems: Type.Array(Type.Object({ name: Type.String(), level: Type.Integer() })),
  tasks: Type.Array(NationalTaskRow),
  /** As the province sent it, the latest first; the last 50. */
  versions: Type.Array(
    Type.Object({
      version: Type.String(),
      at: Type.String(),
      title: Type.String(),
      severity: Nullable(Severity),
      state: ReportedState,
    }),
  ),
  /** What the report around it holds; the first 500. */
  objects: Type.Array(
    Type.Object({
      id: Type.String(),
      type: Type.String(),
      name: Type.String(),
      tlp: Nullable(Type.String()),
      revoked: Type.Boolean(),
    }),
  ),
  /** Its indicators, each with everybody who met it. */
  indicators: Type.Array(
    Type.Object({
      type: Type.String(),
      value: Type.String(),
      seen: Type.Array(
        Type.Object({
          province: Type.String(),
          provinceName: Type.String(),
          first: Type.String(),
          last: Type.String(),
        }),
      ),
    }),
  ),
});
export type BoardDetail = Static<typeof BoardDetail>;

export const BoardParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
export const BoardTaskParams = Type.Object({
  ...BoardParams.properties,
  task: Type.String({ minLength: 1, maxLength: 64 }),
});

/** `POST …/acknowledge` */
export const AcknowledgeReport = Type.Object(
  {
    /** Of the incident that was looked at. */
    version: Type.String({ maxLength: 40 }),
    text: Type.Optional(Type.String({ maxLength: 2_000 })),
  },
  { additionalProperties: false },
);
/** `POST …/tasks` */
export const NewNationalTask = Type.Object(
  {
    title: Type.String({ minLength: 1, maxLength: 300 }),
    text: Type.Optional(Type.String({ maxLength: 4_000 })),
    due: Type.Optional(Nullable(Timestamp)),
  },
  { additionalProperties: false },
);
/** `POST …/tasks/:task/withdraw` */
export const WithdrawTask = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 2_000 }) },
  { additionalProperties: false },
);

/** `GET /api/v1/national/indicators`: met last first. */
export const NationalIndicatorQuery = Type.Object({
  /** Those alone that several provinces met. */
  shared: Type.Optional(Type.Boolean({ default: false })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
  after: Type.Optional(Type.String({ maxLength: 500 })),
});
export const NationalIndicators = Type.Object({
  indicators: Type.Array(
    Type.Object({
      type: Type.String(),
      value: Type.String(),
      tlp: Nullable(Tlp),
      firstAt: Type.String(),
      lastAt: Type.String(),
      seen: Type.Array(
        Type.Object({
          province: Type.String(),
          provinceName: Type.String(),
          first: Type.String(),
          last: Type.String(),
        }),
      ),
    }),
  ),
  next: Nullable(Type.String()),
  total: Type.Integer(),
});
export type NationalIndicators = Static<typeof NationalIndicators>;

/** A province and the collection that it polls. */
export const ProvinceRow = Type.Object({
  account: Type.String(),
  name: Type.String(),
  root: Type.String(),
  /** Id and alias of the collection with what is for it alone. */
  collection: Type.String(),
  alias: Type.String(),
});
export type ProvinceRow = Static<typeof ProvinceRow>;
export const ProvinceList = Type.Object({ provinces: Type.Array(ProvinceRow) });
export type ProvinceList = Static<typeof ProvinceList>;
export const ProvinceParams = Type.Object({ account: Type.String({ minLength: 1, maxLength: 64 }) });
export const NameProvince = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 200 }) },
  { additionalProperties: false },
);
