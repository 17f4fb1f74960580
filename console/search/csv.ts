/**
 * One CSV field (RFC 4180 §2). Spreadsheets run text that begins with `=`, `+`, `-`, `@`, tab or line break as a
 * formula, also behind spaces and full-width forms; an apostrophe before it makes it text.
 */
export function csvField(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const plainNumber = typeof value === 'number' && Number.isFinite(value);
  const safe = !plainNumber && /^[\s\u0000\ufeff]*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(text) ? `'${text}` : text;
  return /[",;\t\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows as CSV with a heading line; lines end in CRLF (RFC 4180 §2). */
export function toCsv(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return [columns, ...rows].map((row) => `${row.map(csvField).join(',')}\r\n`).join('');
}
