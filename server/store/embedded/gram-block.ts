import { foldCase } from '../../../rules/query/string-test.ts';

/** Shortest text that holds what is searched for. */
const SHORTEST = 3;

/** The texts of some events that follow each other, for one row of the index of parts of words: each of them once. */
export class GramBlock {
  readonly #seen = new Set<string>();
  #text = '';

  add(text: string): void {
    if (text.length < SHORTEST || this.#seen.has(text)) return;
    this.#seen.add(text);
    this.#text += `${text}\n`;
  }

  /** The texts; the block is empty after it. */
  take(): string {
    const text = foldCase(this.#text);
    this.#seen.clear();
    this.#text = '';
    return text;
  }
}
