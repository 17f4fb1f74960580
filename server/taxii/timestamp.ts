const FORM = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,20}))?Z$/;
const LAST_YEAR = 9999;

/**
 * Microseconds since 1970 of an RFC 3339 timestamp in UTC; undefined where the text is none. Digits past the sixth are cut:
 * TAXII's timestamps end there (TAXII 2.1 §2).
 */
export function readTimestamp(text: string): number | undefined {
  const found = FORM.exec(text);
  if (!found) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1, 7).map(Number);
  const milliseconds = Date.UTC(year, month - 1, day, hour, minute, Math.min(second, 59));
  const back = new Date(milliseconds);
  // Date.UTC rolls over what is out of range, and takes years before 100 for others.
  const same = back.getUTCMonth() === month - 1 && back.getUTCDate() === day && back.getUTCHours() === hour;
  if (!same || minute > 59 || second > 60 || year < 100 || year > LAST_YEAR) return undefined;
  const leap = second === 60 ? 1_000_000 : 0;
  return milliseconds * 1000 + leap + Number((found[7] ?? '').slice(0, 6).padEnd(6, '0'));
}

/** Microseconds since 1970 as a TAXII timestamp, `2026-11-23T01:02:03.000456Z` (TAXII 2.1 §2). */
export function writeTimestamp(microseconds: number): string {
  const milliseconds = Math.floor(microseconds / 1000);
  const rest = String(microseconds - milliseconds * 1000).padStart(3, '0');
  return new Date(milliseconds).toISOString().replace('Z', `${rest}Z`);
}
