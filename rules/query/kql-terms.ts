import type { Condition, StringTest } from './condition.ts';
import { parseNetwork } from './ip-address.ts';

/** A word or phrase of a query, with where it stands. */
export interface KqlValue {
  /** Literal text, or `null` for an unescaped `*`. */
  readonly pieces: readonly (string | null)[];
  readonly quoted: boolean;
  readonly column: number;
}

/** Fields of running text: a value is looked for as words in them, not as the whole field. */
const TEXT_FIELDS: ReadonlySet<string> = new Set(['message', 'event.original', 'error.message', 'error.stack_trace']);

const NUMBER = /^[+-]?\d+(\.\d+)?$/;
const DAY = /^\d{4}-\d{2}(-\d{2})?(T[\d:.]*)?$/;

/** Whether an ECS field holds addresses, by its name: `source.ip`, `related.ip`, `dns.resolved_ip`. */
export function isIpField(field: string): boolean {
  return /(^|[._])ip$/.test(field);
}

function isPattern(value: KqlValue): boolean {
  return value.pieces.includes(null);
}

function isAnything(value: KqlValue): boolean {
  return value.pieces.length === 1 && value.pieces[0] === null;
}

function literal(value: KqlValue): string {
  return value.pieces.join('');
}

function stringTest(value: KqlValue, match: 'equals' | 'word'): StringTest {
  if (!isPattern(value)) return { kind: 'string', match, value: literal(value), cased: false };
  const pieces = value.pieces.map((piece) => piece ?? ({ any: 'many' } as const));
  return { kind: 'wildcard', pieces, cased: false };
}

/** A pattern for running text holds anywhere in it. */
function insideText(value: KqlValue): KqlValue {
  return isPattern(value) ? { ...value, pieces: [null, ...value.pieces, null] } : value;
}

/** A free word or phrase: anywhere in `message` or `event.original`. */
export function textCondition(value: KqlValue): Condition {
  if (isAnything(value)) return { kind: 'always' };
  return { kind: 'text', scope: 'message', test: stringTest(value, 'word') };
}

/** `field: words`. `fail` throws the error of the query, with its column. */
export function fieldCondition(field: string, words: readonly KqlValue[], fail: (message: string) => never): Condition {
  const [first] = words;
  if (field === '' || first === undefined) return fail('A field name is expected before ":"');
  if (words.length === 1 && isAnything(first)) {
    return field === '*' ? { kind: 'always' } : { kind: 'field', field, test: { kind: 'exists', value: true } };
  }
  if (TEXT_FIELDS.has(field)) {
    const of = words.map((word): Condition => ({ kind: 'field', field, test: stringTest(insideText(word), 'word') }));
    return of.length === 1 ? (of[0] as Condition) : { kind: 'and', of };
  }
  const joined = words.length === 1 ? first : joinWords(words);
  const text = literal(joined);
  if (isIpField(field) && !isPattern(joined)) {
    if (parseNetwork(text)) return { kind: 'field', field, test: { kind: 'cidr', network: text } };
    if (text.includes('/') && !first.quoted) fail(`"${text}" is not a network such as 10.0.0.0/8 or 2001:db8::/32`);
  }
  // A day or month stands for all its moments.
  if (field === '@timestamp' && DAY.test(text)) {
    return { kind: 'field', field, test: { kind: 'string', match: 'starts', value: text, cased: false } };
  }
  return { kind: 'field', field, test: stringTest(joined, 'equals') };
}

function joinWords(words: readonly KqlValue[]): KqlValue {
  const pieces = words.flatMap((word, index) => (index === 0 ? word.pieces : [' ', ...word.pieces]));
  return { pieces, quoted: false, column: words[0]?.column ?? 1 };
}

/** `field < value`, by number where the value is one, else by time or text order. */
export function rangeCondition(
  field: string,
  compare: 'lt' | 'lte' | 'gt' | 'gte',
  value: KqlValue,
  fail: (message: string) => never,
): Condition {
  const text = literal(value);
  if (isPattern(value)) return fail('A range needs a value without "*"');
  if (/^now\b/.test(text) && !value.quoted) return fail('Choose relative times by the time range, not in the query');
  if (NUMBER.test(text)) return { kind: 'field', field, test: { kind: 'number', compare, value: Number(text) } };
  return { kind: 'field', field, test: { kind: 'range', compare, value: text } };
}
