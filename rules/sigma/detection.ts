import type { Place } from '../errors.ts';
import type { Condition, FieldTest } from '../query/condition.ts';
import { parseNetwork } from '../query/ip-address.ts';
import { RegexError } from '../query/regex-syntax.ts';
import { compileRegex } from '../query/safe-regex.ts';
import { MODIFIERS, ModifierError, type ModifierState, type SigmaValue } from './modifiers.ts';
import { PlaceholderError, type Placeholders } from './placeholders.ts';
import type { RuleReader } from './reader.ts';
import { readSigmaString, toStringTest } from './sigma-string.ts';
import type { YamlEntry, YamlNode, YamlScalar } from './yaml-tree.ts';

function join(kind: 'and' | 'or', of: readonly Condition[]): Condition {
  return of.length === 1 ? (of[0] as Condition) : { kind, of };
}

function toValue(scalar: YamlScalar): SigmaValue {
  const { value } = scalar;
  if (value === null) return { kind: 'null' };
  if (typeof value === 'number') return { kind: 'number', number: value, raw: scalar.source };
  if (typeof value === 'boolean') return { kind: 'boolean', boolean: value };
  return { kind: 'text', raw: value };
}

/** What is compared as text: texts, and numbers and booleans as written. */
function rawText(value: SigmaValue): string {
  if (value.kind === 'text' || value.kind === 'number') return value.raw;
  if (value.kind === 'boolean') return String(value.boolean);
  throw new ModifierError('It takes texts, not null');
}

function textTest(value: SigmaValue, state: ModifierState): FieldTest {
  if (value.kind === 'bytes') {
    // Base64 tells letters by case, so these compare as they are where a rule says "cased"; Sigma's default is not to.
    const match = state.part === 'whole' ? 'equals' : state.part;
    return { kind: 'string', match, value: value.bytes, cased: state.cased };
  }
  return toStringTest(readSigmaString(rawText(value)), state.part, state.cased);
}

function valueTest(value: SigmaValue, state: ModifierState): FieldTest {
  switch (state.type) {
    case 'plain':
      if (value.kind === 'null' && state.part === 'whole') return { kind: 'null' };
      if (state.part !== 'whole' || state.cased) return textTest(value, state);
      if (value.kind === 'number') return { kind: 'number', compare: 'eq', value: value.number };
      if (value.kind === 'boolean') return { kind: 'boolean', value: value.boolean };
      return textTest(value, state);
    case 're': {
      const source = rawText(value);
      compileRegex(source, state.flags);
      return { kind: 'regex', source, flags: state.flags };
    }
    case 'cidr': {
      const network = rawText(value);
      if (!parseNetwork(network)) throw new ModifierError(`"${network}" is not a network such as 10.0.0.0/8`);
      return { kind: 'cidr', network };
    }
    case 'exists':
      if (value.kind !== 'boolean') throw new ModifierError('It takes true or false');
      return { kind: 'exists', value: value.boolean };
    case 'fieldref':
      if (value.kind !== 'text') throw new ModifierError('It takes the name of a field');
      return { kind: 'same-as', field: value.raw, part: state.part, cased: state.cased };
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return { kind: 'number', compare: state.type, value: numberOf(value) };
    default:
      return { kind: 'time-part', part: state.type, value: numberOf(value) };
  }
}

function numberOf(value: SigmaValue): number {
  const number =
    value.kind === 'number' ? value.number : value.kind === 'text' && value.raw !== '' ? Number(value.raw) : Number.NaN;
  if (!Number.isFinite(number)) throw new ModifierError('It takes a number');
  return number;
}

function startState(value: SigmaValue, placeholders: Placeholders): ModifierState {
  return {
    values: [value],
    type: 'plain',
    part: 'whole',
    flags: '',
    all: false,
    cased: false,
    negated: false,
    placeholders,
  };
}

/** What a field's values say together: `all` asks for each of them, in whatever form the modifiers gave it. */
function joinValues(groups: readonly (readonly Condition[])[], { all, negated }: ModifierState): Condition {
  const joined = all
    ? join(
        'and',
        groups.map((group) => join('or', group)),
      )
    : join('or', groups.flat());
  return negated ? { kind: 'not', of: joined } : joined;
}

/** Reads the detection section's search identifiers (Sigma 2.1, *Detection*) into conditions. */
export class DetectionReader {
  readonly #reader: RuleReader;
  readonly #placeholders: Placeholders;

  constructor(reader: RuleReader, placeholders: Placeholders) {
    this.#reader = reader;
    this.#placeholders = placeholders;
  }

  /** A search identifier: a map of fields, a list of maps (one of them), or keywords. Undefined where wrong, and reported. */
  identifier(node: YamlNode, name: string): Condition | undefined {
    if (node.kind === 'map') return this.#map(node.entries, node.at);
    if (node.kind === 'scalar') return this.#keywords([node], '', node.at);
    if (node.items.length === 0) return this.#reader.problem('HD_RULE_DETECTION', `"${name}" is empty`, node.at);
    const of: Condition[] = [];
    for (const item of node.items) {
      const condition = this.identifier(item, name);
      if (condition) of.push(condition);
    }
    return of.length === node.items.length ? join('or', of) : undefined;
  }

  #map(entries: readonly YamlEntry[], at: Place): Condition | undefined {
    if (entries.length === 0) return this.#reader.problem('HD_RULE_DETECTION', 'This map of fields is empty', at);
    const of = entries.map((entry) => this.#field(entry));
    const known = of.filter((condition) => condition !== undefined);
    return known.length === of.length ? join('and', known) : undefined;
  }

  #field(entry: YamlEntry): Condition | undefined {
    const [field = '', ...modifiers] = entry.key.split('|');
    const items = entry.value.kind === 'list' ? entry.value.items : [entry.value];
    const scalars: YamlScalar[] = [];
    for (const item of items) {
      if (item.kind === 'scalar') scalars.push(item);
      else
        return this.#reader.problem(
          'HD_RULE_DETECTION',
          `A value of "${field}" must be a text, number, true, false or null`,
          item.at,
        );
    }
    if (scalars.length === 0) return this.#reader.problem('HD_RULE_DETECTION', `"${field}" has no value`, entry.at);
    if (scalars.length > 1) {
      const nothing = scalars.find((scalar) => scalar.value === null);
      if (nothing) {
        const what = `null cannot be one of several values of "${field}"; write it as a selection of its own`;
        return this.#reader.problem('HD_RULE_VALUE', what, nothing.at);
      }
    }
    if (field === '') return this.#keywords(scalars, entry.key, entry.at);
    const states = this.#modified(scalars, entry.key, entry.at);
    const [first] = states ?? [];
    if (!states || !first) return undefined;
    const groups: Condition[][] = [];
    for (const [index, state] of states.entries()) {
      const tests = this.#tests(state, scalars[index]?.at ?? entry.at, modifiers);
      if (!tests) return undefined;
      groups.push(tests.map((test): Condition => ({ kind: 'field', field, test })));
    }
    return joinValues(groups, first);
  }

  /** Words in any field at all: a value without wildcards is looked for anywhere in it. */
  #keywords(scalars: readonly YamlScalar[], key: string, at: Place): Condition | undefined {
    const states = this.#modified(scalars, key, at);
    const [first] = states ?? [];
    if (!states || !first) return undefined;
    if (first.type !== 'plain') {
      const what = `"${key}" needs a field; keywords take texts`;
      return this.#reader.problem('HD_RULE_MODIFIER_USE', what, at);
    }
    const groups: Condition[][] = [];
    for (const state of states) {
      const of: Condition[] = [];
      for (const value of state.values) {
        const text = value.kind === 'bytes' ? value.bytes : value.kind === 'null' ? '' : rawText(value);
        if (text === '') return this.#reader.problem('HD_RULE_VALUE', 'A keyword is empty', at);
        const test = textTest(value, { ...state, part: 'contains' });
        if (test.kind === 'string' || test.kind === 'wildcard') of.push({ kind: 'text', scope: 'any-field', test });
      }
      groups.push(of);
    }
    return joinValues(groups, first);
  }

  /** Each value after the modifiers; undefined where one cannot take them, and reported. */
  #modified(scalars: readonly YamlScalar[], key: string, at: Place): readonly ModifierState[] | undefined {
    if (key.split('|').includes('all', 1) && scalars.length < 2) {
      return this.#reader.problem('HD_RULE_MODIFIER_USE', '"all" needs a list of at least two values', at);
    }
    const states: ModifierState[] = [];
    for (const scalar of scalars) {
      const state = this.#modify(scalar, key, at);
      if (!state) return undefined;
      states.push(state);
    }
    return states;
  }

  #modify(scalar: YamlScalar, key: string, at: Place): ModifierState | undefined {
    const [, ...modifiers] = key.split('|');
    const state = startState(toValue(scalar), this.#placeholders);
    let column = at.column + key.indexOf('|') + 1;
    for (const name of modifiers) {
      const place = { line: at.line, column };
      column += name.length + 1;
      const modifier = Object.hasOwn(MODIFIERS, name) ? MODIFIERS[name] : undefined;
      if (!modifier) return this.#reader.problem('HD_RULE_UNKNOWN_MODIFIER', `There is no modifier "${name}"`, place);
      try {
        modifier(state);
      } catch (error) {
        this.#refuse(error, name, error instanceof PlaceholderError ? scalar.at : place);
        return undefined;
      }
    }
    return state;
  }

  #tests(state: ModifierState, at: Place, modifiers: readonly string[]): FieldTest[] | undefined {
    const tests: FieldTest[] = [];
    for (const value of state.values) {
      try {
        tests.push(valueTest(value, state));
      } catch (error) {
        this.#refuse(error, modifiers.join('|'), at);
        return undefined;
      }
    }
    return tests;
  }

  #refuse(error: unknown, name: string, at: Place): void {
    if (error instanceof RegexError) {
      this.#reader.problem('HD_RULE_REGEX', `The regular expression is not supported: ${error.message}`, at);
    } else if (error instanceof ModifierError) {
      const code = error.unsupported ? 'HD_RULE_UNSUPPORTED_MODIFIER' : 'HD_RULE_MODIFIER_USE';
      this.#reader.problem(code, `Modifier "${name}": ${error.message}`, at);
    } else if (error instanceof PlaceholderError) this.#reader.problem('HD_RULE_PLACEHOLDER', error.message, at);
    else throw error;
  }
}
