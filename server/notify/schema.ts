import { type Static, Type } from 'typebox';
import { Language } from '../schema.ts';

const Nullable = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) => Type.Union([schema, Type.Null()]);
export const NoticeKindName = Type.Enum(['clock', 'alert', 'collector', 'request', 'sharing', 'test']);
export const NoticeLevelName = Type.Enum(['info', 'warning', 'critical']);

const NoticeText = Type.Object({ title: Type.String(), text: Type.String() });
const texts = Type.Object({ vi: NoticeText, en: NoticeText, km: NoticeText });

/** A notice as the person reads it whom it is for. */
export const NoticeRow = Type.Object({
  id: Type.String(),
  kind: NoticeKindName,
  level: NoticeLevelName,
  at: Type.String(),
  /** Where in the console to go. */
  path: Nullable(Type.String()),
  texts,
  readAt: Nullable(Type.String()),
});
export type NoticeRow = Static<typeof NoticeRow>;

/** `GET /api/v1/session/notices?limit=`: one's own, the newest first. */
export const NoticeQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
});
export const OwnNotices = Type.Object({ notices: Type.Array(NoticeRow), unread: Type.Integer() });
export type OwnNotices = Static<typeof OwnNotices>;

/** `POST /api/v1/session/notices/read`: those of these ids; without any, all. */
export const ReadNotices = Type.Object(
  { ids: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 300 }), { maxItems: 200 })) },
  { additionalProperties: false },
);
export type ReadNotices = Static<typeof ReadNotices>;

/** `GET`, `PUT /api/v1/session/notices/address`: how one hears of notices besides the console. */
export const NoticeAddress = Type.Object(
  {
    email: Nullable(Type.String({ minLength: 3, maxLength: 254 })),
    language: Language,
    /** The least level that comes by mail. */
    mailFrom: NoticeLevelName,
  },
  { additionalProperties: false },
);
export type NoticeAddress = Static<typeof NoticeAddress>;

/** `GET /api/v1/notices/people` (administrator) */
export const NoticePeople = Type.Object({
  people: Type.Array(Type.Object({ user: Type.String(), ...NoticeAddress.properties, onCall: Type.Boolean() })),
});
export type NoticePeople = Static<typeof NoticePeople>;

/** A notice with what became of it on each way. */
export const NoticeLogRow = Type.Object({
  id: Type.String(),
  kind: NoticeKindName,
  level: NoticeLevelName,
  at: Type.String(),
  path: Nullable(Type.String()),
  texts,
  people: Type.Array(Type.Object({ user: Type.String(), readAt: Nullable(Type.String()) })),
  deliveries: Type.Array(
    Type.Object({
      channel: Type.Enum(['email', 'webhook']),
      to: Type.String(),
      /** Of mail the address with its beginning alone, of a web hook the host. */
      address: Type.String(),
      state: Type.Enum(['waiting', 'delivered', 'dead']),
      attempts: Type.Integer(),
      dueAt: Nullable(Type.String()),
      problem: Nullable(Type.String()),
      deliveredAt: Nullable(Type.String()),
      answer: Nullable(Type.String()),
    }),
  ),
});
export type NoticeLogRow = Static<typeof NoticeLogRow>;

/** `GET /api/v1/notices?show=all|waiting|dead&limit=&after=` */
export const NoticeLogQuery = Type.Object({
  show: Type.Optional(Type.Enum(['all', 'waiting', 'dead'])),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
  after: Type.Optional(Type.String({ maxLength: 500 })),
});
export const NoticeLog = Type.Object({
  notices: Type.Array(NoticeLogRow),
  next: Nullable(Type.String()),
  waiting: Type.Integer(),
  dead: Type.Integer(),
  /** By what notices leave. */
  ways: Type.Object({
    mail: Nullable(Type.String()),
    webhooks: Type.Array(Type.Object({ id: Type.String(), host: Type.String() })),
    onCall: Type.Array(Type.String()),
  }),
});
export type NoticeLog = Static<typeof NoticeLog>;
