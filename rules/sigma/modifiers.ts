import type { FieldTest } from '../query/condition.ts';
import { base64, base64Offsets, dashVariants, utf8Bytes, utf16Bytes, WINDASH_LIMIT } from './encode.ts';
import { expandPlaceholders, type Placeholders } from './placeholders.ts';
import { plainText, readSigmaString } from './sigma-string.ts';

/** A value on its way through the modifiers. `text` may hold wildcards and escapes; `bytes` has one character a byte. */
export type SigmaValue =
  | { readonly kind: 'text'; readonly raw: string }
  | { readonly kind: 'bytes'; readonly bytes: string }
  | { readonly kind: 'number'; readonly number: number; readonly raw: string }
  | { readonly kind: 'boolean'; readonly boolean: boolean }
  | { readonly kind: 'null' };

type TimePart = Extract<FieldTest, { kind: 'time-part' }>['part'];

/** What the modifiers of one field have made of one of its values so far: any of `values` will do. */
export interface ModifierState {
  values: SigmaValue[];
  /** How the values are compared. */
  type: 'plain' | 're' | 'cidr' | 'exists' | 'fieldref' | 'lt' | 'lte' | 'gt' | 'gte' | TimePart;
  part: 'whole' | 'starts' | 'ends' | 'contains';
  flags: string;
  all: boolean;
  cased: boolean;
  negated: boolean;
  /** Lists for `expand`. */
  readonly placeholders: Placeholders;
}

/** A modifier that cannot be used so; the message says why. */
export class ModifierError extends Error {
  readonly unsupported: boolean;

  constructor(message: string, unsupported = false) {
    super(message);
    this.name = 'ModifierError';
    this.unsupported = unsupported;
  }
}

type Modifier = (state: ModifierState) => void;

function part(name: 'starts' | 'ends' | 'contains'): Modifier {
  return (state) => {
    if (state.type !== 'plain' && state.type !== 'fieldref')
      throw new ModifierError('It cannot follow another kind of comparison');
    if (state.part !== 'whole') throw new ModifierError('Only one of contains, startswith and endswith can be used');
    state.part = name;
  };
}

function type(name: ModifierState['type']): Modifier {
  return (state) => {
    if (state.type !== 'plain') throw new ModifierError(`It cannot follow "${state.type}"`);
    if (state.part !== 'whole' && name !== 'fieldref') throw new ModifierError(`It cannot follow "${state.part}"`);
    state.type = name;
  };
}

function flag(letter: 'i' | 'm' | 's'): Modifier {
  return (state) => {
    if (state.type !== 're') throw new ModifierError('It belongs after "re"');
    if (!state.flags.includes(letter)) state.flags += letter;
  };
}

function eachText(change: (raw: string) => SigmaValue[]): Modifier {
  return (state) => {
    if (state.type !== 'plain') throw new ModifierError(`It cannot follow "${state.type}"`);
    state.values = state.values.flatMap((value) => {
      if (value.kind === 'text') return change(value.raw);
      if (value.kind === 'number') return change(value.raw);
      throw new ModifierError(`It takes texts, not ${value.kind}`);
    });
  };
}

/** Encodings take plain text or the bytes of the modifier before. */
function eachBytes(change: (bytes: string) => string[]): Modifier {
  return (state) => {
    if (state.type !== 'plain') throw new ModifierError(`It cannot follow "${state.type}"`);
    state.values = state.values.flatMap((value) => {
      if (value.kind === 'bytes') return change(value.bytes).map(asBytes);
      return change(utf8Bytes(withoutWildcards(value))).map(asBytes);
    });
  };
}

function asBytes(bytes: string): SigmaValue {
  return { kind: 'bytes', bytes };
}

function withoutWildcards(value: SigmaValue): string {
  if (value.kind === 'number') return value.raw;
  if (value.kind !== 'text') throw new ModifierError(`It takes texts, not ${value.kind}`);
  const text = plainText(readSigmaString(value.raw));
  if (text === undefined) throw new ModifierError('It takes texts without wildcards');
  return text;
}

function utf16(bigEndian: boolean, mark: string): Modifier {
  return (state) => {
    if (state.type !== 'plain') throw new ModifierError(`It cannot follow "${state.type}"`);
    state.values = state.values.map((value) => asBytes(mark + utf16Bytes(withoutWildcards(value), bigEndian)));
  };
}

function windash(raw: string): SigmaValue[] {
  const variants = dashVariants(raw);
  if (!variants) throw new ModifierError(`It makes more than ${WINDASH_LIMIT} variants of "${raw}"`);
  return variants.map((text) => ({ kind: 'text', raw: text }));
}

/** Every modifier of Sigma 2.1 (*Modifiers appendix*): one line each. */
export const MODIFIERS: Readonly<Record<string, Modifier>> = {
  all: (state) => {
    state.all = true;
  },
  contains: part('contains'),
  startswith: part('starts'),
  endswith: part('ends'),
  exists: type('exists'),
  cased: (state) => {
    state.cased = true;
  },
  neq: (state) => {
    state.negated = true;
  },
  windash: eachText(windash),
  re: type('re'),
  i: flag('i'),
  m: flag('m'),
  s: flag('s'),
  base64: eachBytes((bytes) => [base64(bytes)]),
  base64offset: eachBytes((bytes) => base64Offsets(bytes)),
  utf16le: utf16(false, ''),
  wide: utf16(false, ''),
  utf16be: utf16(true, ''),
  utf16: utf16(false, '\xff\xfe'),
  lt: type('lt'),
  lte: type('lte'),
  gt: type('gt'),
  gte: type('gte'),
  minute: type('minute'),
  hour: type('hour'),
  day: type('day'),
  week: type('week'),
  month: type('month'),
  year: type('year'),
  cidr: type('cidr'),
  fieldref: type('fieldref'),
  expand: (state) => {
    eachText((raw) => expandPlaceholders(raw, state.placeholders).map((text) => ({ kind: 'text', raw: text })))(state);
  },
};
