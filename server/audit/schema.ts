import { type Static, Type } from 'typebox';

/** `GET /api/v1/audit`: filters; `act` is a whole act or the beginning of one, like `user.`. */
export const AuditQuery = Type.Object({
  actor: Type.Optional(Type.String({ minLength: 1, maxLength: 300 })),
  act: Type.Optional(Type.String({ pattern: '^[a-z][a-z.-]{0,99}$' })),
  /** ISO 8601, both. */
  from: Type.Optional(Type.String({ maxLength: 40 })),
  to: Type.Optional(Type.String({ maxLength: 40 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
  after: Type.Optional(Type.String({ maxLength: 1_000 })),
});
export type AuditQuery = Static<typeof AuditQuery>;

/** One act: who did what to what. */
export const AuditEntry = Type.Object({
  id: Type.String(),
  at: Type.String(),
  actor: Type.String(),
  act: Type.String(),
  target: Type.String(),
  detail: Type.Record(Type.String(), Type.Unknown()),
  /** Its place in the signed log of a server; absent of acts from before there was one. */
  chain: Type.Optional(Type.String()),
  number: Type.Optional(Type.Integer()),
});
export type AuditEntry = Static<typeof AuditEntry>;

/** Newest first; `next` goes on where this page ends, and may come with a page that is empty after filtering. */
export const AuditPage = Type.Object({
  entries: Type.Array(AuditEntry),
  next: Type.Union([Type.String(), Type.Null()]),
});
export type AuditPage = Static<typeof AuditPage>;
