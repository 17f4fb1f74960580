import type { FieldTest, StringTest } from '../query/condition.ts';
import { compileRegex } from '../query/safe-regex.ts';
import { foldCase } from '../query/string-test.ts';
import { type Literal, literalOf } from './atoms.ts';

/** ASCII parts of a literal: a cased text that holds the literal holds these when both are folded. */
function foldableRuns(literal: string): string[] {
  return (literal.match(/[\x00-\x7f]+/g) ?? []).map(foldCase);
}

function inside(texts: readonly string[]): readonly Literal[] | undefined {
  const text = texts.reduce((best, next) => (next.length > best.length ? next : best), '');
  return text === '' ? undefined : [{ match: 'contains', text }];
}

function stringGate(test: StringTest): readonly Literal[] | undefined {
  if (test.kind === 'wildcard') {
    const pieces = test.pieces.filter((piece) => typeof piece === 'string');
    return inside(test.cased ? pieces.flatMap(foldableRuns) : pieces.map(foldCase));
  }
  const literal = literalOf(test);
  if (literal) return literal.text === '' && literal.match !== 'equals' ? undefined : [literal];
  return test.match === 'word' ? undefined : inside(foldableRuns(test.value));
}

/** Literals of which one must be in every text that passes a test, once both are folded; undefined where nothing is known. */
export function gateLiterals(test: FieldTest): readonly Literal[] | undefined {
  if (test.kind === 'string' || test.kind === 'wildcard') return stringGate(test);
  if (test.kind !== 'regex') return undefined;
  const { needs } = compileRegex(test.source, test.flags);
  return needs?.map((text) => ({ match: 'contains', text }));
}
