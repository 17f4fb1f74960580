/** A parsed JSON object, its keys not yet trusted. */
export type JsonObject = Record<string, unknown>;

const MAX_DEPTH = 24;
const MAX_VALUES = 10_000;
// The key itself, or an escape that could spell one of its letters.
const UNSAFE = /__proto__|\\u00[5-7]/;

/** Says whether a value is a plain JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Walks a value; the number of values left of the allowance, negative where it is too deep or too large. */
function walk(value: unknown, depth: number, left: number, unsafe: boolean): number {
  if (typeof value !== 'object' || value === null) return left - 1;
  if (depth > MAX_DEPTH) return -1;
  let rest = left - 1;
  if (Array.isArray(value)) {
    for (const each of value) {
      rest = walk(each, depth + 1, rest, unsafe);
      if (rest < 0) return rest;
    }
    return rest;
  }
  if (unsafe && Object.hasOwn(value, '__proto__')) Reflect.deleteProperty(value, '__proto__');
  for (const key in value) {
    rest = walk((value as JsonObject)[key], depth + 1, rest, unsafe);
    if (rest < 0) return rest;
  }
  return rest;
}

/**
 * Parses a line that is one JSON object; undefined where it is not, or is nested deeper than 24 levels or holds more
 * than 10,000 values. A key `__proto__` is left out.
 */
export function parseObject(text: string): JsonObject | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(parsed)) return undefined;
  return walk(parsed, 0, MAX_VALUES, UNSAFE.test(text)) < 0 ? undefined : parsed;
}

/** Takes a string out of an object: gives it and deletes the key; other types stay. */
export function takeString(from: JsonObject, key: string): string | undefined {
  const value = from[key];
  if (typeof value !== 'string' || value === '') return undefined;
  delete from[key];
  return value;
}

/** Takes a finite number out of an object: gives it and deletes the key; other types stay. */
export function takeNumber(from: JsonObject, key: string): number | undefined {
  const value = from[key];
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  delete from[key];
  return value;
}

/** Takes a whole number not below zero, as counters are. */
export function takeCount(from: JsonObject, key: string): number | undefined {
  const value = from[key];
  return Number.isSafeInteger(value) && (value as number) >= 0 ? takeNumber(from, key) : undefined;
}

/** The object under a key; undefined where it is anything else. */
export function objectAt(from: JsonObject, key: string): JsonObject | undefined {
  const value = from[key];
  return isObject(value) ? value : undefined;
}

/** Drops a key whose object has been emptied. */
export function dropEmpty(from: JsonObject, key: string): void {
  const value = from[key];
  if (isObject(value) && Object.keys(value).length === 0) delete from[key];
}

/** The object without its undefined values; undefined where none are left. */
export function compact<T extends JsonObject>(fields: T): T | undefined {
  let kept = 0;
  for (const key of Object.keys(fields)) {
    if (fields[key] === undefined) delete fields[key];
    else kept++;
  }
  return kept > 0 ? fields : undefined;
}
