import { FIELD_TYPES, type FieldType, fieldType } from '../../ecs/fields.ts';
import { isAddress } from '../parsers/draft.ts';
import { isObject, type JsonObject } from '../parsers/json-object.ts';

/** A value that does not fit the ECS field it stands in: where it is, and the field's name. */
export interface Misfit {
  readonly object: JsonObject;
  readonly key: string;
  readonly name: string;
}

/** The ECS fields as a tree, so that a document is looked through without putting names together. */
interface Node {
  type: FieldType | undefined;
  readonly children: Map<string, Node>;
}

const ROOT: Node = { type: undefined, children: new Map() };
for (const [name, type] of FIELD_TYPES) {
  let node = ROOT;
  for (const part of name.split('.')) {
    let below = node.children.get(part);
    if (!below) {
      below = { type: undefined, children: new Map() };
      node.children.set(part, below);
    }
    node = below;
  }
  node.type = type;
}

/** Finds the values of a document that do not fit their ECS fields; what is under `haidang` is not looked at. */
export function misfitsOf(document: JsonObject): readonly Misfit[] {
  const found: Misfit[] = [];
  walk(document, ROOT, undefined, '', found);
  return found;
}

/** `inherited` is the type of fields that the tree does not have below this node: those of objects are keywords. */
function walk(object: JsonObject, node: Node, inherited: FieldType | undefined, above: string, found: Misfit[]): void {
  for (const key in object) {
    const value = object[key];
    if (key.includes('.')) {
      walkNamed(object, key, above + key, found);
      continue;
    }
    const below = node.children.get(key);
    if (node === ROOT && key === 'haidang') continue;
    const type = below ? (below.type ?? inherited) : inherited;
    if (type === undefined || type === 'object' || type === 'nested') {
      if (!below || !isObject(value)) continue;
      const next = below.type === undefined ? inherited : below.type === 'object' ? 'keyword' : undefined;
      walk(value, below, next, `${above}${key}.`, found);
      continue;
    }
    if (value !== null && !fits(type, value)) found.push({ object, key, name: above + key });
  }
}

/** The same by names, for keys with dots in them and what is below. */
function walkNamed(object: JsonObject, key: string, name: string, found: Misfit[]): void {
  const value = object[key];
  if (name === 'haidang' || name.startsWith('haidang.')) return;
  const type = fieldType(name);
  if (type === undefined || type === 'object' || type === 'nested') {
    if (isObject(value)) for (const below of Object.keys(value)) walkNamed(value, below, `${name}.${below}`, found);
    return;
  }
  if (value !== null && !fits(type, value)) found.push({ object, key, name });
}

function fits(type: FieldType, value: unknown): boolean {
  if (Array.isArray(value)) return value.every((each) => !Array.isArray(each) && fits(type, each));
  switch (type) {
    case 'ip':
      return typeof value === 'string' && isAddress(value);
    case 'long':
    case 'integer':
      return Number.isSafeInteger(typeof value === 'string' && value !== '' ? Number(value) : value);
    case 'float':
    case 'double':
    case 'scaled_float':
      return Number.isFinite(typeof value === 'string' && value !== '' ? Number(value) : value);
    case 'date':
      return typeof value === 'number' || (typeof value === 'string' && !Number.isNaN(Date.parse(value)));
    case 'boolean':
      return typeof value === 'boolean' || value === 'true' || value === 'false';
    case 'geo_point':
    case 'flattened':
      return typeof value === 'object' || typeof value === 'string';
    default:
      return typeof value !== 'object';
  }
}
