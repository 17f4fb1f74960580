import { type Static, Type } from 'typebox';
import { Document, Timestamp } from '../schema.ts';

/** Query and range of every question about events: a KQL error answers 400 `HD_KQL_SYNTAX` with `detail` naming the column. */
const ASKED = {
  kql: Type.Optional(Type.String({ maxLength: 4000 })),
  /** ISO 8601 or `now-24h`; default the last 24 hours. */
  from: Type.Optional(Type.String({ maxLength: 40 })),
  to: Type.Optional(Type.String({ maxLength: 40 })),
};
/** A name that the client makes up, under which `GET /api/v1/events/progress` tells how far the question has come. */
const SEARCH_NAME = Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{8,40}$' }));
/** The limit that ended a question early. */
const Stop = Type.Optional(Type.Enum(['time', 'rows', 'documents']));
const FieldName = Type.String({ minLength: 1, maxLength: 300 });

/** `GET /api/v1/events?kql=&from=&to=&limit=&after=&search=` */
export const EventSearchQuery = Type.Object({
  ...ASKED,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  after: Type.Optional(Type.String({ maxLength: 200 })),
  search: SEARCH_NAME,
});
export const EventSearchPage = Type.Object({
  events: Type.Array(Type.Object({ id: Type.String(), event: Document })),
  next: Type.Union([Type.String(), Type.Null()]),
  complete: Type.Boolean(),
  stopped: Stop,
  /** Where the search stopped early: all events from here to the end of the range were looked at. */
  reached: Type.Optional(Timestamp),
});
export type EventSearchPage = Static<typeof EventSearchPage>;

/** `GET /api/v1/events/histogram?kql=&from=&to=&buckets=&by=&values=&search=`; `by` divides it by the values of a field. */
export const HistogramQuery = Type.Object({
  ...ASKED,
  buckets: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 60 })),
  by: Type.Optional(FieldName),
  values: Type.Optional(Type.Integer({ minimum: 1, maximum: 20, default: 5 })),
  search: SEARCH_NAME,
});
export const HistogramAnswer = Type.Object({
  from: Type.String(),
  to: Type.String(),
  intervalSeconds: Type.Integer(),
  buckets: Type.Array(Type.Object({ start: Type.String(), count: Type.Integer() })),
  total: Type.Integer(),
  complete: Type.Boolean(),
  stopped: Stop,
  /** Most events of one export: what is more cannot be taken out at once. */
  exportLimit: Type.Optional(Type.Integer()),
  /** With `by`: for each bucket in order, the events of each value, of other values, and without a value. */
  stack: Type.Optional(
    Type.Object({
      field: Type.String(),
      values: Type.Array(Type.String()),
      buckets: Type.Array(
        Type.Object({ counts: Type.Array(Type.Integer()), other: Type.Integer(), absent: Type.Integer() }),
      ),
    }),
  ),
});
export type HistogramAnswer = Static<typeof HistogramAnswer>;

/** `GET /api/v1/events/fields?kql=&from=&to=&sample=`: which fields the newest events have. */
export const FieldsQuery = Type.Object({
  ...ASKED,
  sample: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 1000 })),
});
export const FieldsAnswer = Type.Object({
  fields: Type.Array(
    Type.Object({
      name: Type.String(),
      /** Events that have it, of those read. */
      events: Type.Integer(),
      /** Its type in ECS; absent for fields of a source's own. */
      type: Type.Optional(Type.String()),
    }),
  ),
  looked: Type.Integer(),
  complete: Type.Boolean(),
});
export type FieldsAnswer = Static<typeof FieldsAnswer>;

/** `GET /api/v1/events/values?field=&kql=&from=&to=&limit=&search=`: the most frequent values of a field. */
export const ValuesQuery = Type.Object({
  ...ASKED,
  field: FieldName,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 10 })),
  search: SEARCH_NAME,
});
export const ValuesAnswer = Type.Object({
  field: Type.String(),
  values: Type.Array(Type.Object({ value: Type.String(), count: Type.Integer() })),
  other: Type.Integer(),
  absent: Type.Integer(),
  looked: Type.Integer(),
  complete: Type.Boolean(),
  stopped: Stop,
  approximate: Type.Optional(Type.Boolean()),
});
export type ValuesAnswer = Static<typeof ValuesAnswer>;

/** `GET /api/v1/events/suggest?prefix=&field=&from=&to=`: names of fields that begin so or, with `field`, its values. */
export const SuggestQuery = Type.Object({
  from: ASKED.from,
  to: ASKED.to,
  field: Type.Optional(FieldName),
  prefix: Type.Optional(Type.String({ maxLength: 300, default: '' })),
});
export const SuggestAnswer = Type.Object({ suggestions: Type.Array(Type.String()) });
export type SuggestAnswer = Static<typeof SuggestAnswer>;

/** `GET /api/v1/events/progress?search=`: how far the questions of this name have come, this user's own only. */
export const ProgressQuery = Type.Object({ search: Type.String({ pattern: '^[A-Za-z0-9_-]{8,40}$' }) });
export const ProgressAnswer = Type.Object({
  running: Type.Boolean(),
  /** Part of the time range that is done, 0 to 1. */
  done: Type.Number(),
  rows: Type.Integer(),
  documents: Type.Integer(),
});
export type ProgressAnswer = Static<typeof ProgressAnswer>;

/** `GET /api/v1/events/export?format=&kql=&from=&to=&fields=`: all events found, as a file. */
export const ExportQuery = Type.Object({
  ...ASKED,
  format: Type.Enum(['csv', 'ndjson']),
  /** Columns of a CSV, by commas. */
  fields: Type.Optional(Type.String({ minLength: 1, maxLength: 4000 })),
});

/** `GET /api/v1/events/:id` */
export const EventAnswer = Type.Object({ id: Type.String(), event: Document });
export type EventAnswer = Static<typeof EventAnswer>;

/** A search to be kept; `from` and `to` as `now-24h` stay relative. */
export const NewSavedSearch = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 120 }),
    kql: Type.String({ maxLength: 4000 }),
    from: Type.String({ minLength: 1, maxLength: 40 }),
    to: Type.String({ minLength: 1, maxLength: 40 }),
    /** The field that divides the histogram. */
    by: Type.Union([FieldName, Type.Null()]),
    /** Seen by all who may see at least what the owner may. */
    shared: Type.Boolean(),
  },
  { additionalProperties: false },
);
export type NewSavedSearch = Static<typeof NewSavedSearch>;

/** `PUT /api/v1/searches/:id`: the whole search, and the version that was looked at. */
export const ChangedSavedSearch = Type.Object(
  { ...NewSavedSearch.properties, version: Type.Integer({ minimum: 1 }) },
  { additionalProperties: false },
);
export type ChangedSavedSearch = Static<typeof ChangedSavedSearch>;

export const SavedSearch = Type.Object({
  ...NewSavedSearch.properties,
  id: Type.String(),
  version: Type.Integer(),
  owner: Type.String(),
  /** Whether it is the reader's own. */
  own: Type.Boolean(),
  canChange: Type.Boolean(),
  updatedAt: Timestamp,
});
export type SavedSearch = Static<typeof SavedSearch>;

/** `GET /api/v1/searches`: own ones first, then those of others, each by name. */
export const SavedSearches = Type.Object({ searches: Type.Array(SavedSearch) });
export type SavedSearches = Static<typeof SavedSearches>;
