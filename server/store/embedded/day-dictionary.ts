import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Condition } from '../../../rules/query/condition.ts';
import { compileMatcher, type Matcher } from '../../../rules/query/matcher.ts';
import { ABSENT, COLUMN_FIELDS, eventWith, FIRST_TERM, SHAPE_FIELDS, UNKNOWN } from './fields.ts';
import type { DayDictionary, Selected } from './sql.ts';

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

interface Term {
  readonly id: number;
  readonly event: object;
}

interface Remembered {
  readonly matcher: Matcher;
  readonly ids: number[];
  /** How many entries of the dictionary were looked at. */
  seen: number;
}

const MOST_REMEMBERED = 64;

/** The dictionaries of one day as a reader sees them; they only grow, so what was decided stays decided. */
export class ReadDictionary implements DayDictionary {
  readonly #shapesAfter: StatementSync;
  readonly #termsAfter: StatementSync;
  readonly #shapes: Shape[] = [];
  readonly #terms: Term[][] = COLUMN_FIELDS.map(() => []);
  readonly #unknownTerms: boolean[] = COLUMN_FIELDS.map(() => false);
  readonly #remembered = new Map<string, Remembered>();

  constructor(db: DatabaseSync) {
    this.#shapesAfter = db.prepare('SELECT id, fields FROM shape WHERE id > ? ORDER BY id');
    this.#termsAfter = db.prepare('SELECT id, value FROM term WHERE field = ? AND (id > ? OR id = 1) ORDER BY id');
  }

  shapes(condition: Condition): Selected {
    this.#loadShapes();
    const used = SHAPE_FIELDS.flatMap((field, index) => (names(condition, field) ? [index] : []));
    const matcher = compileMatcher(condition);
    const ids: number[] = [];
    let exact = true;
    for (const { id, values } of this.#shapes) {
      if (used.some((index) => isUnknown(values[index]))) {
        exact = false;
        ids.push(id);
      } else if (matcher(shapeEvent(values, used))) ids.push(id);
    }
    return { ids, exact };
  }

  terms(column: number, condition: Condition): Selected {
    this.#loadTerms(column);
    const key = `${column} ${JSON.stringify(condition)}`;
    const known = this.#remembered.get(key) ?? this.#remember(key, condition);
    const terms = this.#terms[column] ?? [];
    for (; known.seen < terms.length; known.seen++) {
      const term = terms[known.seen];
      if (term && known.matcher(term.event)) known.ids.push(term.id);
    }
    const exact = !this.#unknownTerms[column];
    return { ids: exact ? known.ids : [UNKNOWN, ...known.ids], exact };
  }

  /** Where the events of a shape come from. */
  sourceOf(shape: number): ShapeSource {
    if (!this.#shapes[shape - 1]) this.#loadShapes();
    const [agency, collector, source] = this.#shapes[shape - 1]?.values ?? [];
    return { agency: String(agency), collector: String(collector), source: String(source) };
  }

  #remember(key: string, condition: Condition): Remembered {
    const matcher = compileMatcher(condition);
    const fresh: Remembered = { matcher, ids: matcher({}) ? [ABSENT] : [], seen: 0 };
    this.#remembered.set(key, fresh);
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= MOST_REMEMBERED) break;
      this.#remembered.delete(oldest);
    }
    return fresh;
  }

  #loadShapes(): void {
    for (const row of this.#shapesAfter.iterate(this.#shapes.at(-1)?.id ?? 0)) {
      this.#shapes.push({ id: Number(row['id']), values: JSON.parse(String(row['fields'])) as unknown[] });
    }
  }

  #loadTerms(column: number): void {
    const terms = this.#terms[column];
    const field = COLUMN_FIELDS[column]?.field;
    if (!terms || !field) return;
    for (const row of this.#termsAfter.iterate(column, terms.at(-1)?.id ?? FIRST_TERM - 1)) {
      const id = Number(row['id']);
      if (id === UNKNOWN) this.#unknownTerms[column] = true;
      else terms.push({ id, event: eventWith([[field, JSON.parse(String(row['value']))]]) });
    }
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
