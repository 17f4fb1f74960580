/** A regular expression as a tree. Sets and characters are code points; every construct outside this tree is refused. */
export type RegexNode =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'set'; readonly source: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'anchor'; readonly at: 'start' | 'end' | 'text-start' | 'text-end' | 'word' | 'inside' }
  | { readonly kind: 'sequence'; readonly of: readonly RegexNode[] }
  | { readonly kind: 'either'; readonly of: readonly RegexNode[] }
  | { readonly kind: 'flags'; readonly flags: string; readonly of: RegexNode }
  /** Only where captures were asked for; elsewhere a group is what it holds. */
  | { readonly kind: 'capture'; readonly name: string; readonly of: RegexNode }
  | {
      readonly kind: 'repeat';
      readonly of: RegexNode;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    };

/** A regular expression that is malformed or uses what linear-time matching cannot do. */
export class RegexError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RegexError';
  }
}

/** Bounds of a regular expression: characters, nesting, and the largest `{n,m}`. */
export const REGEX_LIMITS = { characters: 4_096, depth: 64, repeat: 1_000 } as const;

const CLASSES: Readonly<Record<string, string>> = {
  d: '0-9',
  w: '0-9A-Za-z_',
  s: '\\t\\n\\x0b\\f\\r ',
};
const NEGATED: Readonly<Record<string, string>> = {
  D: '\\x00-/:-\\u{10ffff}',
  W: '\\x00-/:-@\\[-\\^`\\{-\\u{10ffff}',
  S: '\\x00-\\x08\\x0e-\\x1f!-\\u{10ffff}',
};
const CONTROLS: Readonly<Record<string, string>> = {
  t: '\t',
  n: '\n',
  r: '\r',
  f: '\f',
  v: '\v',
  a: '\x07',
  e: '\x1b',
};
const ANCHORS = { A: 'text-start', z: 'text-end', Z: 'text-end', b: 'word', B: 'inside' } as const;

/** One code point written so that JavaScript's `u` mode reads it literally, inside a set or out. */
export function writeCodePoint(point: number): string {
  const text = String.fromCodePoint(point);
  if (/[A-Za-z0-9 !"#%&',:;<=>@_`~]/.test(text)) return text;
  return `\\u{${point.toString(16)}}`;
}

/** `(?<name>`, `(?P<name>`, `(?i:`, `(?:`; with captures a name may be that of a field. */
const GROUP = /^\?(?:P?<([A-Za-z_]\w*)>|([ims]*):)/;
const FIELD_GROUP = /^\?(?:P?<([A-Za-z_@][\w.@-]*)>|([ims]*):)/;

class RegexParser {
  readonly #source: string;
  readonly #captures: boolean;
  #at = 0;
  #depth = 0;

  constructor(source: string, captures: boolean) {
    this.#source = source;
    this.#captures = captures;
  }

  parse(): RegexNode {
    const tree = this.#either();
    if (this.#at < this.#source.length) this.#fail('")" closes nothing');
    return tree;
  }

  #fail(what: string): never {
    throw new RegexError(`${what} (at character ${this.#at + 1})`);
  }

  #peek(): string {
    const point = this.#source.codePointAt(this.#at);
    return point === undefined ? '' : String.fromCodePoint(point);
  }

  #next(): string {
    const next = this.#peek();
    if (next === '') this.#fail('the expression ends too early');
    this.#at += next.length;
    return next;
  }

  #either(): RegexNode {
    if (++this.#depth > REGEX_LIMITS.depth) this.#fail(`groups nest deeper than ${REGEX_LIMITS.depth}`);
    const of = [this.#sequence()];
    while (this.#peek() === '|') {
      this.#at++;
      of.push(this.#sequence());
    }
    this.#depth--;
    return of.length === 1 ? (of[0] as RegexNode) : { kind: 'either', of };
  }

  #sequence(): RegexNode {
    const of: RegexNode[] = [];
    for (let next = this.#peek(); next !== '' && next !== '|' && next !== ')'; next = this.#peek()) {
      const flags = /^\(\?([ims]+)\)/.exec(this.#source.slice(this.#at, this.#at + 8));
      if (flags) {
        this.#at += flags[0].length;
        if (of.length === 0) of.push({ kind: 'flags', flags: flags[1] ?? '', of: this.#either() });
        else of.push({ kind: 'flags', flags: flags[1] ?? '', of: this.#sequence() });
        if (this.#peek() === '|') this.#fail('flags such as (?i) in the middle of alternatives are not supported');
        continue;
      }
      const node = this.#repeat(this.#atom());
      const last = of[of.length - 1];
      if (node.kind === 'literal' && last?.kind === 'literal') {
        of[of.length - 1] = { kind: 'literal', text: last.text + node.text };
      } else of.push(node);
    }
    return of.length === 1 ? (of[0] as RegexNode) : { kind: 'sequence', of };
  }

  #repeat(atom: RegexNode): RegexNode {
    const counts = this.#counts();
    if (!counts) return atom;
    if (atom.kind === 'anchor') this.#fail('a position such as ^ or \\b cannot be repeated');
    const [min, max] = counts;
    if (min > max) this.#fail(`{${min},${max}} is the wrong way round`);
    if (min > REGEX_LIMITS.repeat || (max !== Infinity && max > REGEX_LIMITS.repeat)) {
      this.#fail(`a count above ${REGEX_LIMITS.repeat} is not supported`);
    }
    const lazy = this.#peek() === '?';
    if (lazy) this.#at++;
    if (this.#peek() === '+') this.#fail('possessive quantifiers are not supported');
    if (this.#peek() === '*' || this.#counts()) this.#fail('a quantifier cannot follow another');
    return { kind: 'repeat', of: atom, min, max, lazy };
  }

  #counts(): [number, number] | undefined {
    const next = this.#peek();
    const simple: Readonly<Record<string, [number, number]>> = { '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] };
    const found = simple[next];
    if (found) {
      this.#at++;
      return found;
    }
    const counted = /^\{(\d{1,7})(,(\d{0,7}))?\}/.exec(this.#source.slice(this.#at, this.#at + 20));
    if (!counted) return undefined;
    this.#at += counted[0].length;
    const min = Number(counted[1]);
    if (counted[2] === undefined) return [min, min];
    return [min, counted[3] === '' ? Infinity : Number(counted[3])];
  }

  #atom(): RegexNode {
    const next = this.#next();
    switch (next) {
      case '.':
        return { kind: 'any' };
      case '^':
        return { kind: 'anchor', at: 'start' };
      case '$':
        return { kind: 'anchor', at: 'end' };
      case '(':
        return this.#group();
      case '[':
        return { kind: 'set', source: this.#set() };
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        this.#at--;
        return this.#fail(`"${next}" has nothing to repeat`);
      default:
        return { kind: 'literal', text: next };
    }
  }

  #group(): RegexNode {
    let flags = '';
    let name: string | undefined;
    if (this.#peek() === '?') {
      const head = (this.#captures ? FIELD_GROUP : GROUP).exec(this.#source.slice(this.#at, this.#at + 80));
      if (!head) {
        const look = /^\?<?[=!]/.test(this.#source.slice(this.#at, this.#at + 3));
        this.#fail(look ? 'look-around such as (?= or (?<! is not supported' : 'this kind of group is not supported');
      }
      if (this.#captures) name = head[1];
      flags = head[2] ?? '';
      this.#at += head[0].length;
    }
    const inside = this.#either();
    if (this.#peek() !== ')') this.#fail('a "(" is never closed');
    this.#at++;
    if (name !== undefined) return { kind: 'capture', name, of: inside };
    if (flags !== '') return { kind: 'flags', flags, of: inside };
    return inside.kind === 'literal' ? { kind: 'sequence', of: [inside] } : inside;
  }

  #escape(): RegexNode {
    const next = this.#peek();
    const set = CLASSES[next] ?? NEGATED[next];
    if (set !== undefined) {
      this.#at++;
      return { kind: 'set', source: `[${set}]` };
    }
    if (Object.hasOwn(ANCHORS, next)) {
      this.#at++;
      return { kind: 'anchor', at: ANCHORS[next as keyof typeof ANCHORS] };
    }
    return { kind: 'literal', text: String.fromCodePoint(this.#escapedPoint()) };
  }

  #escapedPoint(): number {
    const rest = this.#source.slice(this.#at, this.#at + 12);
    const hex = /^(?:x([0-9a-f]{2})|x\{([0-9a-f]{1,6})\}|u([0-9a-f]{4}))/i.exec(rest);
    if (hex) {
      this.#at += hex[0].length;
      const point = Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '', 16);
      return point <= 0x10ffff ? point : this.#fail('there is no such character');
    }
    const next = this.#next();
    const control = CONTROLS[next];
    if (control !== undefined) return control.charCodeAt(0);
    if (/[1-9]/.test(next)) this.#fail('back-references such as \\1 are not supported');
    if (next === '0') return 0;
    if (/[A-Za-z]/.test(next)) this.#fail(`\\${next} is not supported`);
    return next.codePointAt(0) ?? 0;
  }

  /** A bracketed set, after its `[`; gives it in JavaScript's `u` notation. */
  #set(): string {
    const negated = this.#peek() === '^';
    if (negated) this.#at++;
    let source = '';
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      const from = this.#setMember();
      if (typeof from === 'string') {
        source += from;
        continue;
      }
      source += writeCodePoint(from);
      if (this.#peek() !== '-' || this.#source[this.#at + 1] === ']') continue;
      this.#at++;
      const to = this.#setMember();
      if (typeof to === 'string') this.#fail('a range in [ ] needs single characters on both sides');
      if (to < from) this.#fail('a range in [ ] is the wrong way round');
      source += `-${writeCodePoint(to)}`;
    }
    this.#at++;
    return `[${negated ? '^' : ''}${source}]`;
  }

  #setMember(): string | number {
    const next = this.#next();
    if (next === '[' && /^[:.=]/.test(this.#peek()))
      this.#fail('[: :] classes are not supported; write the characters');
    if (next !== '\\') return next.codePointAt(0) ?? 0;
    const name = this.#peek();
    const set = CLASSES[name] ?? NEGATED[name];
    if (set !== undefined) {
      this.#at++;
      return set;
    }
    if (name === 'b') {
      this.#at++;
      return 8;
    }
    return this.#escapedPoint();
  }
}

/**
 * Reads a regular expression: literals, `.`, sets, groups, `|`, quantifiers, `^ $ \b \B \A \z`, `\d \w \s` (ASCII), and
 * the flags `i m s` inside `(?i)` or `(?i: )`.
 * @throws RegexError naming what is malformed, or refused because matching could take more than linear time.
 */
export function parseRegex(source: string): RegexNode {
  if (source.length > REGEX_LIMITS.characters) {
    throw new RegexError(`the expression is longer than ${REGEX_LIMITS.characters} characters`);
  }
  return new RegexParser(source, false).parse();
}

/** The same, with a node of its own for each group that has a name; up to 16,384 characters. @throws RegexError */
export function parseCapturing(source: string): RegexNode {
  if (source.length > 4 * REGEX_LIMITS.characters) {
    throw new RegexError(`the expression is longer than ${4 * REGEX_LIMITS.characters} characters`);
  }
  return new RegexParser(source, true).parse();
}
