import type { Literal } from './atoms.ts';

interface Foreign {
  readonly literal: Literal;
  /** Where in the literal its key stands. */
  readonly offset: number;
  readonly questions: readonly number[];
}

/**
 * Finds literals with letters outside ASCII, such as look-alikes and emoji, in folded texts that are not of ASCII
 * alone: by their last such unit, which of an emoji is the half that tells it from others.
 */
export class ForeignLiterals {
  readonly #byUnit = new Map<number, Foreign[]>();

  add(literal: Literal, questions: readonly number[]): void {
    let offset = literal.text.length - 1;
    while (literal.text.charCodeAt(offset) < 0x80) offset--;
    const unit = literal.text.charCodeAt(offset);
    const own = this.#byUnit.get(unit);
    if (own) own.push({ literal, offset, questions });
    else this.#byUnit.set(unit, [{ literal, offset, questions }]);
  }

  find(folded: string, found: (question: number) => void): void {
    for (let at = 0; at < folded.length; at++) {
      const unit = folded.charCodeAt(at);
      if (unit < 0x80) continue;
      for (const { literal, offset, questions } of this.#byUnit.get(unit) ?? []) {
        if (standsAt(literal, folded, at - offset)) for (const question of questions) found(question);
      }
    }
  }
}

function standsAt({ match, text }: Literal, folded: string, start: number): boolean {
  if (start < 0 || !folded.startsWith(text, start)) return false;
  if ((match === 'starts' || match === 'equals') && start !== 0) return false;
  return match === 'starts' || match === 'contains' || start + text.length === folded.length;
}
