import type { Condition, FieldTest, StringTest } from '../query/condition.ts';
import { numberOf } from '../query/field-test.ts';
import { compileRegex } from '../query/safe-regex.ts';
import { foldCase } from '../query/string-test.ts';

/** Something an event must hold: a folded literal as a field's whole text, or inside it. Field `null`: in any field. */
export interface Witness {
  readonly field: string | null;
  readonly whole: boolean;
  readonly literal: string;
}

/** Parts of texts that so many events hold that they tell little. */
const COMMON = [
  'c:\\windows\\system32\\',
  '\\windows\\system32\\',
  '\\windows\\',
  '\\system32\\',
  '\\powershell.exe',
  'powershell',
  '\\cmd.exe',
  '\\svchost.exe',
  '\\program files',
  'c:\\program files',
  '\\appdata\\',
  '\\users\\',
  'c:\\users\\',
  'c:\\windows\\',
  '\\software\\microsoft\\',
  '\\currentversion\\',
  'microsoft',
  'windows',
  'http',
  'https://',
  '.exe',
  '.dll',
  'system',
];

/** A rough chance that an event holds the witness, from its length and kind. */
function chance(witness: Witness): number {
  const { literal } = witness;
  if (witness.whole) return COMMON.some((common) => literal.includes(common)) ? 0.01 : 0.002;
  if (COMMON.some((common) => common.includes(literal))) return 0.3;
  const rest = COMMON.reduce((text, common) => text.replace(common, ''), literal);
  const told = 2 ** (-0.9 * Math.min(rest.length, 16));
  return witness.field === null ? told * 4 : told;
}

function total(witnesses: readonly Witness[]): number {
  return witnesses.reduce((sum, witness) => sum + chance(witness), 0);
}

/** ASCII parts of a literal: a cased text that holds the literal holds these when both are folded. */
function foldableRuns(literal: string): string[] {
  return (literal.match(/[\x00-\x7f]+/g) ?? []).map(foldCase);
}

function longest(texts: readonly string[]): string | undefined {
  return texts.reduce<string | undefined>(
    (best, text) => (best === undefined || text.length > best.length ? text : best),
    undefined,
  );
}

function stringWitness(field: string | null, test: StringTest): readonly Witness[] | undefined {
  if (test.kind === 'string' && test.match !== 'word') {
    const whole = test.match === 'equals';
    if (!test.cased) return test.value === '' && !whole ? undefined : [{ field, whole, literal: foldCase(test.value) }];
    const literal = longest(foldableRuns(test.value));
    return literal === undefined ? undefined : [{ field, whole: false, literal }];
  }
  if (test.kind !== 'wildcard') return undefined;
  const pieces = test.pieces.filter((piece) => typeof piece === 'string');
  const literal = longest(test.cased ? pieces.flatMap(foldableRuns) : pieces.map(foldCase));
  return literal === undefined || literal === '' ? undefined : [{ field, whole: false, literal }];
}

function fieldWitnesses(field: string, test: FieldTest): readonly Witness[] | undefined {
  if (field.includes('*')) return undefined;
  if (test.kind === 'string' || test.kind === 'wildcard') return stringWitness(field, test);
  if (test.kind !== 'regex') return undefined;
  const { needs } = compileRegex(test.source, test.flags);
  return needs?.map((literal) => ({ field, whole: false, literal }));
}

/** Most witnesses one rule may have; beyond, it is always a candidate. */
const WITNESS_LIMIT = 20_000;

/**
 * The literals of which at least one must be in every event that satisfies the condition: of all such sets, the one that
 * the fewest events are likely to hold. Undefined where nothing is necessary.
 */
export function necessaryWitnesses(condition: Condition): readonly Witness[] | undefined {
  switch (condition.kind) {
    case 'field':
      return fieldWitnesses(condition.field, condition.test);
    case 'text':
      return condition.scope === 'any-field' ? stringWitness(null, condition.test) : undefined;
    case 'and': {
      const known = condition.of.map(necessaryWitnesses).filter((witnesses) => witnesses !== undefined);
      if (known.length === 0) return undefined;
      return known.reduce((best, next) => (total(next) < total(best) ? next : best));
    }
    case 'or': {
      const known = condition.of.map(necessaryWitnesses);
      if (known.includes(undefined)) return undefined;
      const all = known.flatMap((witnesses) => witnesses ?? []);
      return all.length > WITNESS_LIMIT ? undefined : all;
    }
    case 'never':
      return [];
    default:
      return undefined;
  }
}

/** The numbers of which a field must be one for the condition to hold (`EventID`); undefined where it need not be. */
export function necessaryNumbers(condition: Condition, field: string): ReadonlySet<number> | undefined {
  switch (condition.kind) {
    case 'field': {
      const { test } = condition;
      if (condition.field !== field) return undefined;
      if (test.kind === 'number' && test.compare === 'eq') return new Set([test.value]);
      if (test.kind !== 'string' || test.match !== 'equals') return undefined;
      const number = numberOf(test.value);
      return number === undefined ? undefined : new Set([number]);
    }
    case 'and': {
      const known = condition.of
        .map((part) => necessaryNumbers(part, field))
        .filter((numbers) => numbers !== undefined);
      return known.length === 0 ? undefined : known.reduce((best, next) => (next.size < best.size ? next : best));
    }
    case 'or': {
      const known = condition.of.map((part) => necessaryNumbers(part, field));
      if (known.includes(undefined)) return undefined;
      return new Set(known.flatMap((numbers) => [...(numbers ?? [])]));
    }
    default:
      return undefined;
  }
}
