import type { Condition, FieldCondition, FieldTest, StringTest } from '../../../rules/query/condition.ts';
import { foldCase } from '../../../rules/query/string-test.ts';
import { joinLiterals } from '../../../rules/query/wildcard-pieces.ts';
import { ABSENT, COLUMN_FIELDS, GRAM_FIELDS, isInWordIndex, SHAPE_FIELDS } from './fields.ts';
import { allOf, anyOf, noneOf, oneOf, type RowTest } from './row-test.ts';
import { matchExpression, type NeededWord, neededWords } from './words.ts';

/**
 * A condition as SQL over one day's `event` table. `sql` holds for every event that satisfies the condition, and where
 * `exact` for no other; `words` is an FTS5 expression that every such event satisfies too.
 */
export interface Prefilter {
  readonly sql: string;
  readonly exact: boolean;
  readonly words: string | undefined;
  /** An FTS5 expression over `grams` that every such event's block satisfies. */
  readonly grams?: string;
  /** The same as `sql`, over segments; there where it is exact. */
  readonly test: RowTest | undefined;
  /** A part of `sql` that alone is necessary and answered by an index of its own. */
  readonly indexed?: string;
}

/** Numbers in a day's dictionary of the values for which a condition holds, or may hold. */
export interface Selected {
  readonly ids: readonly number[];
  /** Whether it holds for all of them for certain. */
  readonly exact: boolean;
}

/** A day's dictionaries, asked by condition. */
export interface DayDictionary {
  shapes(condition: Condition): Selected;
  /** `column`: index into `COLUMN_FIELDS`; the condition names no other field. */
  terms(column: number, condition: Condition): Selected;
}

const ANYTHING: Prefilter = { sql: '1', exact: false, words: undefined, test: undefined };
const ALWAYS: Prefilter = { sql: '1', exact: true, words: undefined, test: () => true };
const NEVER: Prefilter = { sql: '0', exact: true, words: undefined, test: () => false };

const shapeFields: ReadonlySet<string> = new Set(SHAPE_FIELDS);
const gramFields: ReadonlySet<string> = new Set(GRAM_FIELDS);

/** Translates a condition for one day. Conditions on shapes and columns are exact; the rest is left to words and the matcher. */
export function prefilter(condition: Condition, dictionary: DayDictionary): Prefilter {
  const fields = fieldsOf(condition);
  if (fields && fields.size > 0 && [...fields].every((field) => shapeFields.has(field))) {
    return selection('shape', 0, dictionary.shapes(condition));
  }
  if (fields?.size === 1) {
    const column = COLUMN_FIELDS.findIndex(({ field }) => fields.has(field));
    const name = COLUMN_FIELDS[column]?.column;
    if (name) return selection(name, 1 + column, dictionary.terms(column, condition));
  }
  switch (condition.kind) {
    case 'always':
      return ALWAYS;
    case 'never':
      return NEVER;
    case 'and':
      return both(condition.of.map((part) => prefilter(part, dictionary)));
    case 'or':
      return either(condition.of.map((part) => prefilter(part, dictionary)));
    case 'not': {
      const inside = prefilter(condition.of, dictionary);
      return inside.exact ? { ...ALWAYS, sql: `NOT (${inside.sql})`, test: noneOf(inside.test) } : ANYTHING;
    }
    case 'text':
      return condition.scope === 'message' ? withWords(wordsOf(condition.test)) : ANYTHING;
    case 'field':
      return fieldPrefilter(condition);
  }
}

function both(parts: readonly Prefilter[]): Prefilter {
  const sql = parts.map((part) => part.sql).filter((part) => part !== '1');
  const words = parts.flatMap((part) => (part.words === undefined ? [] : [`(${part.words})`]));
  const indexed = parts.find((part) => part.indexed !== undefined)?.indexed;
  const grams = parts.flatMap((part) => (part.grams === undefined ? [] : [`(${part.grams})`]));
  return {
    ...(indexed === undefined ? {} : { indexed }),
    ...(grams.length === 0 ? {} : { grams: grams.join(' AND ') }),
    test: allOf(parts.map((part) => part.test)),
    sql: sql.length === 0 ? '1' : sql.map((part) => `(${part})`).join(' AND '),
    exact: parts.every((part) => part.exact),
    words: words.length === 0 ? undefined : words.join(' AND '),
  };
}

function either(parts: readonly Prefilter[]): Prefilter {
  if (parts.length === 0) return NEVER;
  const words = parts.map((part) => part.words);
  const allWords = words.every((part) => part !== undefined);
  const grams = parts.flatMap((part) => (part.grams === undefined ? [] : [`(${part.grams})`]));
  return {
    ...(grams.length === parts.length ? { grams: grams.join(' OR ') } : {}),
    test: anyOf(parts.map((part) => part.test)),
    sql: parts.some((part) => part.sql === '1') ? '1' : parts.map((part) => `(${part.sql})`).join(' OR '),
    exact: parts.every((part) => part.exact),
    words: allWords ? words.map((part) => `(${part})`).join(' OR ') : undefined,
  };
}

function withWords(words: readonly NeededWord[]): Prefilter {
  return { ...ANYTHING, words: matchExpression(words) };
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

function fieldPrefilter({ field, test }: FieldCondition): Prefilter {
  if (field === '@timestamp') return timePrefilter(test);
  if (!isInWordIndex(field)) return ANYTHING;
  if (test.kind !== 'string' && test.kind !== 'wildcard') return ANYTHING;
  const grams = gramFields.has(field) ? gramsOf(test) : undefined;
  return { ...withWords(wordsOf(test)), ...(grams === undefined ? {} : { grams }) };
}

const COMPARE: Readonly<Record<'lt' | 'lte' | 'gt' | 'gte', (value: number, bound: number) => boolean>> = {
  lt: (value, bound) => value < bound,
  lte: (value, bound) => value <= bound,
  gt: (value, bound) => value > bound,
  gte: (value, bound) => value >= bound,
};
const SQL_COMPARE = { lt: '<', lte: '<=', gt: '>', gte: '>=' } as const;

/** Ranges of time are exact: a row's `ts` is the event's `@timestamp`. Only bounds in UTC, written in full, are taken. */
function timePrefilter(test: FieldTest): Prefilter {
  if (test.kind !== 'range' || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z$/.test(test.value))
    return ANYTHING;
  const bound = Date.parse(test.value);
  if (Number.isNaN(bound)) return ANYTHING;
  const holds = COMPARE[test.compare];
  return {
    sql: `ts ${SQL_COMPARE[test.compare]} ${bound}`,
    exact: true,
    words: undefined,
    test: ({ ts }, at) => holds(ts(at), bound),
  };
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

const INLINE_IDS = 400;

function selection(column: string, place: number, { ids, exact }: Selected): Prefilter {
  const plan = { exact, words: undefined, test: exact ? oneOf(place, ids) : undefined };
  if (ids.length === 0) return { ...plan, sql: '0' };
  const list = ids.length <= INLINE_IDS ? ids.join(',') : `SELECT value FROM json_each('[${ids.join(',')}]')`;
  const sql = `${column} IN (${list})`;
  // The index leaves out events without an address.
  if (column !== 'source_ip' || ids.includes(ABSENT)) return { ...plan, sql };
  return { ...plan, sql, indexed: `${sql} AND source_ip > 0` };
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
