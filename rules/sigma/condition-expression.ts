import type { Condition } from '../query/condition.ts';
import { fieldNamePattern } from '../query/matcher.ts';

/** A condition expression that cannot be read; `offset` counts from 0 in its text. */
export class ConditionError extends Error {
  readonly offset: number;
  readonly unsupported: boolean;

  constructor(message: string, offset: number, unsupported = false) {
    super(message);
    this.name = 'ConditionError';
    this.offset = offset;
    this.unsupported = unsupported;
  }
}

interface Token {
  readonly text: string;
  readonly at: number;
}

/** Characters of an expression and depth of its parentheses at most. */
const LIMITS = { characters: 8_192, depth: 50 } as const;

function tokenize(text: string): Token[] {
  return Array.from(text.matchAll(/[()|]|[^\s()|]+/g), (found) => ({ text: found[0], at: found.index }));
}

class ExpressionParser {
  readonly #tokens: readonly Token[];
  readonly #identifiers: ReadonlyMap<string, Condition>;
  readonly #length: number;
  #at = 0;
  #depth = 0;

  constructor(text: string, identifiers: ReadonlyMap<string, Condition>) {
    this.#tokens = tokenize(text);
    this.#identifiers = identifiers;
    this.#length = text.length;
  }

  parse(): Condition {
    const condition = this.#or();
    const rest = this.#tokens[this.#at];
    if (!rest) return condition;
    if (rest.text === '|') throw new ConditionError('Aggregation with "|" is not supported', rest.at, true);
    throw new ConditionError(`"${rest.text}" is not expected here`, rest.at);
  }

  #takes(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (!token || this.#identifiers.has(token.text) || token.text.toLowerCase() !== word) return false;
    this.#at++;
    return true;
  }

  #or(): Condition {
    const of = [this.#and()];
    while (this.#takes('or')) of.push(this.#and());
    return of.length === 1 ? (of[0] as Condition) : { kind: 'or', of };
  }

  #and(): Condition {
    const of = [this.#not()];
    while (this.#takes('and')) of.push(this.#not());
    return of.length === 1 ? (of[0] as Condition) : { kind: 'and', of };
  }

  #not(): Condition {
    const token = this.#tokens[this.#at];
    if (++this.#depth > LIMITS.depth) {
      throw new ConditionError(`It nests deeper than ${LIMITS.depth} levels`, token?.at ?? this.#length);
    }
    const condition: Condition = this.#takes('not') ? { kind: 'not', of: this.#not() } : this.#primary();
    this.#depth--;
    return condition;
  }

  #primary(): Condition {
    const token = this.#tokens[this.#at++];
    if (!token) throw new ConditionError('It ends where a search identifier is expected', this.#length);
    if (token.text === '(') {
      const inside = this.#or();
      const close = this.#tokens[this.#at++];
      if (close?.text !== ')') throw new ConditionError('A "(" is never closed', token.at);
      return inside;
    }
    const known = this.#identifiers.get(token.text);
    if (known) return known;
    const quantity = token.text.toLowerCase();
    if (this.#tokens[this.#at]?.text.toLowerCase() === 'of') return this.#quantified(quantity, token);
    if (token.text === '|') throw new ConditionError('Aggregation with "|" is not supported', token.at, true);
    throw new ConditionError(`There is no search identifier "${token.text}"`, token.at);
  }

  #quantified(quantity: string, token: Token): Condition {
    this.#at++;
    const pattern = this.#tokens[this.#at++];
    if (!pattern || /^[()|]$/.test(pattern.text)) {
      throw new ConditionError('After "of" comes "them" or a pattern such as selection*', pattern?.at ?? this.#length);
    }
    if (quantity !== '1' && quantity !== 'any' && quantity !== 'all') {
      throw new ConditionError(`"${token.text} of" is not supported; there are "1 of" and "all of"`, token.at, true);
    }
    const of = this.#matching(pattern);
    if (of.length === 1) return of[0] as Condition;
    return { kind: quantity === 'all' ? 'and' : 'or', of };
  }

  #matching(pattern: Token): readonly Condition[] {
    const them = pattern.text.toLowerCase() === 'them' && !this.#identifiers.has(pattern.text);
    const named = them ? (name: string) => !name.startsWith('_') : fieldNamePattern(pattern.text);
    const of = [...this.#identifiers].filter(([name]) => named(name)).map(([, condition]) => condition);
    if (of.length === 0) throw new ConditionError(`No search identifier is named like "${pattern.text}"`, pattern.at);
    return of;
  }
}

/**
 * Parses a condition (Sigma 2.1, *Condition*): `or` binds least, then `and`, `not`, `x of`, parentheses.
 * @throws ConditionError
 */
export function parseConditionExpression(text: string, identifiers: ReadonlyMap<string, Condition>): Condition {
  if (text.length > LIMITS.characters) throw new ConditionError(`It is longer than ${LIMITS.characters} characters`, 0);
  return new ExpressionParser(text, identifiers).parse();
}
