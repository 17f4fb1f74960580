import type { EcsEvent } from '../../../ecs/event.ts';
import { numberOf, scalarText } from '../../../rules/query/field-test.ts';
import { parseIp } from '../../../rules/query/ip-address.ts';
import { MESSAGE_FIELDS } from '../../../rules/query/matcher.ts';
import { foldCase } from '../../../rules/query/string-test.ts';
import { INDEXED_FIELDS, type IndexedAs, type Json, LONGEST_VALUE } from './mapping.ts';
import { wordsOfTexts } from './words.ts';

/** In `irregular`: the words of this event are not all in the index. */
export const TEXT_IRREGULAR = ' text';
/** In `irregular`: this event has more fields than the index takes. */
export const ALL_IRREGULAR = ' all';

const MOST_NAMES = 1_000;
const LONGEST_NAME = 300;
const MOST_VALUES = 2_000;

/**
 * What an event can be found by. Where a field's place or value is such that the index cannot tell exactly what the
 * matcher would say, its name goes into `irregular`, and the matcher is asked.
 */
export function findable(event: EcsEvent): Json {
  const fields = new Fields();
  fields.object(event, '', true);
  return fields.result();
}

class Fields {
  readonly #names = new Set<string>();
  readonly #irregular = new Set<string>();
  readonly #values = new Map<string, (string | number)[]>();
  readonly #texts: string[] = [];
  #count = 0;

  /** `regular`: reached by plain keys through plain objects, so that reading the field by name gets here too. */
  object(value: object, above: string, regular: boolean): void {
    for (const key of Object.keys(value)) {
      const plain = regular && key !== '' && !key.includes('.');
      const name = above === '' ? key : `${above}.${key}`;
      this.#field((value as Record<string, unknown>)[key], name, plain);
    }
  }

  result(): Json {
    const document: Record<string, unknown> = { names: [...this.#names] };
    const unmapped: Record<string, readonly (string | number)[]> = {};
    for (const [name, values] of this.#values) {
      if (this.#irregular.has(name)) continue;
      if (INDEXED_FIELDS.has(name)) setAt(document, name.split('.'), values);
      else unmapped[name] = values;
    }
    if (Object.keys(unmapped).length > 0) document['unmapped'] = unmapped;
    const { words, all } = wordsOfTexts(this.#texts);
    if (words.length > 0) document['text'] = words;
    if (!all) this.#irregular.add(TEXT_IRREGULAR);
    if (this.#irregular.size > 0) document['irregular'] = [...this.#irregular];
    return document;
  }

  #field(value: unknown, name: string, regular: boolean): void {
    if (name.length > LONGEST_NAME || this.#names.size >= MOST_NAMES || !name.isWellFormed()) {
      this.#irregular.add(ALL_IRREGULAR);
      return;
    }
    this.#names.add(name);
    if (!regular) this.#irregular.add(name);
    if (Array.isArray(value)) this.#list(value, name, regular);
    else this.#element(value, name, regular);
  }

  #list(list: readonly unknown[], name: string, regular: boolean): void {
    for (const element of list) {
      if (typeof element === 'object' && element !== null) this.#irregular.add(name);
      if (Array.isArray(element)) this.#list(element, name, false);
      else this.#element(element, name, regular && typeof element !== 'object');
    }
  }

  #element(value: unknown, name: string, regular: boolean): void {
    if (typeof value === 'object' && value !== null) {
      this.object(value, name, regular);
      return;
    }
    const text = scalarText(value);
    if (text === undefined || name === '@timestamp') return;
    if ((MESSAGE_FIELDS as readonly string[]).includes(name)) this.#texts.push(text);
    const as = INDEXED_FIELDS.get(name);
    if (as === 'text') return;
    const indexed = ++this.#count > MOST_VALUES ? undefined : indexedValue(text, as ?? 'keyword');
    if (indexed === undefined) this.#irregular.add(name);
    else this.#add(name, indexed);
  }

  #add(name: string, value: string | number): void {
    const known = this.#values.get(name);
    if (known) known.push(value);
    else this.#values.set(name, [value]);
  }
}

/** The value as the index holds it; undefined where it would not say the same as the text. */
function indexedValue(text: string, as: IndexedAs): string | number | undefined {
  if (as === 'number') {
    const number = numberOf(text);
    return number !== undefined && Number.isFinite(number) && String(number) === text ? number : undefined;
  }
  if (text.length > LONGEST_VALUE[as === 'pattern' ? 'pattern' : 'keyword'] || !text.isWellFormed()) return undefined;
  if (as === 'ip' && !isPlainAddress(text)) return undefined;
  return foldCase(text);
}

/** Addresses that the cluster surely reads as this program does. */
function isPlainAddress(text: string): boolean {
  const mixed = text.includes(':') && (text.includes('.') || text.includes('%'));
  return !mixed && parseIp(text) !== undefined;
}

function setAt(document: Record<string, unknown>, path: readonly string[], values: readonly unknown[]): void {
  let at = document;
  for (const part of path.slice(0, -1)) {
    at[part] ??= {};
    at = at[part] as Record<string, unknown>;
  }
  at[path.at(-1) ?? ''] = values;
}
