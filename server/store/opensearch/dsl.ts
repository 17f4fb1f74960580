import type { Condition, FieldCondition, FieldTest, StringTest } from '../../../rules/query/condition.ts';
import { parseIp, parseNetwork } from '../../../rules/query/ip-address.ts';
import { MESSAGE_FIELDS } from '../../../rules/query/matcher.ts';
import { foldCase } from '../../../rules/query/string-test.ts';
import { joinLiterals } from '../../../rules/query/wildcard-pieces.ts';
import { ALL_IRREGULAR, TEXT_IRREGULAR } from './document.ts';
import { INDEXED_FIELDS, type Json, LONGEST_VALUE } from './mapping.ts';
import { type NeededWord, neededWords, singleWord } from './words.ts';

/**
 * A condition as two queries: every event that `surely` finds satisfies it, and every event that satisfies it is found
 * by `possibly`. What lies between is decided by the matcher of `rules/query` on the document.
 */
export interface Bounds {
  readonly surely: Json;
  readonly possibly: Json;
}

const ALL: Json = { match_all: {} };
const NONE: Json = { match_none: {} };
const ANYTHING: Bounds = { surely: NONE, possibly: ALL };

/** Whether the two queries are the same, so that no document need be opened. */
export function isExact({ surely, possibly }: Bounds): boolean {
  return surely === possibly || JSON.stringify(surely) === JSON.stringify(possibly);
}

/** Translates a condition. */
export function toBounds(condition: Condition): Bounds {
  switch (condition.kind) {
    case 'always':
      return exactly(ALL);
    case 'never':
      return exactly(NONE);
    case 'and':
    case 'or': {
      const join = condition.kind === 'and' ? both : either;
      const parts = condition.of.map(toBounds);
      return { surely: join(parts.map((part) => part.surely)), possibly: join(parts.map((part) => part.possibly)) };
    }
    case 'not': {
      const inside = toBounds(condition.of);
      return { surely: without(inside.possibly), possibly: without(inside.surely) };
    }
    case 'text':
      return condition.scope === 'message' ? textBounds(condition.test) : ANYTHING;
    case 'field':
      return fieldBounds(condition);
  }
}

function exactly(query: Json): Bounds {
  return { surely: query, possibly: query };
}

/** Events that satisfy all of these. */
export function both(parts: readonly Json[]): Json {
  if (parts.includes(NONE)) return NONE;
  const some = parts.filter((part) => part !== ALL);
  if (some.length === 0) return ALL;
  return some.length === 1 && some[0] ? some[0] : { bool: { filter: some } };
}

/** Events that satisfy any of these. */
export function either(parts: readonly Json[]): Json {
  if (parts.includes(ALL)) return ALL;
  const some = parts.filter((part) => part !== NONE);
  if (some.length === 0) return NONE;
  return some.length === 1 && some[0] ? some[0] : { bool: { should: some, minimum_should_match: 1 } };
}

/** Events that do not satisfy this. */
export function without(query: Json): Json {
  if (query === ALL) return NONE;
  if (query === NONE) return ALL;
  return { bool: { must_not: [query] } };
}

/** Names that reading by name finds in every list or object of the language, whatever the event holds. */
function isReadable(field: string): boolean {
  return (
    field.length < 300 && field.isWellFormed() && field.split('.').every((part) => !/^\d+$/.test(part) && !(part in []))
  );
}

function fieldBounds(condition: FieldCondition): Bounds {
  const { field, test } = condition;
  if (field === '@timestamp') return timeBounds(test);
  if (field.includes('*')) return manyFields(field, test);
  if (!isReadable(field)) return ANYTHING;
  const there = either([{ term: { names: field } }, { term: { irregular: ALL_IRREGULAR } }]);
  if (test.kind === 'exists') {
    const bounds = withIrregular(field, { surely: { term: { names: field } }, possibly: there });
    return test.value ? bounds : { surely: without(bounds.possibly), possibly: without(bounds.surely) };
  }
  if (test.kind === 'null') return { surely: NONE, possibly: ALL };
  if (isText(field)) {
    const words = test.kind === 'string' || test.kind === 'wildcard' ? textBounds(test).possibly : ALL;
    return { surely: NONE, possibly: both([there, words]) };
  }
  return withIrregular(field, valueBounds(field, test, there));
}

/** An event whose value the index cannot tell may satisfy any test on the field. */
function withIrregular(field: string, { surely, possibly }: Bounds): Bounds {
  const irregular: Json = { terms: { irregular: [field, ALL_IRREGULAR] } };
  return { surely: both([surely, without(irregular)]), possibly: either([possibly, irregular]) };
}

function isText(field: string): boolean {
  return (MESSAGE_FIELDS as readonly string[]).includes(field) || INDEXED_FIELDS.get(field) === 'text';
}

/** `*` in a field's name: the names tell which events come into question. */
function manyFields(field: string, test: FieldTest): Bounds {
  if (test.kind === 'exists' && !test.value) return ANYTHING;
  if (field.length > 250 || !field.isWellFormed()) return ANYTHING;
  const value = field.replace(/[\\?]/g, '\\$&');
  return {
    surely: NONE,
    possibly: either([{ wildcard: { names: { value } } }, { term: { irregular: ALL_IRREGULAR } }]),
  };
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z$/;

/** Ranges of time are exact for bounds in UTC, written in full. */
function timeBounds(test: FieldTest): Bounds {
  if (test.kind !== 'range' || !TIME.test(test.value)) return ANYTHING;
  const bound = Date.parse(test.value);
  return Number.isNaN(bound) ? ANYTHING : exactly({ range: { '@timestamp': { [test.compare]: bound } } });
}

/** What the index says of an event whose field is regular. */
function valueBounds(field: string, test: Exclude<FieldTest, { kind: 'exists' | 'null' }>, there: Json): Bounds {
  const as = INDEXED_FIELDS.get(field);
  const path = as === undefined ? `unmapped.${field}` : field;
  const open: Bounds = { surely: NONE, possibly: there };
  if (as === 'number') return numberBounds(path, test) ?? open;
  switch (test.kind) {
    case 'boolean':
      return exactly({ term: { [path]: { value: String(test.value) } } });
    case 'cidr':
      return as === 'ip' ? cidrBounds(path, test.network) : open;
    case 'string':
      return stringBounds(path, test, as === 'pattern') ?? open;
    case 'wildcard':
      return as === undefined ? open : (patternBounds(path, test) ?? open);
    default:
      return open;
  }
}

function numberBounds(path: string, test: FieldTest): Bounds | undefined {
  if (test.kind === 'number') {
    if (!Number.isFinite(test.value)) return undefined;
    if (test.compare === 'eq') return exactly({ term: { [path]: { value: test.value } } });
    return exactly({ range: { [path]: { [test.compare]: test.value } } });
  }
  if (test.kind === 'boolean' || test.kind === 'cidr') return exactly(NONE);
  if (test.kind !== 'string' || test.match !== 'equals') return undefined;
  const value = Number(test.value);
  // Regular numbers are written in one way; another spelling is none of them.
  if (!Number.isFinite(value) || String(value) !== foldCase(test.value)) return exactly(NONE);
  return exactly({ term: { [path]: { value } } });
}

function cidrBounds(path: string, network: string): Bounds {
  const parsed = parseNetwork(network);
  const address = network.includes('/') ? network.slice(0, network.indexOf('/')) : network;
  if (!parsed || parseIp(address) === undefined || address.includes('%')) return { surely: NONE, possibly: ALL };
  const mixed = address.includes(':') && (typeof parsed.address === 'number' || address.includes('.'));
  if (mixed) return { surely: NONE, possibly: { exists: { field: path } } };
  const query: Json = { term: { [`${path}.ip`]: { value: `${address}/${parsed.bits}` } } };
  // IPv4 addresses lie inside ::/80 for the cluster, and outside every IPv6 network for the matcher.
  const holdsIpv4 = typeof parsed.address !== 'number' && parsed.bits < 96;
  return { surely: holdsIpv4 && parsed.address[0] === 0 ? NONE : query, possibly: query };
}

function stringBounds(
  path: string,
  test: Extract<StringTest, { kind: 'string' }>,
  pattern: boolean,
): Bounds | undefined {
  const longest = LONGEST_VALUE[pattern ? 'pattern' : 'keyword'];
  const value = foldCase(test.value);
  if (!value.isWellFormed()) return undefined;
  // Folded values of a text within the limit may be a little longer than the text.
  if (value.length > 3 * longest) return exactly(NONE);
  if (test.match === 'word' || value.length > longest) return undefined;
  if (test.match === 'equals') return cased(test.cased, { term: { [path]: { value } } });
  if (path.startsWith('unmapped.')) return undefined;
  if (test.match === 'starts') {
    // A longer prefix makes an automaton that OpenSearch 2 refuses.
    if (value === '' || value.length > LONGEST_PATTERN) return undefined;
    return cased(test.cased, { prefix: { [path]: { value } } });
  }
  return patternBounds(path, {
    kind: 'wildcard',
    cased: test.cased,
    pieces: [{ any: 'many' }, value, ...(test.match === 'contains' ? [{ any: 'many' } as const] : [])],
  });
}

/** The index is folded: where case counts it can only say "perhaps". */
function cased(isCased: boolean, query: Json): Bounds {
  return isCased ? { surely: NONE, possibly: query } : exactly(query);
}

const LONGEST_PATTERN = 250;

/** `?` is one UTF-16 unit for the matcher and one character for the cluster: with it, any text there is only "perhaps". */
function patternBounds(path: string, test: Extract<StringTest, { kind: 'wildcard' }>): Bounds | undefined {
  const one = test.pieces.some((piece) => typeof piece !== 'string' && piece.any === 'one');
  const value = test.pieces
    .map((piece) => (typeof piece === 'string' ? foldCase(piece).replace(/[\\*?]/g, '\\$&') : '*'))
    .join('')
    .replace(/(?<!\\)\*{2,}/g, '*');
  if (value.length > LONGEST_PATTERN || value === '' || !value.isWellFormed()) return undefined;
  const query: Json = { wildcard: { [path]: { value } } };
  if (one) return { surely: NONE, possibly: widened(path, value) };
  const bounds = cased(test.cased, query);
  // OpenSearch 2 finds nothing by a pattern with a backslash: any one character in its place finds all that has one.
  return value.includes(BACKSLASH) ? { ...bounds, possibly: widened(path, value) } : bounds;
}

const BACKSLASH = '\\\\';

function widened(path: string, value: string): Json {
  return { wildcard: { [path]: { value: value.replaceAll(BACKSLASH, '?') } } };
}

/** A test on the texts of an event, by the words it needs; exact where it asks for one whole word. */
function textBounds(test: StringTest): Bounds {
  const irregular: Json = { terms: { irregular: [...MESSAGE_FIELDS, TEXT_IRREGULAR, ALL_IRREGULAR] } };
  const needed = wordsOf(test).map(
    ({ word, prefix }): Json => (prefix ? { prefix: { text: { value: word } } } : { term: { text: { value: word } } }),
  );
  const possibly = either([both(needed), irregular]);
  const single = test.kind === 'string' && test.match === 'word' && !test.cased ? singleWord(test.value) : undefined;
  return { surely: single === undefined ? NONE : both([...needed, without(irregular)]), possibly };
}

function wordsOf(test: StringTest): NeededWord[] {
  if (test.kind === 'string') {
    const { match, value } = test;
    const openStart = match === 'ends' || match === 'contains';
    const openEnd = match === 'starts' || match === 'contains';
    return neededWords(match === 'word' ? value.trim() : value, openStart, openEnd);
  }
  const pieces = joinLiterals(test.pieces);
  return pieces.flatMap((piece, index) =>
    // A side closed by a literal is the value's end, or in a text the side of a word: whole words either way.
    typeof piece === 'string' ? neededWords(piece, index > 0, index < pieces.length - 1) : [],
  );
}
