/** A stretch of log text: as it is, or one character that a reader would not see, by its code point. */
export type VisiblePiece = { readonly text: string } | { readonly unseen: string };

// Control characters but line break and tab, zero-width and bidirectional ones, tags, and lone surrogates.
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}\ud800-\udfff]|\u034f/gu;
// Khmer and emoji need these to be written rightly; prose in our own words may hold them.
const NEEDED_IN_PROSE = new Set(['\u200b', '\u200c', '\u200d']);

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Splits text so that control and bidirectional characters can be shown; `prose` lets through what Khmer needs. */
export function visiblePieces(text: string, prose = false): readonly VisiblePiece[] {
  const pieces: VisiblePiece[] = [];
  let from = 0;
  for (const found of text.matchAll(UNSEEN)) {
    if (prose && NEEDED_IN_PROSE.has(found[0])) continue;
    if (found.index > from) pieces.push({ text: text.slice(from, found.index) });
    pieces.push({ unseen: codePoint(found[0]) });
    from = found.index + found[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}
