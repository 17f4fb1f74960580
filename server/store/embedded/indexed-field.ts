import { textsOf } from '../field-values.ts';
import { UNKNOWN_VALUE } from './day-dictionary.ts';
import type { DayReader } from './day-reader.ts';
import { COLUMN_FIELDS, SHAPE_FIELDS, UNKNOWN } from './fields.ts';
import { FIRST_COLUMN_PLACE, SHAPE_PLACE } from './segments.ts';
import { FieldValues, UNTOLD, type ValueSource } from './value-numbers.ts';

/** A field whose values segments hold as numbers. */
export interface IndexedField {
  /** Place of the column. */
  readonly place: number;
  /** Its values, with numbers that are the same over all days. */
  readonly values: FieldValues;
}

/** How the index holds a field; undefined where only documents tell. */
export function indexedField(field: string): IndexedField | undefined {
  const part = (SHAPE_FIELDS as readonly string[]).indexOf(field);
  if (part >= 0) return { place: SHAPE_PLACE, values: valuesOf(field, ofShapes(part)) };
  const column = COLUMN_FIELDS.findIndex((known) => known.field === field);
  if (column < 0) return undefined;
  return { place: FIRST_COLUMN_PLACE + column, values: valuesOf(field, ofTerms(column)) };
}

function ofShapes(part: number): ValueSource {
  return {
    value({ dictionary }: DayReader, id) {
      const value = dictionary.shapeValue(id, part);
      return value === UNKNOWN_VALUE ? UNTOLD : value === undefined ? undefined : JSON.stringify(value);
    },
    texts: (json) => textsOf(JSON.parse(json)),
  };
}

function ofTerms(column: number): ValueSource {
  return {
    value: ({ dictionary }: DayReader, id) => (id === UNKNOWN ? UNTOLD : dictionary.term(column, id)),
    // Most are texts without an escape: what stands between the quotes.
    texts: (json) => (json.startsWith('"') && !json.includes('\\') ? [json.slice(1, -1)] : textsOf(JSON.parse(json))),
  };
}

/** Kept between questions: an entry of a day's dictionary never changes. */
const known = new Map<string, FieldValues>();

function valuesOf(field: string, source: ValueSource): FieldValues {
  const before = known.get(field);
  if (before && !before.isFull) return before;
  const fresh = new FieldValues(source);
  known.set(field, fresh);
  return fresh;
}
