/** C0 but tab, DEL, C1, and the characters that turn the direction of text or hide in it (Unicode UAX #9, §2). */
const UNSAFE = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Text that came from logs or people, safe for a terminal: what could move the cursor or hide is shown as `·`. */
export function plain(text: string): string {
  return text.replaceAll(UNSAFE, '·');
}

/** Rows under a heading in aligned columns; numbers are given as text. Cells are made safe. */
export function table(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const all = [heading, ...rows].map((row) => row.map(plain));
  const widths = heading.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  const lines = all.map((row) =>
    row
      .map((cell, column) => {
        const space = ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell)));
        return right.includes(column) ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}

/** Columns that a text takes: combining marks take none. Vietnamese and Khmer names line up by it. */
function width(text: string): number {
  return [...text.normalize('NFC')].filter((character) => !/\p{Mark}/u.test(character)).length;
}

/** A number with its noun: `1 day`, `2 days`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
