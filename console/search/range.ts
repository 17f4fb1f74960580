import type { TextKey } from '../i18n/messages.ts';

/** A time range as the API and the address have it: ISO 8601 or `now-24h`. */
export interface SearchRange {
  readonly from: string;
  readonly to: string;
}

export const RANGES: readonly { readonly from: string; readonly label: TextKey }[] = [
  { from: 'now-15m', label: 'range.15m' },
  { from: 'now-1h', label: 'range.1h' },
  { from: 'now-24h', label: 'range.24h' },
  { from: 'now-7d', label: 'range.7d' },
  { from: 'now-30d', label: 'range.30d' },
];

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** The moment that `now-24h` or an ISO 8601 time means; undefined where it is neither. */
export function momentOf(text: string, now: number): number | undefined {
  const relative = /^now(?:-(\d{1,6})([smhdw]))?$/.exec(text);
  if (relative) return now - Number(relative[1] ?? 0) * (UNITS[relative[2] ?? 's'] ?? 0);
  const moment = Date.parse(text);
  return Number.isFinite(moment) ? moment : undefined;
}
