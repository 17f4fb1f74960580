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
/** The index parts names and words at white space, and cuts what is longer than 255. */
const LONGEST_NAME = 250;
const WHITE_SPACE = /[\s\u001c-\u001f]/;
const MOST_VALUES = 2_000;

/** The steps to each field of the index that holds values. */
const PATHS = new Map([...INDEXED_FIELDS].flatMap(([name, as]) => (as === 'text' ? [] : [[name, name.split('.')]])));

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
    const document: Record<string, unknown> = { names: [...this.#names].join(' ') };
    // Without a prototype: events name their fields as they like.
    const unmapped: Record<string, readonly (string | number)[]> = Object.create(null);
    for (const [name, values] of this.#values) {
      if (this.#irregular.has(name)) continue;
      const path = PATHS.get(name);
      if (path) setAt(document, path, values.length === 1 ? values[0] : values);
      else unmapped[name] = values;
    }
    if (Object.keys(unmapped).length > 0) document['unmapped'] = unmapped;
    const { words, all } = wordsOfTexts(this.#texts);
    if (words.length > 0) document['text'] = words.join(' ');
    if (!all) this.#irregular.add(TEXT_IRREGULAR);
    if (this.#irregular.size > 0) document['irregular'] = [...this.#irregular];
    return document;
  }

  #field(value: unknown, name: string, regular: boolean): void {
    if (this.#names.size >= MOST_NAMES || !(PATHS.has(name) || isPlainName(name))) {
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
    const as = INDEXED_FIELDS.get(name);
    if ((MESSAGE_FIELDS as readonly string[]).includes(name)) this.#texts.push(text);
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

function isPlainName(name: string): boolean {
  return name !== '' && name.length <= LONGEST_NAME && name.isWellFormed() && !WHITE_SPACE.test(name);
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

function setAt(document: Record<string, unknown>, path: readonly string[], values: unknown): void {
  let at = document;
  const leaf = path.length - 1;
  for (let step = 0; step < leaf; step++) {
    const part = path[step] as string;
    let inside = at[part];
    if (inside === undefined) {
      inside = {};
      at[part] = inside;
    }
    at = inside as Record<string, unknown>;
  }
  at[path[leaf] as string] = values;
}
