import type { Condition, FieldCondition, FieldTest, StringTest } from '../../../rules/query/condition.ts';
import { foldCase } from '../../../rules/query/string-test.ts';
import { joinLiterals } from '../../../rules/query/wildcard-pieces.ts';
import { COLUMN_FIELDS, GRAM_FIELDS, isInWordIndex, SHAPE_FIELDS } from './fields.ts';
import { allOf, anyOf, atTimes, marked, noneOf, ofColumn, ofShapes, type RowTest } from './rows.ts';
import { FIRST_COLUMN_PLACE } from './segments.ts';
import { columnWord } from './text-index.ts';
import { matchExpression, type NeededWord, neededWords } from './words.ts';

/**
 * A condition as what one day's segments and indexes can tell of it. Every event that satisfies it is among the `rows`
 * of its segment, and where `exact` no other; `words` and `grams` are what its block has in the indexes.
 */
export interface Plan {
  readonly rows: RowTest;
  readonly exact: boolean;
  /** Marks of the shapes that events satisfying it can have; undefined where all can. */
  readonly shapes: Uint8Array | undefined;
  /** Whether the shape alone decides: an event satisfies it if, and only if, its shape is marked. */
  readonly byShape: boolean;
  /** FTS5 expressions over `words` and over `grams` that every such event's block satisfies. */
  readonly words: string | undefined;
  readonly grams: string | undefined;
}

/** Numbers in a day's dictionary of the values for which a condition holds, or may hold. */
export interface Selected {
  readonly ids: readonly number[];
  /** Whether it holds for all of them for certain. */
  readonly exact: boolean;
}

/** A day's dictionaries, asked by condition. */
export interface DayDictionary {
  /** Highest number of a shape. */
  readonly lastShape: number;
  /** Whether the word index has the words of columns (`columnWord`). */
  readonly hasColumnWords: boolean;
  /** Whether the index of parts of words knows all events of the day. */
  readonly hasGrams: boolean;
  shapes(condition: Condition): Selected;
  /** `column`: index into `COLUMN_FIELDS`; the condition names no other field. */
  terms(column: number, condition: Condition): Selected;
}

/** What the index says nothing of. */
const ANYTHING: Plan = {
  rows: () => 'all',
  exact: false,
  shapes: undefined,
  byShape: false,
  words: undefined,
  grams: undefined,
};
const ALWAYS: Plan = { ...ANYTHING, exact: true, byShape: true };
const NEVER: Plan = { ...ALWAYS, rows: () => 'none', shapes: new Uint8Array(0) };

const shapeFields: ReadonlySet<string> = new Set(SHAPE_FIELDS);
const gramFields: ReadonlySet<string> = new Set(GRAM_FIELDS);

/** Plans a condition for one day. Conditions on shapes and columns are exact; the rest is left to words and the matcher. */
export function planOf(condition: Condition, dictionary: DayDictionary): Plan {
  const fields = fieldsOf(condition);
  if (fields && fields.size > 0 && [...fields].every((field) => shapeFields.has(field))) {
    return shapePlan(dictionary.shapes(condition));
  }
  if (fields?.size === 1) {
    const column = COLUMN_FIELDS.findIndex(({ field }) => fields.has(field));
    if (column >= 0) return columnPlan(column, dictionary.terms(column, condition), dictionary.hasColumnWords);
  }
  switch (condition.kind) {
    case 'always':
      return ALWAYS;
    case 'never':
      return NEVER;
    case 'and':
      return both(condition.of.map((part) => planOf(part, dictionary)));
    case 'or':
      return either(condition.of.map((part) => planOf(part, dictionary)));
    case 'not':
      return without(planOf(condition.of, dictionary), dictionary);
    case 'text':
      return condition.scope === 'message' ? withWords(wordsOf(condition.test)) : ANYTHING;
    case 'field':
      return fieldPlan(condition, dictionary.hasGrams);
  }
}

function both(parts: readonly Plan[]): Plan {
  const shapes = parts.flatMap((part) => part.shapes ?? []);
  return {
    rows: allOf(parts.map((part) => part.rows)),
    exact: parts.every((part) => part.exact),
    shapes: shapes.length === 0 ? undefined : shapes.reduce(inBoth),
    byShape: parts.every((part) => part.byShape),
    words: joined(
      parts.map((part) => part.words).filter((part) => part !== undefined),
      'AND',
    ),
    grams: joined(
      parts.map((part) => part.grams).filter((part) => part !== undefined),
      'AND',
    ),
  };
}

function either(parts: readonly Plan[]): Plan {
  if (parts.length === 0) return NEVER;
  const all = <Part>(of: readonly (Part | undefined)[]) => (of.every((part) => part !== undefined) ? of : undefined);
  return {
    rows: anyOf(parts.map((part) => part.rows)),
    exact: parts.every((part) => part.exact),
    shapes: all(parts.map((part) => part.shapes))?.reduce(inEither),
    byShape: parts.every((part) => part.byShape),
    words: joined(all(parts.map((part) => part.words)), 'OR'),
    grams: joined(all(parts.map((part) => part.grams)), 'OR'),
  };
}

/** What a plan leaves out; only where it is exact can it be said. */
function without(plan: Plan, dictionary: DayDictionary): Plan {
  if (!plan.exact) return ANYTHING;
  const rows = noneOf(plan.rows);
  if (!plan.byShape) return { ...ALWAYS, rows, byShape: false };
  const { shapes } = plan;
  const others = new Uint8Array(dictionary.lastShape + 1).map(
    (_, id) => 1 - (shapes === undefined ? 1 : (shapes[id] ?? 0)),
  );
  return { ...ALWAYS, rows, shapes: others };
}

function inBoth(one: Uint8Array, other: Uint8Array): Uint8Array {
  return one.map((mark, id) => mark & (other[id] ?? 0));
}

function inEither(one: Uint8Array, other: Uint8Array): Uint8Array {
  const marks = new Uint8Array(Math.max(one.length, other.length));
  return marks.map((_, id) => (one[id] ?? 0) | (other[id] ?? 0));
}

function joined(parts: readonly string[] | undefined, by: 'AND' | 'OR'): string | undefined {
  if (parts === undefined || parts.length === 0) return undefined;
  return parts.length === 1 ? parts[0] : parts.map((part) => `(${part})`).join(` ${by} `);
}

function withWords(words: readonly NeededWord[]): Plan {
  return { ...ANYTHING, words: matchExpression(words) };
}

function shapePlan({ ids, exact }: Selected): Plan {
  if (ids.length === 0) return NEVER;
  const shapes = marked(ids);
  return { ...ANYTHING, rows: ofShapes(shapes), exact, shapes, byShape: exact };
}

/** Values asked of the word index at most: it is there for the rare ones. */
const MOST_COLUMN_WORDS = 64;

function columnPlan(column: number, { ids, exact }: Selected, hasWords: boolean): Plan {
  if (ids.length === 0) return NEVER;
  const rows = ofColumn(FIRST_COLUMN_PLACE + column, marked(ids));
  const words = hasWords && ids.length <= MOST_COLUMN_WORDS ? ids.map((id) => columnWord(column, id)) : undefined;
  return { ...ANYTHING, rows, exact, words: words?.join(' OR ') };
}

/** Trigrams asked for at most: more narrow little. */
const MOST_GRAMS = 24;
/** What the index folds in another way than the matcher, or holds with an escape before it. */
const GRAM = /^[^\\"/\x00-\x1f\x7f-\uffff]{3}$/;

/** Trigrams of the parts of a text that passes the test; undefined where there is none. */
function gramsOf(test: StringTest): string | undefined {
  const literals = test.kind === 'string' ? [test.value] : joinLiterals(test.pieces);
  const grams = new Set<string>();
  for (const literal of literals) {
    if (typeof literal !== 'string') continue;
    const folded = foldCase(literal);
    for (let at = 0; at + 3 <= folded.length && grams.size < MOST_GRAMS; at++) {
      const gram = folded.slice(at, at + 3);
      if (GRAM.test(gram)) grams.add(`"${gram}"`);
    }
  }
  return grams.size === 0 ? undefined : [...grams].join(' AND ');
}

const ASCII = /^[\x20-\x7e]+$/;

function fieldPlan({ field, test }: FieldCondition, hasGrams: boolean): Plan {
  if (field === '@timestamp') return timePlan(test);
  if (!isInWordIndex(field)) return ANYTHING;
  if (test.kind !== 'string' && test.kind !== 'wildcard') return ANYTHING;
  const grams = gramFields.has(field) && hasGrams ? gramsOf(test) : undefined;
  if (grams === undefined) return withWords(wordsOf(test));
  // FTS5 puts all words together that begin in one way before it tells the first block: parts of words say it sooner.
  const whole = wordsOf(test).filter(({ word, prefix }) => !prefix || !ASCII.test(word));
  return { ...withWords(whole), grams };
}

const COMPARE: Readonly<Record<'lt' | 'lte' | 'gt' | 'gte', (value: number, bound: number) => boolean>> = {
  lt: (value, bound) => value < bound,
  lte: (value, bound) => value <= bound,
  gt: (value, bound) => value > bound,
  gte: (value, bound) => value >= bound,
};

/** Ranges of time are exact: an event's time in its segment is the event's `@timestamp`. Only bounds in UTC, written in full, are taken. */
function timePlan(test: FieldTest): Plan {
  if (test.kind !== 'range' || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z$/.test(test.value))
    return ANYTHING;
  const bound = Date.parse(test.value);
  if (Number.isNaN(bound)) return ANYTHING;
  const holds = COMPARE[test.compare];
  return { ...ANYTHING, rows: atTimes((ts) => holds(ts, bound)), exact: true };
}

/** Words that a text passing the test has. */
function wordsOf(test: StringTest): NeededWord[] {
  if (test.kind === 'string') {
    const { match, value } = test;
    const openStart = match === 'ends' || match === 'contains';
    const openEnd = match === 'starts' || match === 'contains';
    return neededWords(match === 'word' ? value.trim() : value, openStart, openEnd);
  }
  const pieces = joinLiterals(test.pieces);
  return pieces.flatMap((piece, index) => {
    if (typeof piece !== 'string') return [];
    const first = index === 0;
    const last = index === pieces.length - 1;
    // A side closed by a literal is the value's end, or in a text the side of a word: whole words either way.
    return neededWords(piece, !first, !last);
  });
}

/** The fields that a condition names; undefined where it looks at others than those by name. */
function fieldsOf(condition: Condition): ReadonlySet<string> | undefined {
  const fields = new Set<string>();
  return gatherFields(condition, fields) ? fields : undefined;
}

function gatherFields(condition: Condition, into: Set<string>): boolean {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.of.every((part) => gatherFields(part, into));
    case 'not':
      return gatherFields(condition.of, into);
    case 'always':
    case 'never':
      return true;
    case 'text':
      return false;
    case 'field':
      if (condition.field.includes('*')) return false;
      into.add(condition.field);
      if (condition.test.kind === 'same-as') into.add(condition.test.field);
      return true;
  }
}
