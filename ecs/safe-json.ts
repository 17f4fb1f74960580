/** DEL, C1, and what turns the direction of text or hides in it: JSON leaves these as they are, and terminals obey them. */
const OBEYED = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A value as one line of JSON that is safe for a terminal: what could move a cursor or hide stands as `\uXXXX`, which any reader of JSON takes for the same. */
export function safeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    OBEYED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
