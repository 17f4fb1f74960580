/** One line of a table, with the number that its first character has in the file, from 1. */
export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

const SEPARATORS = [',', ';', '\t'] as const;

/**
 * Reads a table (RFC 4180) as spreadsheets write it: with commas, or with semicolons or tabs where the country has it so; quoted cells may
 * hold line ends. Empty lines are left out. At most `mostRows` are read.
 */
export function readCsv(text: string, mostRows: number): CsvRow[] {
  const whole = text.startsWith('\ufeff') ? text.slice(1) : text;
  const heading = whole.split(/\r?\n/, 1)[0] ?? '';
  const separator = SEPARATORS.reduce((best, one) =>
    heading.split(one).length > heading.split(best).length ? one : best,
  );
  const rows: CsvRow[] = [];
  let cells: string[] = [];
  let cell = '';
  let line = 1;
  let begun = 1;
  let isQuoted = false;
  const endRow = () => {
    cells.push(cell);
    if (cells.some((one) => one.trim() !== '')) rows.push({ line: begun, cells: cells.map((one) => one.trim()) });
    cells = [];
    cell = '';
  };
  for (let at = 0; at < whole.length && rows.length < mostRows; at++) {
    const character = whole[at] as string;
    if (character === '\n') line++;
    if (isQuoted) {
      if (character !== '"') cell += character;
      else if (whole[at + 1] === '"') {
        cell += '"';
        at++;
      } else isQuoted = false;
    } else if (character === '"' && cell.trim() === '') {
      cell = '';
      isQuoted = true;
    } else if (character === separator) {
      cells.push(cell);
      cell = '';
    } else if (character === '\n') {
      endRow();
      begun = line;
    } else if (character !== '\r') cell += character;
  }
  if (rows.length < mostRows && (cell !== '' || cells.length > 0)) endRow();
  return rows;
}
