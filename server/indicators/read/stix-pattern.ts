import type { IndicatorType } from '../../../rules/indicators/indicator.ts';

/** Why a pattern cannot be looked for value by value. */
export class PatternError extends Error {}

/** One value that a pattern compares with. */
export interface PatternValue {
  readonly type: IndicatorType;
  readonly value: string;
}

const PATHS: Readonly<Record<string, IndicatorType>> = {
  'ipv4-addr:value': 'network',
  'ipv6-addr:value': 'network',
  'network-traffic:src_ref.value': 'network',
  'network-traffic:dst_ref.value': 'network',
  'domain-name:value': 'domain',
  'url:value': 'url',
  'email-addr:value': 'email',
  'email-message:from_ref.value': 'email',
  'email-message:sender_ref.value': 'email',
};
const HASH_PATH =
  /^(?:file|artifact|process:binary_ref|network-traffic):?(?:.*\.)?hashes\.'?(MD5|SHA-?1|SHA-?256|SHA-?512|SHA-?384)'?$/i;
const TOKEN =
  /\s*(?:'((?:[^'\\]|\\.)*)'|([a-z0-9-]+:(?:[A-Za-z0-9_.-]|'[^']*'|\[(?:\d+|\*)\])+)|(\[|\]|\(|\)|,|!=|=|<=|>=|<|>)|([A-Za-z]+|-?\d[\d.]*))/y;
const MOST_CHARACTERS = 20_000;
const MOST_VALUES = 1_000;

type Token = { readonly kind: 'text' | 'path' | 'sign' | 'word'; readonly text: string };

function tokens(pattern: string): Token[] {
  if (pattern.length > MOST_CHARACTERS)
    throw new PatternError(`The pattern is longer than ${MOST_CHARACTERS} characters.`);
  const found: Token[] = [];
  const end = pattern.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(pattern);
    if (!token) throw new PatternError(`The pattern cannot be read at character ${at + 1}.`);
    const [, text, path, sign, word] = token;
    if (text !== undefined) found.push({ kind: 'text', text: text.replaceAll(/\\(.)/g, '$1') });
    else if (path !== undefined) found.push({ kind: 'path', text: path });
    else if (sign !== undefined) found.push({ kind: 'sign', text: sign });
    else found.push({ kind: 'word', text: (word ?? '').toUpperCase() });
  }
  return found;
}

/**
 * The values of a STIX pattern (STIX 2.1 §9) whose observations and comparisons are joined by OR alone: `=`, `IN`, and
 * `ISSUBSET` for networks. Anything else needs more than one value at once, and is refused by name. @throws PatternError
 */
export function patternValues(pattern: string): readonly PatternValue[] {
  const list = tokens(pattern);
  const values: PatternValue[] = [];
  let at = 0;
  const is = (text: string): boolean => list[at]?.kind !== 'text' && list[at]?.text === text;
  const take = (kind: Token['kind'], text?: string): string => {
    const token = list[at++];
    if (token?.kind === kind && (text === undefined || token.text === text)) return token.text;
    throw new PatternError(`The pattern has ${token ? `"${token.text}"` : 'its end'} where ${text ?? kind} belongs.`);
  };
  const comparison = (): void => {
    if (is('(')) {
      at++;
      either(comparison);
      take('sign', ')');
      return;
    }
    if (is('EXISTS')) throw new PatternError('EXISTS is not supported: an indicator is a value.');
    const path = take('path');
    if (is('NOT')) throw new PatternError('NOT is not supported: it would name nearly everything.');
    const operator = list[at++]?.text ?? '';
    if (operator === 'IN') {
      take('sign', '(');
      for (;;) {
        value(path, take('text'));
        if (!is(',')) break;
        at++;
      }
      take('sign', ')');
    } else if (operator === '=' || (operator === 'ISSUBSET' && PATHS[path] === 'network')) value(path, take('text'));
    else
      throw new PatternError(`The comparison ${operator || 'missing'} is not supported; only =, IN and ISSUBSET are.`);
  };
  const value = (path: string, text: string): void => {
    const type = Object.hasOwn(PATHS, path) ? PATHS[path] : HASH_PATH.test(path) ? 'hash' : undefined;
    if (!type) throw new PatternError(`The object path ${path} is not supported.`);
    if (values.push({ type, value: text }) > MOST_VALUES)
      throw new PatternError(`There are more than ${MOST_VALUES} values.`);
  };
  const either = (one: () => void): void => {
    one();
    while (is('OR')) {
      at++;
      one();
    }
    if (is('AND')) throw new PatternError('AND is not supported: each value would be looked for alone.');
  };
  const observation = (): void => {
    if (is('(')) {
      at++;
      either(observation);
      take('sign', ')');
    } else {
      take('sign', '[');
      either(comparison);
      take('sign', ']');
    }
    for (const word of ['FOLLOWEDBY', 'WITHIN', 'REPEATS', 'START'])
      if (is(word)) throw new PatternError(`${word} is not supported: it is about more than one event.`);
  };
  either(observation);
  if (at < list.length) throw new PatternError(`The pattern goes on with "${list[at]?.text}" where it should end.`);
  return values;
}
