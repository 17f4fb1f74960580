import fc from 'fast-check';
import type { Condition, FieldTest, StringTest } from '../../rules/query/condition.ts';
import { compileMatcher, type Matcher } from '../../rules/query/matcher.ts';
import type { DetectionRule } from '../../rules/rule.ts';

/** An event that a rule must match, and one that differs as little as can be and must not match. */
export interface RuleEvents {
  readonly match: Readonly<Record<string, unknown>>;
  readonly miss: Readonly<Record<string, unknown>>;
}

/** What a way through the condition asks of one field. */
interface Wanted {
  readonly field: string;
  readonly test: FieldTest;
  readonly holds: boolean;
}

const TRIES = 60;
/** Where keywords are put. */
const TEXT_FIELD = 'Message';

/** A small generator of the same numbers each time (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Makes both events from the rule's own condition, in the rule's own names; the plain matcher says whether they are what
 * they should be. Undefined where no way through the condition gave such events.
 */
export function eventsOf(rule: DetectionRule, seed = 1): RuleEvents | undefined {
  const random = randomOf(seed);
  const matches = compileMatcher(rule.condition);
  const { product, service, category } = rule.logsource;
  const source = Object.fromEntries(Object.entries({ product, service, category }).filter(([, name]) => name));
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const wanted: Wanted[] = [];
    // The first way takes the first of all choices, as people write the usual one first.
    collect(rule.condition, true, attempt === 0 ? () => 0 : random, wanted);
    const fields = fieldsOf(wanted, random);
    if (fields === undefined) continue;
    const match = { ...source, ...fields };
    if (!matches(match)) continue;
    const miss = nearMiss(match, wanted, matches);
    if (miss !== undefined) return { match, miss };
  }
  return undefined;
}

/** One way for a condition to hold, or not to hold. */
function collect(condition: Condition, holds: boolean, random: () => number, wanted: Wanted[]): void {
  switch (condition.kind) {
    case 'not':
      collect(condition.of, !holds, random, wanted);
      return;
    case 'and':
    case 'or': {
      if ((condition.kind === 'and') === holds) {
        for (const part of condition.of) collect(part, holds, random, wanted);
        return;
      }
      const chosen = condition.of[Math.floor(random() * condition.of.length)];
      if (chosen) collect(chosen, holds, random, wanted);
      return;
    }
    case 'field':
      wanted.push({ field: condition.field, test: condition.test, holds });
      return;
    case 'text':
      wanted.push({ field: TEXT_FIELD, test: inside(condition.test), holds });
      return;
    default:
  }
}

/** A keyword stands anywhere in a text. */
function inside(test: StringTest): StringTest {
  return test.kind === 'string' ? { ...test, match: 'contains' } : test;
}

function fieldsOf(wanted: readonly Wanted[], random: () => number): Record<string, unknown> | undefined {
  const fields: Record<string, unknown> = {};
  const byField = Map.groupBy(wanted, ({ field }) => field);
  for (const [field, all] of byField) {
    const tests = all.filter(({ holds }) => holds).map(({ test }) => test);
    if (tests.length > 0) {
      const value = passingValue(tests, random);
      if (value === undefined) return undefined;
      if (value !== ABSENT) fields[field] = value;
    } else if (all.some(({ test }) => test.kind === 'null' || (test.kind === 'exists' && !test.value))) {
      fields[field] = 'present';
    } else if (all.some(({ test }) => test.kind === 'number')) {
      fields[field] = 1 + Math.floor(random() * 60_000);
    }
  }
  // Two fields that must be the same: what is not there yet is made.
  for (const { field, test, holds } of wanted) {
    if (test.kind !== 'same-as') continue;
    const value = fields[field] ?? fields[test.field] ?? 'value';
    fields[field] = holds ? value : `${String(value)}x`;
    fields[test.field] = value;
  }
  return fields;
}

const ABSENT = Symbol('absent');

/** A value that passes all tests; undefined where this makes none. */
function passingValue(tests: readonly FieldTest[], random: () => number): unknown {
  let whole: unknown;
  let [start, middle, end] = ['', '', ''];
  const plain = tests.filter(({ kind }) => kind !== 'same-as');
  if (plain.length === 0) return 'value';
  for (const test of plain) {
    switch (test.kind) {
      case 'string':
        if (test.match === 'equals') whole ??= test.value;
        else if (test.match === 'starts') start = test.value.length > start.length ? test.value : start;
        else if (test.match === 'ends') end = test.value.length > end.length ? test.value : end;
        else if (!middle.toLowerCase().includes(test.value.toLowerCase())) middle += ` ${test.value} `;
        break;
      case 'wildcard': {
        const text = test.pieces.map((piece) => (typeof piece === 'string' ? piece : 'q')).join('');
        const isOpen = isMany(test.pieces[0]) && isMany(test.pieces.at(-1));
        if (isOpen) middle += text;
        else whole ??= text;
        break;
      }
      case 'number':
        whole ??= test.value + (test.compare === 'gt' ? 1 : test.compare === 'lt' ? -1 : 0);
        break;
      case 'boolean':
      case 'range':
        whole ??= test.value;
        break;
      case 'null':
        whole = null;
        break;
      case 'exists':
        if (!test.value) return ABSENT;
        break;
      case 'cidr':
        whole ??= test.network.split('/')[0];
        break;
      case 'regex':
        middle += textOf(test.source, random) ?? '';
        break;
      case 'time-part':
        whole ??= timeOf(test.part, test.value);
        break;
      default:
    }
  }
  // Something before the end is needed where a filter names the end alone.
  if (start === '' && end !== '' && random() > 0.5) start = 'q';
  const value = start + middle + end;
  // A rule that asks for a whole text and for what is not in it can match a list of both.
  if (whole !== undefined) return value !== '' && random() > 0.7 ? [whole, value] : whole;
  return value === '' ? 'present' : value;
}

function isMany(piece: string | { readonly any: 'one' | 'many' } | undefined): boolean {
  return typeof piece === 'object' && piece.any === 'many';
}

/** A text that a regular expression matches; undefined where it has what `fast-check` cannot turn round. */
function textOf(source: string, random: () => number): string | undefined {
  try {
    // Case is free where it says so: any text of the pattern will do.
    const expression = new RegExp(source.replace(/^\(\?[ims]+\)/, ''));
    return fc.sample(fc.stringMatching(expression), { numRuns: 1, seed: Math.floor(random() * 2 ** 30) })[0];
  } catch {
    return undefined;
  }
}

function timeOf(part: 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year', value: number): string {
  const time = new Date(Date.UTC(2026, 0, 5, 12, 30));
  if (part === 'minute') time.setUTCMinutes(value);
  else if (part === 'hour') time.setUTCHours(value);
  else if (part === 'day') time.setUTCDate(value);
  else if (part === 'week') time.setUTCDate(5 + 7 * (value - 2));
  else if (part === 'month') time.setUTCMonth(value - 1);
  else time.setUTCFullYear(value);
  return time.toISOString();
}

/** Changes one field after the other, each as little as can be, until the rule does not match any more. */
function nearMiss(
  match: Readonly<Record<string, unknown>>,
  wanted: readonly Wanted[],
  matches: Matcher,
): Record<string, unknown> | undefined {
  const changes = wanted
    .filter(({ holds }) => holds)
    .flatMap(({ field, test }) => [...changesOf(match[field], field, test)]);
  for (const [field, value] of changes) {
    const miss = { ...match, [field]: value };
    if (!matches(miss)) return miss;
  }
  // Where other parts of the condition hold as well, more has to change.
  const miss: Record<string, unknown> = { ...match };
  for (const { field } of wanted) {
    delete miss[field];
    if (!matches(miss)) return miss;
  }
  for (const { field, test, holds } of wanted) {
    if (holds || test.kind === 'same-as') continue;
    const value = passingValue([test], () => 0);
    if (value === undefined || value === ABSENT) continue;
    const filtered = { ...match, [field]: value };
    if (!matches(filtered)) return filtered;
  }
  return undefined;
}

function* changesOf(value: unknown, field: string, test: FieldTest): Generator<readonly [string, unknown]> {
  if (test.kind === 'number' && typeof value === 'number') {
    yield [field, value + 1];
    yield [field, value - 1];
  } else if (typeof value === 'boolean') yield [field, !value];
  else if (value === null) yield [field, 'present'];
  else if (typeof value === 'string') {
    const literal = test.kind === 'string' ? test.value : value;
    const at = Math.max(0, value.indexOf(literal));
    // One letter more, less, or another.
    for (const place of [at + literal.length - 1, at, at + (literal.length >> 1)]) {
      // Half a character would be no text.
      if (place < 0 || place >= value.length || /[\ud800-\udfff]/.test(value[place] as string)) continue;
      const other = value[place] === '~' ? '#' : '~';
      yield [field, value.slice(0, place) + other + value.slice(place + 1)];
    }
    yield [field, `${value}~`];
    yield [field, `~${value}`];
    yield [field, '~'];
  }
}
