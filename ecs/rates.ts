/** How much may be sent within certain hours. */
export interface BandwidthRule {
  /** Null: no bound. */
  readonly bytesPerSecond: number | null;
  /** Minutes since midnight by the clock on the wall; `to` before `from` goes over midnight, both alike are the whole day. */
  readonly from: number;
  readonly to: number;
}

/** Most rules of one bandwidth setting. */
export const MOST_BANDWIDTH_RULES = 10;

const BITS: Readonly<Record<string, number>> = { kbit: 1_000, Mbit: 1_000_000, Gbit: 1_000_000_000 };

/** Bytes per second of `512 kbit/s`, `2 Mbit/s`; null of `none`; undefined where it is neither, or below 8 kbit/s. */
export function readRate(text: unknown): number | null | undefined {
  if (text === 'none') return null;
  const [, digits, unit] = /^(\d{1,6}(?:\.\d{1,3})?) ?([kMG]bit)\/s$/.exec(typeof text === 'string' ? text : '') ?? [];
  const bytes = (Number(digits) * (BITS[unit ?? ''] ?? Number.NaN)) / 8;
  return bytes >= 1_000 ? bytes : undefined;
}

/** Minutes of `08:00-17:00`; undefined where it is no such stretch. */
export function readHours(text: unknown): { readonly from: number; readonly to: number } | undefined {
  const parts = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$/.exec(typeof text === 'string' ? text : '');
  if (!parts) return undefined;
  const [fromHour, fromMinute, toHour, toMinute] = parts.slice(1).map(Number) as [number, number, number, number];
  const to = toHour * 60 + toMinute;
  return to > 1_440 ? undefined : { from: fromHour * 60 + fromMinute, to: to % 1_440 };
}

/**
 * Reads a bandwidth setting: one rate, or a list of `{limit, hours}` of which the first that fits the hour holds.
 * Undefined where it is neither.
 */
export function readBandwidth(given: unknown): readonly BandwidthRule[] | undefined {
  if (!Array.isArray(given)) {
    const rate = readRate(given);
    return rate === undefined ? undefined : [{ bytesPerSecond: rate, from: 0, to: 0 }];
  }
  if (given.length === 0 || given.length > MOST_BANDWIDTH_RULES) return undefined;
  const rules: BandwidthRule[] = [];
  for (const one of given as unknown[]) {
    if (one === null || typeof one !== 'object') return undefined;
    const { limit, hours, ...rest } = one as Readonly<Record<string, unknown>>;
    const rate = readRate(limit);
    const stretch = hours === undefined ? { from: 0, to: 0 } : readHours(hours);
    if (rate === undefined || !stretch || Object.keys(rest).length > 0) return undefined;
    rules.push({ bytesPerSecond: rate, ...stretch });
  }
  return rules;
}

/** Bytes per second that may be sent at a minute of the day; null where nothing bounds it. */
export function rateAt(rules: readonly BandwidthRule[], minute: number): number | null {
  const rule = rules.find(({ from, to }) =>
    from === to ? true : from < to ? minute >= from && minute < to : minute >= from || minute < to,
  );
  return rule?.bytesPerSecond ?? null;
}
