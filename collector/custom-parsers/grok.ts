import { RegexError } from '../../rules/query/regex-syntax.ts';
import { GROK_PATTERNS } from './grok-patterns.ts';

const REFERENCE = /%\{([^}]*)\}/g;
const PARTS = /^([A-Z][A-Z0-9_]{0,63})(?::([A-Za-z_@][\w.@-]{0,63}))?$/;
const DEEPEST = 8;
const LONGEST = 16_384;

/**
 * Writes a grok pattern as a regular expression: `%{NAME}` is the pattern of that name, `%{NAME:field}` a group of it, all
 * else is the expression's own. `own` are patterns of the document, before ours. @throws RegexError
 */
export function expandGrok(pattern: string, own: ReadonlyMap<string, string>): string {
  const left = { characters: LONGEST };
  return expand(pattern, own, left, 0);
}

function expand(
  pattern: string,
  own: ReadonlyMap<string, string>,
  left: { characters: number },
  depth: number,
): string {
  if (depth > DEEPEST) throw new RegexError(`patterns use each other more than ${DEEPEST} deep, or in a circle`);
  const written = pattern.replace(REFERENCE, (_all, inside: string) => {
    const [, name, field] = PARTS.exec(inside) ?? [];
    if (name === undefined)
      throw new RegexError(`%{${inside.slice(0, 60)}} is not %{NAME} or %{NAME:field}; types belong to "fields"`);
    const meant = own.get(name) ?? (Object.hasOwn(GROK_PATTERNS, name) ? GROK_PATTERNS[name] : undefined);
    if (meant === undefined) throw new RegexError(`there is no pattern ${name}${near(name, own)}`);
    const body = expand(meant, own, left, depth + 1);
    left.characters -= body.length;
    if (left.characters < 0) throw new RegexError(`written out, it is longer than ${LONGEST} characters`);
    return field === undefined ? `(?:${body})` : `(?<${field}>${body})`;
  });
  if (written.length > LONGEST) throw new RegexError(`written out, it is longer than ${LONGEST} characters`);
  return written;
}

/** A name that somebody may have meant. */
function near(name: string, own: ReadonlyMap<string, string>): string {
  const all = [...own.keys(), ...Object.keys(GROK_PATTERNS)];
  const found = all.find((one) => one.startsWith(name.slice(0, 4)) || name.startsWith(one));
  return found === undefined ? '' : `; did you mean ${found}?`;
}
