/** RFC 3339 §5.6, with the `T` and the colon of the offset that it asks for. */
const FORM = /^(\d{4})-(\d\d)-(\d\d)[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,20})?(?:[Zz]|[+-]\d\d:\d\d)$/;
/** Years that are written with four digits, once in UTC. */
const FIRST = Date.parse('0001-01-01T00:00:00Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Whether a text is a time that this program can keep (RFC 3339): a day of the calendar, within the years 1 to 9999 in UTC, and no leap
 * second, which no clock here counts. Stricter than the usual check, which takes times that `Date` then cannot read.
 */
export function isDateTime(text: string): boolean {
  const found = FORM.exec(text);
  if (!found) return false;
  const at = Date.parse(text);
  if (!(at >= FIRST && at <= LAST)) return false;
  const [year, month, day] = found.slice(1).map(Number) as [number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
