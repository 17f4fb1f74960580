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
/** Names remembered of all events, so that what most events have in common is worked out once. */
const MOST_REMEMBERED = 20_000;

/**
 * What is to be known of a name at a place, whatever the event. Where two places of an event have one name
 * (`{"a": {"b": 1}, "a.b": 2}`), one of them is irregular, and so is the name.
 */
interface Place {
  readonly name: string;
  /** May stand among an event's names. */
  readonly plain: boolean;
  /** Its key is one of those that reading by a dotted name goes through. */
  readonly plainKey: boolean;
  readonly as: IndexedAs | undefined;
  readonly isText: boolean;
  readonly path: readonly string[];
  readonly inside: Map<string, Place>;
  /** The event that was last seen to have it, and the one that was last seen to have values there. */
  seenIn: number;
  valuesIn: number;
  values: (string | number)[];
}

let remembered = 0;
let run = 0;
const ROOT = placeOf('', '');

function placeOf(above: string, key: string): Place {
  const name = above === '' ? key : `${above}.${key}`;
  const as = INDEXED_FIELDS.get(name);
  return {
    name,
    plain: name !== '' && name.length <= LONGEST_NAME && name.isWellFormed() && !WHITE_SPACE.test(name),
    plainKey: key !== '' && !key.includes('.'),
    as,
    isText: (MESSAGE_FIELDS as readonly string[]).includes(name),
    path: name.split('.'),
    inside: new Map(),
    seenIn: 0,
    valuesIn: 0,
    values: [],
  };
}

function insideOf(above: Place, key: string): Place {
  const known = above.inside.get(key);
  if (known) return known;
  const place = placeOf(above.name, key);
  if (remembered < MOST_REMEMBERED && place.plain) {
    remembered++;
    above.inside.set(key, place);
  }
  return place;
}

/**
 * What an event can be found by. Where a field's place or value is such that the index cannot tell exactly what the
 * matcher would say, its name goes into `irregular`, and the matcher is asked.
 */
export function findable(event: EcsEvent): Json {
  run++;
  const fields = new Fields();
  fields.object(event, ROOT, true);
  return fields.result();
}

class Fields {
  #names = '';
  #named = 0;
  readonly #irregular = new Set<string>();
  readonly #places: Place[] = [];
  readonly #texts: string[] = [];
  #count = 0;

  /** `regular`: reached by plain keys through plain objects, so that reading the field by name gets here too. */
  object(value: object, above: Place, regular: boolean): void {
    for (const key in value) {
      const place = insideOf(above, key);
      this.#field((value as Record<string, unknown>)[key], place, regular && place.plainKey);
    }
  }

  result(): Json {
    const document: Record<string, unknown> = { names: this.#names };
    // Without a prototype: events name their fields as they like.
    const unmapped: Record<string, readonly (string | number)[]> = Object.create(null);
    let isUnmapped = false;
    for (const { name, as, path, values } of this.#places) {
      if (this.#irregular.size > 0 && this.#irregular.has(name)) continue;
      if (as === undefined) {
        unmapped[name] = values;
        isUnmapped = true;
      } else setAt(document, path, values.length === 1 ? values[0] : values);
    }
    if (isUnmapped) document['unmapped'] = unmapped;
    const { words, all } = wordsOfTexts(this.#texts);
    if (words.length > 0) document['text'] = words.join(' ');
    if (!all) this.#irregular.add(TEXT_IRREGULAR);
    if (this.#irregular.size > 0) document['irregular'] = [...this.#irregular];
    return document;
  }

  #field(value: unknown, place: Place, regular: boolean): void {
    if (this.#named >= MOST_NAMES || !place.plain) {
      this.#irregular.add(ALL_IRREGULAR);
      return;
    }
    if (place.seenIn !== run) {
      place.seenIn = run;
      this.#named++;
      this.#names = this.#names === '' ? place.name : `${this.#names} ${place.name}`;
    }
    if (!regular) this.#irregular.add(place.name);
    if (Array.isArray(value)) this.#list(value, place, regular);
    else this.#element(value, place, regular);
  }

  #list(list: readonly unknown[], place: Place, regular: boolean): void {
    for (const element of list) {
      if (typeof element === 'object' && element !== null) this.#irregular.add(place.name);
      if (Array.isArray(element)) this.#list(element, place, false);
      else this.#element(element, place, regular && typeof element !== 'object');
    }
  }

  #element(value: unknown, place: Place, regular: boolean): void {
    if (typeof value === 'object' && value !== null) {
      this.object(value, place, regular);
      return;
    }
    const text = scalarText(value);
    if (text === undefined || place.name === '@timestamp') return;
    if (place.isText) this.#texts.push(text);
    if (place.as === 'text') return;
    const indexed = ++this.#count > MOST_VALUES ? undefined : indexedValue(text, place.as ?? 'keyword');
    if (indexed === undefined) this.#irregular.add(place.name);
    else this.#add(place, indexed);
  }

  #add(place: Place, value: string | number): void {
    if (place.valuesIn === run) place.values.push(value);
    else {
      place.valuesIn = run;
      place.values = [value];
      this.#places.push(place);
    }
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
export function isPlainAddress(text: string): boolean {
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
