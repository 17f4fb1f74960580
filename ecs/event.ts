/** A value inside an ECS document, as JSON allows it. */
export type EcsValue = string | number | boolean | null | readonly EcsValue[] | { readonly [field: string]: EcsValue };

/** One nested ECS document. `@timestamp` is ISO 8601 in UTC with milliseconds; `event.original` is the line as it came. */
export interface EcsEvent {
  '@timestamp': string;
  event: EcsEventFields;
  message?: string;
  [field: string]: unknown;
}

/** The `event.*` field set; what a parser does not know it leaves out. */
export interface EcsEventFields {
  id?: string;
  original?: string;
  kind?: 'alert' | 'event' | 'metric' | 'pipeline_error';
  module?: string;
  dataset?: string;
  category?: string[];
  type?: string[];
  action?: string;
  outcome?: 'success' | 'failure' | 'unknown';
  ingested?: string;
  [field: string]: unknown;
}

/**
 * Reads a dotted field name (`source.ip`) from an event. Nested objects are walked; a key that itself holds dots
 * (`{"source.ip": …}`) is found too. Returns undefined where the field is absent.
 */
export function readField(event: object, name: string): unknown {
  const own = (event as Record<string, unknown>)[name];
  if (own !== undefined || !name.includes('.')) return own;
  let at: unknown = event;
  let start = 0;
  while (start <= name.length) {
    if (at === null || typeof at !== 'object') return undefined;
    if (start > 0) {
      const rest = (at as Record<string, unknown>)[name.slice(start)];
      if (rest !== undefined) return rest;
    }
    const dot = name.indexOf('.', start);
    if (dot < 0) return undefined;
    at = (at as Record<string, unknown>)[name.slice(start, dot)];
    start = dot + 1;
  }
  return undefined;
}
