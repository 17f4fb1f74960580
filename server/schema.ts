import { type Static, Type } from 'typebox';

/** RFC 9457 problem document; `code` is one of `server/errors.ts`, `advice` says what to do. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String(),
  detail: Type.String(),
  advice: Type.String(),
  /** Of a conflict, where it is known: the version that is there now. */
  current: Type.Optional(Type.Integer()),
});
export type Problem = Static<typeof Problem>;

export const Timestamp = Type.String({ format: 'date-time' });
export const Severity = Type.Enum(['informational', 'low', 'medium', 'high', 'critical']);
export const Language = Type.Enum(['vi', 'en', 'km']);

/** A document of free form: an ECS event. */
export const Document = Type.Record(Type.String(), Type.Unknown());
