import type { StringTest } from '../query/condition.ts';

/** Literal pieces of a Sigma string with its wildcards between them. */
export type Pieces = readonly (string | { readonly any: 'one' | 'many' })[];

const MANY = { any: 'many' } as const;
const ONE = { any: 'one' } as const;

/**
 * Reads wildcards and escapes (Sigma 2.1, *String Wildcard*, *Escape Character*): `\*`, `\?` and `\\` stand for the
 * character itself; a backslash before anything else is a backslash.
 */
export function readSigmaString(raw: string): Pieces {
  const pieces: (string | { any: 'one' | 'many' })[] = [];
  let literal = '';
  const flush = (): void => {
    if (literal !== '') pieces.push(literal);
    literal = '';
  };
  for (let at = 0; at < raw.length; at++) {
    const next = raw.charAt(at);
    if (next === '*' || next === '?') {
      flush();
      if (next === '?') pieces.push(ONE);
      else if (pieces[pieces.length - 1] !== MANY) pieces.push(MANY);
    } else if (next === '\\' && '*?\\'.includes(raw.charAt(at + 1)) && at + 1 < raw.length) {
      literal += raw.charAt(++at);
    } else literal += next;
  }
  flush();
  return pieces;
}

/** The text without wildcards; undefined where it has some. */
export function plainText(pieces: Pieces): string | undefined {
  return pieces.every((piece) => typeof piece === 'string') ? pieces.join('') : undefined;
}

/** Makes the simplest test that says the same: `*cmd.exe` is "ends with". */
export function toStringTest(
  pieces: Pieces,
  part: 'whole' | 'starts' | 'ends' | 'contains',
  cased: boolean,
): StringTest {
  const open = part === 'ends' || part === 'contains' ? [MANY] : [];
  const close = part === 'starts' || part === 'contains' ? [MANY] : [];
  const all = [...open, ...pieces, ...close].filter((piece, index, list) => piece !== MANY || list[index - 1] !== MANY);
  const opens = all[0] === MANY;
  const closes = all.length > 1 && all[all.length - 1] === MANY;
  const inner = all.slice(opens ? 1 : 0, closes ? -1 : undefined);
  const value = plainText(inner);
  if (value === undefined || (value === '' && opens)) return { kind: 'wildcard', pieces: all, cased };
  const match = opens ? (closes ? 'contains' : 'ends') : closes ? 'starts' : 'equals';
  return { kind: 'string', match, value, cased };
}
