import type { Condition } from './condition.ts';
import { fieldCondition, type KqlValue, rangeCondition, textCondition } from './kql-terms.ts';

/** A query that is not KQL; `column` counts from 1. */
export class KqlError extends Error {
  readonly column: number;

  constructor(message: string, column: number) {
    super(message);
    this.name = 'KqlError';
    this.column = column;
  }
}

/** What a query may hold at most: characters, nested parentheses and negations, and terms. */
export const KQL_LIMITS = { characters: 4_096, depth: 32, terms: 256 } as const;

const OPERATORS = ['<=', '>=', '<', '>', ':'] as const;
type Operator = (typeof OPERATORS)[number];
const COMPARE = { '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte' } as const;

class KqlParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #terms = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Condition {
    if (this.#text.length > KQL_LIMITS.characters) {
      this.#fail(`The query is longer than ${KQL_LIMITS.characters} characters; shorten it`, KQL_LIMITS.characters);
    }
    this.#skipBlanks();
    if (this.#at >= this.#text.length) return { kind: 'always' };
    const condition = this.#or(() => this.#primary());
    if (this.#at < this.#text.length) {
      const found = this.#text[this.#at] ?? '';
      this.#fail(found === ')' ? 'This ")" closes nothing; remove it' : `"${found}" is not expected here`);
    }
    return condition;
  }

  #fail(message: string, at = this.#at): never {
    throw new KqlError(`${message} (column ${at + 1}).`, at + 1);
  }

  #skipBlanks(): void {
    while (this.#at < this.#text.length && /\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  /** Whether one of the words `and`, `or`, `not` comes next, unquoted and by itself. */
  #sees(word: 'and' | 'or' | 'not'): boolean {
    const end = this.#at + word.length;
    if (this.#text.slice(this.#at, end).toLowerCase() !== word) return false;
    return end >= this.#text.length || /[\s()"]/.test(this.#text[end] ?? '');
  }

  #takes(word: 'and' | 'or' | 'not'): boolean {
    if (!this.#sees(word)) return false;
    this.#at += word.length;
    this.#skipBlanks();
    return true;
  }

  #nested<T>(work: () => T): T {
    if (++this.#depth > KQL_LIMITS.depth) this.#fail(`The query nests deeper than ${KQL_LIMITS.depth} levels`);
    const made = work();
    this.#depth--;
    return made;
  }

  #or(primary: () => Condition): Condition {
    const of = [this.#and(primary)];
    while (this.#takes('or')) of.push(this.#and(primary));
    return of.length === 1 ? (of[0] as Condition) : { kind: 'or', of };
  }

  #and(primary: () => Condition): Condition {
    const of = [this.#not(primary)];
    while (this.#takes('and')) of.push(this.#not(primary));
    return of.length === 1 ? (of[0] as Condition) : { kind: 'and', of };
  }

  #not(primary: () => Condition): Condition {
    if (this.#takes('not')) return this.#nested(() => ({ kind: 'not', of: this.#not(primary) }));
    return primary();
  }

  #parenthesis(primary: () => Condition): Condition {
    const open = this.#at++;
    this.#skipBlanks();
    const inside = this.#nested(() => this.#or(primary));
    if (this.#text[this.#at] !== ')') this.#fail('This "(" is never closed; add ")"', open);
    this.#at++;
    this.#skipBlanks();
    return inside;
  }

  #primary(): Condition {
    if (this.#text[this.#at] === '(') return this.#parenthesis(() => this.#primary());
    const term = this.#value(true);
    const operator = this.#operator();
    if (operator === undefined) return this.#freeText(term);
    const field = term.pieces.map((piece) => piece ?? '*').join('');
    if (operator === ':') return this.#fieldValue(field, term.column);
    if (field.includes('*')) this.#fail('A range needs one field, without "*"', term.column - 1);
    const bound = this.#at;
    return rangeCondition(field, COMPARE[operator], this.#value(false), (message) => this.#fail(message, bound));
  }

  /** Words beside each other without an operator: all of them must be there. */
  #freeText(first: KqlValue): Condition {
    const of = [textCondition(first)];
    while (this.#isValueNext()) {
      const word = this.#value(true);
      if (this.#operator() !== undefined) {
        this.#fail('Put "and" or "or" between this and what is before it', word.column - 1);
      }
      of.push(textCondition(word));
    }
    return of.length === 1 ? (of[0] as Condition) : { kind: 'and', of };
  }

  #fieldValue(field: string, column: number): Condition {
    if (this.#text[this.#at] === '(') {
      const inside = (): Condition =>
        this.#text[this.#at] === '(' ? this.#parenthesis(inside) : this.#fieldWords(field, column);
      return this.#parenthesis(inside);
    }
    if (this.#text[this.#at] === '{') this.#fail('Nested fields "{ }" are not supported; write the dotted name');
    return this.#fieldWords(field, column);
  }

  #fieldWords(field: string, column: number): Condition {
    const words = [this.#value(false)];
    while (this.#isValueNext()) {
      const start = this.#at;
      const word = this.#value(false);
      const namesField = !word.quoted && /^[a-z_@][\w@.-]*:/i.test(word.pieces.join(''));
      if (namesField || this.#operator() !== undefined) this.#fail('Put "and" or "or" before this field', start);
      words.push(word);
    }
    return fieldCondition(field, words, (message) => this.#fail(message, column - 1));
  }

  #isValueNext(): boolean {
    const next = this.#text[this.#at];
    return (
      next !== undefined && !'()<>:'.includes(next) && !this.#sees('and') && !this.#sees('or') && !this.#sees('not')
    );
  }

  #operator(): Operator | undefined {
    const found = OPERATORS.find((operator) => this.#text.startsWith(operator, this.#at));
    if (found === undefined) return undefined;
    this.#at += found.length;
    this.#skipBlanks();
    return found;
  }

  /** A quoted phrase or a bare word. In field position a bare word ends at an operator; as a value it may hold colons. */
  #value(fieldPosition: boolean): KqlValue {
    if (++this.#terms > KQL_LIMITS.terms) this.#fail(`The query has more than ${KQL_LIMITS.terms} terms`);
    const start = this.#at;
    if (this.#sees('and') || this.#sees('or') || this.#sees('not')) {
      this.#fail('A value is expected here; quote "and", "or", "not" where they are meant literally');
    }
    const quoted = this.#text[start] === '"';
    const pieces = quoted ? this.#phrase() : this.#word(fieldPosition);
    if (!quoted && this.#at === start) {
      if (start >= this.#text.length) this.#fail('The query ends where a value is expected');
      this.#fail(`A value is expected here, not "${this.#text[start]}"; quote it if it is meant literally`);
    }
    this.#skipBlanks();
    return { pieces, quoted, column: start + 1 };
  }

  #phrase(): string[] {
    const open = this.#at++;
    let phrase = '';
    for (; this.#at < this.#text.length; this.#at++) {
      const next = this.#text[this.#at] ?? '';
      if (next === '"') {
        this.#at++;
        return [phrase];
      }
      if (next === '\\' && this.#at + 1 < this.#text.length) phrase += unescaped(this.#text[++this.#at] ?? '');
      else phrase += next;
    }
    return this.#fail('This quotation mark is never closed', open);
  }

  #word(fieldPosition: boolean): (string | null)[] {
    const pieces: (string | null)[] = [];
    let literal = '';
    // An IPv6 address in free text is not a field and its value.
    const address = /^[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*(?=$|[\s)])/i.exec(this.#text.slice(this.#at, this.#at + 64));
    if (fieldPosition && address) {
      this.#at += address[0].length;
      return [address[0]];
    }
    for (; this.#at < this.#text.length; this.#at++) {
      const next = this.#text[this.#at] ?? '';
      if (/[\s()"]/.test(next) || (fieldPosition && '<>:'.includes(next))) break;
      if (next === '*') {
        if (literal !== '') pieces.push(literal);
        if (pieces[pieces.length - 1] !== null) pieces.push(null);
        literal = '';
      } else if (next === '\\' && this.#at + 1 < this.#text.length) literal += unescaped(this.#text[++this.#at] ?? '');
      else literal += next;
    }
    if (literal !== '') pieces.push(literal);
    return pieces;
  }
}

/** A backslash makes the syntax's own characters literal; before anything else it stands for itself (`C:\Windows`). */
function unescaped(character: string): string {
  return /[\\"():<>*{}\s]/.test(character) ? character : `\\${character}`;
}

/**
 * Parses a KQL query (`docs/rules.md`, *Queries*): `field: value`, `field >= value`, free words and "phrases", `*`, `and`
 * `or` `not`, parentheses. An empty query holds for every event.
 * @throws KqlError with the column where the text is not understood, or passes a limit.
 */
export function parseKql(text: string): Condition {
  return new KqlParser(text).parse();
}
