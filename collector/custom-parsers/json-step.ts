import { isObject, type JsonObject, parseObject } from '../parsers/json-object.ts';
import type { Found, StepForm } from './step.ts';

const MOST_VALUES = 100;
const NO_OBJECT = 'it is no JSON object';

function isPlain(value: unknown): value is string | number | boolean {
  return (
    typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
  );
}

function valueAt(object: JsonObject, path: readonly string[]): Found {
  let at: unknown = object;
  for (const key of path) {
    if (!isObject(at) || !Object.hasOwn(at, key)) return undefined;
    at = at[key];
  }
  if (isPlain(at)) return at;
  return Array.isArray(at) ? at.slice(0, MOST_VALUES).filter(isPlain) : undefined;
}

/**
 * A JSON object: names are its keys, `user.id` the key `id` inside `user`; a key that itself has dots is found too. Bounds
 * are those of `parseObject`.
 */
export const jsonStep: StepForm = {
  names: [],
  open: true,
  bind(placeOf, asked) {
    const wanted = asked.map((name) => ({ name, path: name.split('.'), place: placeOf(name) }));
    return (text, found) => {
      const object = parseObject(text);
      if (!object) return NO_OBJECT;
      for (const { name, path, place } of wanted) {
        const value = valueAt(object, path) ?? (path.length > 1 ? valueAt(object, [name]) : undefined);
        if (value !== undefined) found[place] = value;
      }
      return undefined;
    };
  },
};
