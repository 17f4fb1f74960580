import { type Static, Type } from 'typebox';
import { Custody } from '../incidents/schema.ts';
import { Timestamp } from '../schema.ts';

const Nullable = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) => Type.Union([schema, Type.Null()]);
const Id = Type.String({ minLength: 1, maxLength: 100 });
const Text = Type.String({ minLength: 1, maxLength: 10_000 });

export const RequestState = Type.Enum(['asked', 'read', 'overdue', 'answered', 'closed']);
export const RequestSide = Type.Enum(['asker', 'agency']);

/** One line of the list of requests. */
export const RequestRow = Type.Object({
  id: Type.String(),
  agency: Type.String(),
  agencyName: Type.String(),
  /** Null where there is none, or the reader may not see it. */
  incident: Nullable(Type.String()),
  alert: Nullable(Type.String()),
  subject: Type.String(),
  state: RequestState,
  /** On which side the reader stands. */
  side: RequestSide,
  due: Type.String(),
  askedAt: Type.String(),
  askedBy: Type.String(),
  readAt: Nullable(Type.String()),
  answeredAt: Nullable(Type.String()),
  /** Answered after it was due. */
  late: Type.Boolean(),
  closedAt: Nullable(Type.String()),
  updatedAt: Type.String(),
  files: Type.Integer(),
});
export type RequestRow = Static<typeof RequestRow>;

/** `GET /api/v1/requests?state=asked,read&incident=&alert=&agency=&limit=&after=`: what is due first comes first. */
export const RequestListQuery = Type.Object({
  state: Type.Optional(Type.String({ maxLength: 100 })),
  incident: Type.Optional(Type.String({ maxLength: 100 })),
  alert: Type.Optional(Type.String({ maxLength: 100 })),
  agency: Type.Optional(Type.String({ maxLength: 64 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
  after: Type.Optional(Type.String({ maxLength: 500 })),
});
export const RequestList = Type.Object({
  requests: Type.Array(RequestRow),
  next: Nullable(Type.String()),
  total: Type.Integer(),
});
export type RequestList = Static<typeof RequestList>;

/** `GET /api/v1/requests/:id` */
export const RequestDetail = Type.Object({
  request: RequestRow,
  messages: Type.Array(
    Type.Object({
      id: Type.String(),
      at: Type.String(),
      by: Type.String(),
      side: RequestSide,
      kind: Type.Enum(['question', 'answer', 'again']),
      text: Type.String(),
    }),
  ),
  files: Type.Array(
    Type.Object({
      id: Type.String(),
      at: Type.String(),
      by: Type.String(),
      name: Type.String(),
      bytes: Type.Integer(),
      sha256: Type.String(),
      /** It is evidence of the incident; where the reader may not see that one, only that it is. */
      placed: Type.Boolean(),
      custody: Type.Array(Custody),
      custodyHolds: Type.Boolean(),
    }),
  ),
  closeNote: Type.String(),
  closedBy: Nullable(Type.String()),
  readBy: Nullable(Type.String()),
  /** Accounts of the role agency officer that see it; for those who ask alone. */
  officers: Nullable(Type.Integer()),
});
export type RequestDetail = Static<typeof RequestDetail>;

/** `POST /api/v1/requests`: to an agency, about an incident or an alert. */
export const NewRequest = Type.Object(
  {
    agency: Type.String({ minLength: 1, maxLength: 64 }),
    incident: Type.Optional(Id),
    alert: Type.Optional(Id),
    subject: Type.String({ minLength: 1, maxLength: 300 }),
    text: Text,
    due: Timestamp,
  },
  { additionalProperties: false },
);
export type NewRequest = Static<typeof NewRequest>;

/** `POST /api/v1/requests/:id/answer` */
export const RequestAnswer = Type.Object({ text: Text }, { additionalProperties: false });
/** `POST /api/v1/requests/:id/again`: what is still open, until when. */
export const RequestAgain = Type.Object({ text: Text, due: Timestamp }, { additionalProperties: false });
/** `POST /api/v1/requests/:id/close` */
export const RequestClosing = Type.Object({ note: Type.String({ maxLength: 4_000 }) }, { additionalProperties: false });
