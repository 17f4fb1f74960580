import { textsOf } from '../field-values.ts';
import { UNKNOWN_VALUE } from './day-dictionary.ts';
import type { DayReader } from './day-reader.ts';
import { COLUMN_FIELDS, SHAPE_FIELDS, UNKNOWN } from './fields.ts';
import { FIRST_COLUMN_PLACE, SHAPE_PLACE } from './segments.ts';

/** Values by dictionary number; undefined where the dictionary cannot tell and the document must be asked. */
export type ValuesOf = (id: number) => readonly string[] | undefined;

/** A field whose values segments hold as numbers. */
export interface IndexedField {
  /** Place of the column. */
  readonly place: number;
  /** The dictionary of a day. */
  valuesIn(reader: DayReader): ValuesOf;
}

/** How the index holds a field; undefined where only documents tell. */
export function indexedField(field: string): IndexedField | undefined {
  const part = (SHAPE_FIELDS as readonly string[]).indexOf(field);
  if (part >= 0) return { place: SHAPE_PLACE, valuesIn: (reader) => shapeValues(reader, part) };
  const column = COLUMN_FIELDS.findIndex((known) => known.field === field);
  if (column < 0) return undefined;
  return { place: FIRST_COLUMN_PLACE + column, valuesIn: (reader) => termValues(reader, column) };
}

function shapeValues(reader: DayReader, part: number): ValuesOf {
  const { dictionary } = reader;
  return remembered(reader, COLUMN_FIELDS.length + part, (id) => {
    const value = dictionary.shapeValue(id, part);
    return value === UNKNOWN_VALUE ? undefined : textsOf(value);
  });
}

function termValues(reader: DayReader, column: number): ValuesOf {
  const { dictionary } = reader;
  return remembered(reader, column, (id) => {
    if (id === UNKNOWN) return undefined;
    const term = dictionary.term(column, id);
    if (term === undefined) return [];
    // Most are texts without an escape: what stands between the quotes.
    return term.startsWith('"') && !term.includes('\\') ? [term.slice(1, -1)] : textsOf(JSON.parse(term));
  });
}

/**
 * What each day's dictionary said before, by field and number: an entry never changes. A text that is counted again is
 * the same object, of which the engine knows the hash already.
 */
const known = new WeakMap<DayReader, Map<number, (readonly string[] | undefined)[]>>();

function remembered(reader: DayReader, field: number, ask: ValuesOf): ValuesOf {
  const fields = known.get(reader) ?? new Map<number, (readonly string[] | undefined)[]>();
  known.set(reader, fields);
  const texts = fields.get(field) ?? [];
  fields.set(field, texts);
  return (id) => {
    const before = texts[id];
    if (before !== undefined) return before;
    const answer = ask(id);
    // A number that the dictionary has no entry for yet may have one later.
    if (answer !== undefined && answer.length > 0) texts[id] = answer;
    return answer;
  };
}
