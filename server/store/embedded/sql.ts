import type { Condition, FieldCondition, FieldTest, StringTest } from '../../../rules/query/condition.ts';
import { joinLiterals } from '../../../rules/query/wildcard-pieces.ts';
import { ABSENT, COLUMN_FIELDS, isInWordIndex, SHAPE_FIELDS } from './fields.ts';
import { matchExpression, type NeededWord, neededWords } from './words.ts';

/**
 * A condition as SQL over one day's `event` table. `sql` holds for every event that satisfies the condition, and where
 * `exact` for no other; `words` is an FTS5 expression that every such event satisfies too.
 */
export interface Prefilter {
  readonly sql: string;
  readonly exact: boolean;
  readonly words: string | undefined;
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

const ANYTHING: Prefilter = { sql: '1', exact: false, words: undefined };
const ALWAYS: Prefilter = { sql: '1', exact: true, words: undefined };
const NEVER: Prefilter = { sql: '0', exact: true, words: undefined };

const shapeFields: ReadonlySet<string> = new Set(SHAPE_FIELDS);

/** Translates a condition for one day. Conditions on shapes and columns are exact; the rest is left to words and the matcher. */
export function prefilter(condition: Condition, dictionary: DayDictionary): Prefilter {
  const fields = fieldsOf(condition);
  if (fields && fields.size > 0 && [...fields].every((field) => shapeFields.has(field))) {
    return selection('shape', dictionary.shapes(condition));
  }
  if (fields?.size === 1) {
    const column = COLUMN_FIELDS.findIndex(({ field }) => fields.has(field));
    const name = COLUMN_FIELDS[column]?.column;
    if (name) return selection(name, dictionary.terms(column, condition));
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
      return inside.exact ? { sql: `NOT (${inside.sql})`, exact: true, words: undefined } : ANYTHING;
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
  return {
    ...(indexed === undefined ? {} : { indexed }),
    sql: sql.length === 0 ? '1' : sql.map((part) => `(${part})`).join(' AND '),
    exact: parts.every((part) => part.exact),
    words: words.length === 0 ? undefined : words.join(' AND '),
  };
}

function either(parts: readonly Prefilter[]): Prefilter {
  if (parts.length === 0) return NEVER;
  const words = parts.map((part) => part.words);
  const allWords = words.every((part) => part !== undefined);
  return {
    sql: parts.some((part) => part.sql === '1') ? '1' : parts.map((part) => `(${part.sql})`).join(' OR '),
    exact: parts.every((part) => part.exact),
    words: allWords ? words.map((part) => `(${part})`).join(' OR ') : undefined,
  };
}

function withWords(words: readonly NeededWord[]): Prefilter {
  return { sql: '1', exact: false, words: matchExpression(words) };
}

function fieldPrefilter({ field, test }: FieldCondition): Prefilter {
  if (field === '@timestamp') return timePrefilter(test);
  if (!isInWordIndex(field)) return ANYTHING;
  if (test.kind === 'string' || test.kind === 'wildcard') return withWords(wordsOf(test));
  return ANYTHING;
}

const SQL_COMPARE = { lt: '<', lte: '<=', gt: '>', gte: '>=' } as const;

/** Ranges of time are exact: a row's `ts` is the event's `@timestamp`. Only bounds in UTC, written in full, are taken. */
function timePrefilter(test: FieldTest): Prefilter {
  if (test.kind !== 'range' || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z$/.test(test.value))
    return ANYTHING;
  const bound = Date.parse(test.value);
  if (Number.isNaN(bound)) return ANYTHING;
  return { sql: `ts ${SQL_COMPARE[test.compare]} ${bound}`, exact: true, words: undefined };
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

function selection(column: string, { ids, exact }: Selected): Prefilter {
  if (ids.length === 0) return { sql: '0', exact, words: undefined };
  const list = ids.length <= INLINE_IDS ? ids.join(',') : `SELECT value FROM json_each('[${ids.join(',')}]')`;
  const sql = `${column} IN (${list})`;
  // The index leaves out events without an address.
  if (column !== 'source_ip' || ids.includes(ABSENT)) return { sql, exact, words: undefined };
  return { sql, exact, words: undefined, indexed: `${sql} AND source_ip > 0` };
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
