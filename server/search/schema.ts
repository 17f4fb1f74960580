import { type Static, Type } from 'typebox';
import { Document } from '../schema.ts';

/** `GET /api/v1/events?kql=&from=&to=&limit=&after=`; a KQL error answers 400 `HD_KQL_SYNTAX` with `detail` naming the column. */
export const EventSearchQuery = Type.Object({
  kql: Type.Optional(Type.String({ maxLength: 4000 })),
  /** ISO 8601 or `now-24h`; default the last 24 hours. */
  from: Type.Optional(Type.String({ maxLength: 40 })),
  to: Type.Optional(Type.String({ maxLength: 40 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  after: Type.Optional(Type.String({ maxLength: 200 })),
});
export const EventSearchPage = Type.Object({
  events: Type.Array(Type.Object({ id: Type.String(), event: Document })),
  next: Type.Union([Type.String(), Type.Null()]),
  complete: Type.Boolean(),
});
export type EventSearchPage = Static<typeof EventSearchPage>;

/** `GET /api/v1/events/histogram?kql=&from=&to=&buckets=` */
export const HistogramQuery = Type.Object({
  kql: Type.Optional(Type.String({ maxLength: 4000 })),
  from: Type.Optional(Type.String({ maxLength: 40 })),
  to: Type.Optional(Type.String({ maxLength: 40 })),
  buckets: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 60 })),
});
export const HistogramAnswer = Type.Object({
  from: Type.String(),
  to: Type.String(),
  intervalSeconds: Type.Integer(),
  buckets: Type.Array(Type.Object({ start: Type.String(), count: Type.Integer() })),
  total: Type.Integer(),
  complete: Type.Boolean(),
});
export type HistogramAnswer = Static<typeof HistogramAnswer>;

/** `GET /api/v1/events/:id` */
export const EventAnswer = Type.Object({ id: Type.String(), event: Document });
export type EventAnswer = Static<typeof EventAnswer>;
