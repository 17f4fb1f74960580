import { type Static, Type } from 'typebox';
import { Tlp } from '../incidents/schema.ts';
import { PROBLEM_KINDS, WARNING_KINDS } from './thread-calls.ts';

const Nullable = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) => Type.Union([schema, Type.Null()]);

/** A collection that is polled, and how it fares. */
export const SourceRow = Type.Object({
  id: Type.String(),
  name: Type.String(),
  root: Type.String(),
  collection: Type.String(),
  takes: Type.Array(Type.Enum(['indicators', 'advisories', 'tasks'])),
  answersTo: Nullable(Type.String()),
  everySeconds: Type.Integer(),
  askedAt: Nullable(Type.String()),
  answeredAt: Nullable(Type.String()),
  nextAt: Nullable(Type.String()),
  /** Why it did not work, and how often in a row. */
  problem: Nullable(Type.String()),
  /** The same in a word that a console can say in the reader's language. */
  problemKind: Nullable(Type.Enum([...PROBLEM_KINDS])),
  failures: Type.Integer(),
  warning: Nullable(Type.String()),
  warningKind: Nullable(Type.Enum([...WARNING_KINDS])),
  /** Lists of indicators that came of it. */
  lists: Type.Array(Type.Object({ id: Type.String(), tlp: Tlp, count: Type.Integer() })),
});
export type SourceRow = Static<typeof SourceRow>;

/** `GET /api/v1/inbound` */
export const InboundSources = Type.Object({ sources: Type.Array(SourceRow) });
export type InboundSources = Static<typeof InboundSources>;
export const SourceParams = Type.Object({ source: Type.String({ minLength: 1, maxLength: 64 }) });

/** A task, a remark, an advisory. */
export const InboundItem = Type.Object({
  id: Type.String(),
  source: Type.String(),
  sourceName: Type.String(),
  kind: Type.Enum(['task', 'acknowledgement', 'note', 'advisory']),
  incident: Nullable(Type.String()),
  title: Type.String(),
  text: Type.String(),
  tlp: Tlp,
  due: Nullable(Type.String()),
  link: Nullable(Type.String()),
  state: Type.Enum(['open', 'answered', 'withdrawn', 'listed']),
  publishedAt: Type.String(),
  receivedAt: Type.String(),
});
export type InboundItem = Static<typeof InboundItem>;

/** `GET /api/v1/inbound/items?show=open|tasks|advisories|messages`: came last first. */
export const InboundQuery = Type.Object({
  show: Type.Optional(Type.Enum(['open', 'tasks', 'advisories', 'messages', 'all'])),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
  after: Type.Optional(Type.String({ maxLength: 500 })),
});
export const InboundItems = Type.Object({
  items: Type.Array(InboundItem),
  next: Nullable(Type.String()),
  total: Type.Integer(),
  counts: Type.Object({ open: Type.Integer(), advisories: Type.Integer() }),
});
export type InboundItems = Static<typeof InboundItems>;

/** `GET /api/v1/inbound/items/:item`; the id is that of the source, a colon, and the STIX id. */
export const ItemParams = Type.Object({ item: Type.String({ minLength: 1, maxLength: 200 }) });

export const AnswerParams = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 100 }),
  task: Type.String({ minLength: 1, maxLength: 100 }),
});
/** `POST /api/v1/incidents/:id/tasks/:task/answer` */
export const AnswerTask = Type.Object(
  { text: Type.String({ minLength: 1, maxLength: 4_000 }) },
  { additionalProperties: false },
);
