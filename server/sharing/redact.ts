import { parseIp } from '../../rules/query/ip-address.ts';
import { isInternalAddress } from '../incidents/indicators.ts';

/** What must not leave the province in a text. */
export type Secret =
  | 'private-key'
  | 'token'
  | 'credential'
  | 'citizen-id'
  | 'phone'
  | 'bank-card'
  | 'mail-address'
  | 'internal-address'
  | 'licence-plate'
  | 'user';

/** A part of a text that was cut, where it stood in the text before. */
export interface Cut {
  readonly kind: Secret;
  readonly start: number;
  readonly end: number;
}

/** How a text is cleaned beyond what has a form of its own. */
export interface Cleaning {
  /** Names of accounts that the alerts are about. */
  readonly names?: readonly string[];
  /** Stands for an account or an internal address, so that the reader can tell two of them apart. */
  readonly pseudonym?: (kind: Secret, value: string) => string;
}

/** Longest text that is looked through. */
export const MOST_TEXT = 20_000;
const MOST_CUTS = 2_000;

interface Pattern {
  readonly kind: Secret;
  readonly pattern: RegExp;
  readonly holds?: (text: string) => boolean;
}

/** Each pattern is linear: no part of it can match the same text in two ways. Those first win over those after. */
const PATTERNS: readonly Pattern[] = [
  {
    kind: 'private-key',
    pattern: /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g,
  },
  { kind: 'token', pattern: /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g },
  { kind: 'token', pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}\b/g },
  { kind: 'credential', pattern: /\b(?:bearer|basic)\s+[\w+/=.~-]{8,}/gi },
  {
    kind: 'credential',
    pattern:
      /(?<![\p{L}\p{N}])(?:pass(?:word|wd)?|pwd|secret|token|api[_-]?key|session(?:id)?|cookie|mật khẩu|mat khau|mk)["']?\s{0,3}(?:[:=]|là)\s{0,3}(?:"[^"\n]{1,200}"|'[^'\n]{1,200}'|[^\s"',;&]{1,200})/giu,
  },
  { kind: 'credential', pattern: /(?<=:\/\/)[^\s/:@]{1,200}:[^\s/@]{1,200}(?=@)/g },
  { kind: 'mail-address', pattern: /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}/g },
  { kind: 'internal-address', pattern: /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)/g, holds: isInternalAddress },
  {
    kind: 'internal-address',
    pattern: /(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])/gi,
    holds: isInternalAddress,
  },
  // Nine digits after the prefix of a mobile, ten of a landline: never more, so that a number beside it hides none.
  { kind: 'phone', pattern: /(?<!\w|\d\.)(?:\+84|0084|\(\+84\)|0)[ .-]?[35789](?:[ .()-]{0,2}\d){8}(?!\w)/g },
  { kind: 'phone', pattern: /(?<!\w|\d\.)(?:\+84|0084|\(\+84\)|0)[ .-]?2(?:[ .()-]{0,2}\d){9}(?!\w)/g },
  { kind: 'bank-card', pattern: /(?<!\w)(?:\d[ -]?){12,18}\d(?!\w)/g, holds: passesLuhn },
  {
    kind: 'citizen-id',
    pattern: /(?<!\w|\d\.)(?:\d[ .]?){11}\d(?![\w])/g,
    holds: (text) => /^0\d{2}[ .]?[0-9]/.test(text),
  },
  { kind: 'citizen-id', pattern: /(?<!\w|\d\.)\d{9}(?![\w]|\.\d)/g },
  {
    kind: 'licence-plate',
    pattern: /(?<![\w.-])[1-9]\d(?:-?[A-Z]{1,2}\d?[ -]\d{3}(?:\.\d{2}|\d{1,2})|[A-Z]\d{5})(?![\w]|[.-]\d)/g,
  },
];

/** Accounts that every machine has: they name nobody. */
const NOBODY = new Set([
  'root',
  'admin',
  'administrator',
  'system',
  'guest',
  'nobody',
  'www-data',
  'daemon',
  'postgres',
]);
const MOST_NAMES = 500;

/** The text in the one form that is looked through: full-width digits as digits, nothing that cannot be seen. */
export function visibleText(text: string): string {
  return text.normalize('NFKC').replaceAll(/\p{Cf}/gu, '');
}

/** Where a text holds what must not leave, first to last; they do not overlap. */
export function findSecrets(text: string, names: readonly string[] = []): readonly Cut[] {
  const found: Cut[] = [];
  const looked = text.slice(0, MOST_TEXT);
  for (const { kind, pattern, holds } of [...PATTERNS, ...namePattern(names)])
    for (const match of looked.matchAll(pattern)) {
      const [part] = match;
      const [start, end] = [match.index, match.index + part.length];
      if (part === '' || (holds && !holds(part)) || found.length >= MOST_CUTS) continue;
      if (!found.some((cut) => start < cut.end && cut.start < end)) found.push({ kind, start, end });
    }
  return found.sort((a, b) => a.start - b.start);
}

/** The text with a word in place of each secret, and what was cut; what is past the longest text is cut too. */
export function redact(
  text: string,
  { names = [], pseudonym }: Cleaning = {},
): { readonly text: string; readonly cuts: readonly Cut[] } {
  const cuts = findSecrets(text, names);
  let made = '';
  let at = 0;
  for (const { kind, start, end } of cuts) {
    const known =
      kind === 'user' || kind === 'internal-address' ? pseudonym?.(kind, text.slice(start, end)) : undefined;
    made += `${text.slice(at, start)}[${known === undefined ? kind : `${kind}-${known}`}]`;
    at = end;
  }
  return { text: made + text.slice(at, Math.max(at, MOST_TEXT)), cuts };
}

/** Finds the names of accounts as whole words. */
function namePattern(names: readonly string[]): readonly Pattern[] {
  const personal = [...new Set(names)].filter(
    (name) => name.length >= 3 && name.length <= 64 && !NOBODY.has(name.toLowerCase()),
  );
  if (personal.length === 0) return [];
  // The longest first: of two names that begin alike the whole one is cut.
  const escaped = personal
    .sort((a, b) => b.length - a.length)
    .slice(0, MOST_NAMES)
    .map((name) => name.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  return [
    { kind: 'user', pattern: new RegExp(`(?<![\\p{L}\\p{N}_])(?:${escaped.join('|')})(?![\\p{L}\\p{N}_])`, 'giu') },
  ];
}

/** The check digit of payment cards (ISO/IEC 7812-1, annex B). */
function passesLuhn(text: string): boolean {
  if (parseIp(text) !== undefined) return false;
  const digits = [...text.replaceAll(/\D/g, '')].map(Number).reverse();
  const sum = digits.reduce(
    (total, digit, at) => total + (at % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2),
    0,
  );
  return digits.length >= 13 && sum % 10 === 0;
}
