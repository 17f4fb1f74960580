import { ALLOWED_VALUES, CUSTOM_ROOTS, fieldType } from '../../../ecs/fields.ts';

/** Every leaf of a document with its dotted name; an array gives each of its items under the same name. */
function leaves(value: unknown, name: string): (readonly [string, unknown])[] {
  if (Array.isArray(value)) return value.flatMap((each) => leaves(each, name));
  if (typeof value !== 'object' || value === null) return [[name, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, name === '' ? key : `${name}.${key}`));
}

/** What is wrong with a leaf by the ECS catalogue; undefined where nothing is. */
function problem(name: string, value: unknown): string | undefined {
  if (CUSTOM_ROOTS.has(name.slice(0, name.indexOf('.')))) return undefined;
  const type = fieldType(name);
  if (type === undefined) return `${name} is not an ECS field`;
  const numeric = ['long', 'integer', 'float', 'double', 'scaled_float'].includes(type);
  if (numeric !== (typeof value === 'number')) return `${name} is ${type}, the value is ${JSON.stringify(value)}`;
  if (type === 'date' && new Date(String(value)).toISOString() !== value) return `${name} is not a UTC time`;
  if (type === 'ip' && !/^[0-9a-f:.]+$/i.test(String(value))) return `${name} is not an address: ${value}`;
  const allowed = (ALLOWED_VALUES as Record<string, readonly string[]>)[name];
  return allowed && !allowed.includes(String(value)) ? `${name} cannot be ${value}` : undefined;
}

/** What is wrong with an event's fields by the ECS catalogue: names, types, values; one text a fault. */
export function ecsProblems(event: unknown): string[] {
  return leaves(event, '').flatMap(([name, value]) => problem(name, value) ?? []);
}
