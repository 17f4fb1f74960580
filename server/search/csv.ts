import { readField } from '../../ecs/event.ts';

/** Columns of an export unless others are asked for. */
export const CSV_COLUMNS = [
  '@timestamp',
  'event.id',
  'organization.id',
  'host.name',
  'event.dataset',
  'event.action',
  'event.outcome',
  'source.ip',
  'destination.ip',
  'user.name',
  'process.name',
  'url.original',
  'http.response.status_code',
  'message',
  'event.original',
] as const;

/** What spreadsheets run as a formula, also behind blanks and in full-width forms; tabs and line breaks lead there as well. */
const FORMULA = /^[\s\u0000\ufeff]*[=+\-@＝＋－＠]|^[\t\r\n]/u;

/** A value as one field (RFC 4180 §2); a text that a spreadsheet would run as a formula gets an apostrophe before it. */
export function csvField(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = textOf(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",;\t\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Scalars of a list beside each other, anything deeper as JSON. */
function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const isFlat = Array.isArray(value) && value.every((element) => element === null || typeof element !== 'object');
  return isFlat ? value.join('; ') : JSON.stringify(value);
}

/** One line of these columns, ended by CRLF (RFC 4180 §2). */
export function csvLine(event: object, columns: readonly string[]): string {
  return `${columns.map((name) => csvField(readField(event, name))).join(',')}\r\n`;
}

/** The heading line, after a byte order mark: without one, spreadsheets take Vietnamese and Khmer for something else. */
export function csvHeading(columns: readonly string[]): string {
  return `\ufeff${columns.map(csvField).join(',')}\r\n`;
}
