/**
 * Fields of few values. Their values together are one entry of the day's dictionary, the event's *shape*: a row holds
 * one number for all of them, and a condition on them is decided once a shape instead of once an event.
 */
export const SHAPE_FIELDS = [
  'organization.id',
  'agent.id',
  'haidang.source',
  'event.kind',
  'event.module',
  'event.dataset',
  'event.category',
  'event.type',
  'event.action',
  'event.outcome',
  'event.severity',
  'log.level',
  'http.request.method',
  'http.response.status_code',
  'network.transport',
] as const;

/** How many of `SHAPE_FIELDS`, from the first, the server itself sets. */
export const SHAPE_FIELDS_OF_SERVER = 3;

/** Fields of many values that are asked for often: each is a column, its values are numbers in the day's dictionary. */
export const COLUMN_FIELDS = [
  { field: 'host.name', column: 'host' },
  { field: 'process.name', column: 'process' },
  { field: 'source.ip', column: 'source_ip' },
  { field: 'destination.ip', column: 'destination_ip' },
  { field: 'user.name', column: 'user' },
] as const;

export type ColumnName = (typeof COLUMN_FIELDS)[number]['column'];

/** Dictionary number of an absent value. */
export const ABSENT = 0;
/** Dictionary number of a value that is not in the dictionary (too long, an object, dictionary full): may be anything. */
export const UNKNOWN = 1;
/** First number given to a value. */
export const FIRST_TERM = 2;

/** Fields that the server sets or checks itself; nobody asks the word index for them. */
export const SERVER_FIELDS = ['agent.type', 'event.ingested', 'event.id', '@timestamp'] as const;

const notInWords: ReadonlySet<string> = new Set([
  ...SHAPE_FIELDS,
  ...COLUMN_FIELDS.map(({ field }) => field),
  ...SERVER_FIELDS,
]);

/** Fields whose texts are searched for parts of words: commands, paths and addresses. */
export const GRAM_FIELDS = [
  'process.command_line',
  'process.parent.command_line',
  'process.executable',
  'process.parent.executable',
  'url.original',
  'url.full',
  'url.path',
  'url.query',
  'url.domain',
  'file.path',
  'registry.path',
  'dns.question.name',
] as const;

/** Events that share a row of the indexes of words and of parts of words have sequences less than this apart. */
export const BLOCK = 64;

/** Whether the words of a field's text are in the day's word index; the others are columns, or set by the server. */
export function isInWordIndex(field: string): boolean {
  return !field.includes('*') && !notInWords.has(field);
}

const LONGEST_TERM = 256;

/** A value as the dictionary keeps it (JSON); `undefined` where it is absent, `null` where the dictionary cannot hold it. */
export function termOf(value: unknown): string | null | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return value.length > LONGEST_TERM ? null : JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return JSON.stringify(value);
  if (!Array.isArray(value) || value.length > 16) return null;
  if (!value.every((element) => element === null || typeof element !== 'object')) return null;
  const json = JSON.stringify(value);
  return json.length > LONGEST_TERM ? null : json;
}

/** An event that holds one field alone, to decide a condition on it. */
export function eventWith(values: Iterable<readonly [field: string, value: unknown]>): object {
  const event: Record<string, unknown> = {};
  for (const [field, value] of values) {
    if (value === undefined) continue;
    const keys = field.split('.');
    const last = keys.pop() ?? field;
    let at = event;
    for (const key of keys) {
      at[key] ??= {};
      at = at[key] as Record<string, unknown>;
    }
    at[last] = value;
  }
  return event;
}
