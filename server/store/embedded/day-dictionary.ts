import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Condition } from '../../../rules/query/condition.ts';
import { compileMatcher, type Matcher } from '../../../rules/query/matcher.ts';
import { ABSENT, COLUMN_FIELDS, eventWith, FIRST_TERM, SHAPE_FIELDS, UNKNOWN } from './fields.ts';
import type { DayDictionary, Selected } from './plan.ts';

/** What the server knows of an event by its shape. */
export interface ShapeSource {
  readonly agency: string;
  readonly collector: string;
  readonly source: string;
}

interface Shape {
  readonly id: number;
  readonly values: readonly unknown[];
}

interface Remembered {
  readonly matcher: Matcher;
  readonly ids: number[];
  /** Numbers below this one were looked at. */
  seen: number;
}

/** The same of shapes, which are as many as their list is long. */
interface RememberedShapes extends Remembered {
  /** The fields that are asked for. */
  readonly used: readonly number[];
  exact: boolean;
}

/** Conditions whose answers are remembered, and grow with the dictionary. */
const MOST_REMEMBERED = 64;

/** Stands for a value that the dictionary cannot hold. */
export const UNKNOWN_VALUE = Symbol('unknown');

/** The dictionaries of one day as a reader sees them; they only grow, so what was decided stays decided. */
export class ReadDictionary implements DayDictionary {
  readonly hasColumnWords: boolean;
  readonly hasGrams: boolean;
  readonly #shapesAfter: StatementSync;
  readonly #termsAfter: StatementSync;
  readonly #shapes: Shape[] = [];
  /** JSON of the values of each column, by their numbers. */
  readonly #terms: string[][] = COLUMN_FIELDS.map(() => new Array(FIRST_TERM).fill(''));
  readonly #unknownTerms: boolean[] = COLUMN_FIELDS.map(() => false);
  readonly #byTerm = new Map<string, Remembered>();
  readonly #byShape = new Map<string, RememberedShapes>();

  constructor(db: DatabaseSync) {
    const marked = db.prepare('SELECT 1 FROM meta WHERE key = ?');
    this.hasColumnWords = marked.get('columns_not_in_words') === undefined;
    this.hasGrams = marked.get('grams_missing') === undefined;
    this.#shapesAfter = db.prepare('SELECT id, fields FROM shape WHERE id > ? ORDER BY id');
    this.#termsAfter = db.prepare('SELECT id, value FROM term WHERE field = ? AND (id > ? OR id = 1) ORDER BY id');
  }

  shapes(condition: Condition): Selected {
    this.#loadShapes();
    const key = JSON.stringify(condition);
    const known = this.#byShape.get(key) ?? remember(this.#byShape, key, rememberedShapes(condition));
    for (; known.seen < this.#shapes.length; known.seen++) {
      const { id, values } = this.#shapes[known.seen] as Shape;
      if (known.used.some((index) => isUnknown(values[index]))) {
        known.exact = false;
        known.ids.push(id);
      } else if (known.matcher(shapeEvent(values, known.used))) known.ids.push(id);
    }
    return { ids: known.ids, exact: known.exact };
  }

  terms(column: number, condition: Condition): Selected {
    this.#loadTerms(column);
    const key = `${column} ${JSON.stringify(condition)}`;
    const known = this.#byTerm.get(key) ?? remember(this.#byTerm, key, rememberedTerms(condition));
    const terms = this.#terms[column] ?? [];
    const holder = new FieldHolder(COLUMN_FIELDS[column]?.field ?? '');
    for (; known.seen < terms.length; known.seen++) {
      if (known.matcher(holder.with(JSON.parse(terms[known.seen] as string)))) known.ids.push(known.seen);
    }
    const exact = !this.#unknownTerms[column];
    return { ids: exact ? known.ids : [UNKNOWN, ...known.ids], exact };
  }

  get lastShape(): number {
    this.#loadShapes();
    return this.#shapes.at(-1)?.id ?? 0;
  }

  /** Where the events of a shape come from. */
  sourceOf(shape: number): ShapeSource {
    if (!this.#shapes[shape - 1]) this.#loadShapes();
    const [agency, collector, source] = this.#shapes[shape - 1]?.values ?? [];
    return { agency: String(agency), collector: String(collector), source: String(source) };
  }

  #loadShapes(): void {
    for (const row of this.#shapesAfter.iterate(this.#shapes.at(-1)?.id ?? 0)) {
      this.#shapes.push({ id: Number(row['id']), values: JSON.parse(String(row['fields'])) as unknown[] });
    }
  }

  /** JSON of a column's value by its number; undefined where the dictionary has none. */
  term(column: number, id: number): string | undefined {
    const terms = this.#terms[column];
    if (id < FIRST_TERM) return undefined;
    if (terms?.[id] === undefined) this.#loadTerms(column);
    return terms?.[id];
  }

  /** Value of a shape's field, by its place in `SHAPE_FIELDS`: undefined where it is absent, `UNKNOWN_VALUE` where only documents tell. */
  shapeValue(shape: number, place: number): unknown {
    if (!this.#shapes[shape - 1]) this.#loadShapes();
    const value = this.#shapes[shape - 1]?.values[place];
    return isUnknown(value) ? UNKNOWN_VALUE : isAbsent(value) ? undefined : value;
  }

  #loadTerms(column: number): void {
    const terms = this.#terms[column];
    if (!terms) return;
    for (const row of this.#termsAfter.iterate(column, terms.length - 1)) {
      const id = Number(row['id']);
      if (id === UNKNOWN) this.#unknownTerms[column] = true;
      else terms[id] = String(row['value']);
    }
  }
}

function rememberedTerms(condition: Condition): Remembered {
  const matcher = compileMatcher(condition);
  return { matcher, ids: matcher({}) ? [ABSENT] : [], seen: FIRST_TERM };
}

function rememberedShapes(condition: Condition): RememberedShapes {
  const used = SHAPE_FIELDS.flatMap((field, index) => (names(condition, field) ? [index] : []));
  return { matcher: compileMatcher(condition), used, ids: [], exact: true, seen: 0 };
}

/** Remembers one more answer, and forgets the oldest where there are many. */
function remember<Answer>(answers: Map<string, Answer>, key: string, fresh: Answer): Answer {
  answers.set(key, fresh);
  const [oldest] = answers.keys();
  if (answers.size > MOST_REMEMBERED && oldest !== undefined) answers.delete(oldest);
  return fresh;
}

/** An event that holds one field alone, made once for many values. */
class FieldHolder {
  readonly #event: object;
  readonly #parent: Record<string, unknown>;
  readonly #key: string;

  constructor(field: string) {
    this.#event = eventWith([[field, null]]);
    const keys = field.split('.');
    this.#key = keys.pop() ?? field;
    this.#parent = keys.reduce((at, key) => at[key] as Record<string, unknown>, this.#event as Record<string, unknown>);
  }

  with(value: unknown): object {
    this.#parent[this.#key] = value;
    return this.#event;
  }
}

/** The marks of `row.ts` are the only objects in a shape. */
function isUnknown(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'unknown' in value;
}

function isAbsent(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shapeEvent(values: readonly unknown[], used: readonly number[]): object {
  return eventWith(
    used.map((index) => [SHAPE_FIELDS[index] ?? '', isAbsent(values[index]) ? undefined : values[index]] as const),
  );
}

function names(condition: Condition, field: string): boolean {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.of.some((part) => names(part, field));
    case 'not':
      return names(condition.of, field);
    case 'field':
      return condition.field === field || (condition.test.kind === 'same-as' && condition.test.field === field);
    default:
      return false;
  }
}
