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

function shapeValues({ dictionary }: DayReader, part: number): ValuesOf {
  return (id) => {
    const value = dictionary.shapeValue(id, part);
    return value === UNKNOWN_VALUE ? undefined : textsOf(value);
  };
}

function termValues({ dictionary }: DayReader, column: number): ValuesOf {
  return (id) => {
    if (id === UNKNOWN) return undefined;
    const term = dictionary.term(column, id);
    if (term === undefined) return [];
    // Most are texts without an escape: what stands between the quotes.
    return term.startsWith('"') && !term.includes('\\') ? [term.slice(1, -1)] : textsOf(JSON.parse(term));
  };
}
