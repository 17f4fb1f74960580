import { textsOf } from '../field-values.ts';
import type { DayReader } from './day-reader.ts';
import { COLUMN_FIELDS, SHAPE_FIELDS, UNKNOWN } from './fields.ts';

/** Values by dictionary number; undefined where the dictionary cannot tell and the document must be asked. */
export type ValuesOf = (id: number) => readonly string[] | undefined;

/** A field whose values a row holds as a number. */
export interface IndexedField {
  /** Column of `event`. */
  readonly column: string;
  /** The same in a segment. */
  readonly place: number;
  /** The dictionary of a day. */
  valuesIn(reader: DayReader): ValuesOf;
}

/** How the index holds a field; undefined where only documents tell. */
export function indexedField(field: string): IndexedField | undefined {
  const place = (SHAPE_FIELDS as readonly string[]).indexOf(field);
  if (place >= 0) return { column: 'shape', place: 0, valuesIn: (reader) => shapeValues(reader, place) };
  const number = COLUMN_FIELDS.findIndex((known) => known.field === field);
  const column = COLUMN_FIELDS[number]?.column;
  return column && { column, place: 1 + number, valuesIn: (reader) => termValues(reader, number) };
}

function shapeValues(reader: DayReader, place: number): ValuesOf {
  const shapeOf = reader.statement('SELECT fields FROM shape WHERE id = ?');
  return remembered((id) => {
    const value = (JSON.parse(String(shapeOf.get(id)?.['fields'] ?? '[]')) as unknown[])[place];
    // The only objects in a shape are its marks: for what is absent, and for what it cannot hold.
    const mark = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
    if (mark) return 'unknown' in mark ? undefined : [];
    return textsOf(value);
  });
}

function termValues(reader: DayReader, number: number): ValuesOf {
  const termOf = reader.statement('SELECT value FROM term WHERE field = ? AND id = ?');
  return remembered((id) => {
    if (id === UNKNOWN) return undefined;
    const value = termOf.get(number, id)?.['value'];
    return typeof value === 'string' ? textsOf(JSON.parse(value)) : [];
  });
}

/** Asks once for each number: intervals bring the same ones again and again. */
function remembered(ask: ValuesOf): ValuesOf {
  const known = new Map<number, readonly string[] | undefined>();
  return (id) => {
    if (known.has(id)) return known.get(id);
    const texts = ask(id);
    known.set(id, texts);
    return texts;
  };
}
