/** One piece of a wildcard test: literal text, or what stands for any characters. */
export type WildcardPiece = string | { readonly any: 'one' | 'many' };

/** The same pattern with neighbouring literals as one and empty ones left out, so that each literal is as long as it can be. */
export function joinLiterals(pieces: readonly WildcardPiece[]): WildcardPiece[] {
  const joined: WildcardPiece[] = [];
  for (const piece of pieces) {
    const before = joined.at(-1);
    if (piece === '') continue;
    if (typeof piece === 'string' && typeof before === 'string') joined[joined.length - 1] = before + piece;
    else joined.push(piece);
  }
  return joined;
}
