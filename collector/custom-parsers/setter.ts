import type { JsonObject } from '../parsers/json-object.ts';

/** Sets one field of an event; its parents are made on the way. */
export type Setter = (event: JsonObject, value: unknown) => void;

/** Compiles the setting of a dotted name, whose parents hold objects or nothing. */
export function compileSetter(name: string): Setter {
  const path = name.split('.');
  const [first = '', second = '', third = ''] = path;
  if (path.length === 1) {
    return (event, value) => {
      event[first] = value;
    };
  }
  if (path.length === 2) {
    return (event, value) => {
      inner(event, first)[second] = value;
    };
  }
  if (path.length === 3) {
    return (event, value) => {
      inner(inner(event, first), second)[third] = value;
    };
  }
  const last = path.at(-1) as string;
  const parents = path.slice(0, -1);
  return (event, value) => {
    let at = event;
    for (const parent of parents) at = inner(at, parent);
    at[last] = value;
  };
}

function inner(event: JsonObject, name: string): JsonObject {
  const known = event[name];
  if (typeof known === 'object' && known !== null) return known as JsonObject;
  const made: JsonObject = {};
  event[name] = made;
  return made;
}
