import type { Condition } from '../query/condition.ts';
import { numberOf } from '../query/field-test.ts';
import { type Atom, LEAST, type Literal, LONG } from './atoms.ts';
import type { Part } from './compile-condition.ts';

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

/** What it takes to look for a short literal as well, against a long one. */
const SHORT_WEIGHT = 20;

/** A rough chance that an event holds the literal, from its length and kind. */
function chance({ match, text }: Literal, anyField: boolean): number {
  if (match === 'equals') return COMMON.some((common) => text.includes(common)) ? 0.01 : 0.002;
  if (COMMON.some((common) => common.includes(text))) return 0.3;
  const rest = COMMON.reduce((left, common) => left.replace(common, ''), text);
  const told = 2 ** (-0.9 * Math.min(rest.length, 16));
  return anyField ? told * 4 : told;
}

/** Questions of which at least one must be answered with yes, and a rough chance that one is. */
export interface Necessary {
  readonly atoms: readonly Atom[];
  readonly chance: number;
}

function ofGate(gate: Atom): Necessary | undefined {
  if (gate.shortest < LEAST) return undefined;
  const sum = gate.literals.reduce((all, literal) => all + chance(literal, gate.slot === -1), 0);
  return { atoms: [gate], chance: gate.shortest < LONG ? sum * SHORT_WEIGHT : sum };
}

/**
 * The questions of which at least one must be answered with yes for the condition to hold: of all such sets, the one
 * for which that is the least likely. Undefined where nothing is necessary.
 */
export function necessaryAtoms(part: Part): Necessary | undefined {
  switch (part.kind) {
    case 'test':
      return part.gate ? ofGate(part.gate) : undefined;
    case 'and': {
      const known = part.of.map(necessaryAtoms).filter((one) => one !== undefined);
      return known.length === 0 ? undefined : known.reduce((best, next) => (next.chance < best.chance ? next : best));
    }
    case 'or': {
      const known = part.of.map(necessaryAtoms);
      if (known.includes(undefined)) return undefined;
      const atoms = [...new Set(known.flatMap((one) => one?.atoms ?? []))];
      return { atoms, chance: known.reduce((sum, one) => sum + (one?.chance ?? 0), 0) };
    }
    case 'never':
      return { atoms: [], chance: 0 };
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
