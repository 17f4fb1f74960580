import type { CollectorRecord } from '../store/record-kinds.ts';
import type { SilentSource } from './judge.ts';
import type { SourceRhythm, SourceRhythmRecord } from './record.ts';
import type { FleetSettings } from './schema.ts';
import { silenceOf } from './settings.ts';

const HOUR_MS = 3_600_000;
const SLOTS = 48;
/** A slot forgets: past this many looks both its counts are halved, so that a changed habit is learned. */
const MOST_LOOKS = 60;
/** Silence is told where it would happen by chance less often than once in a thousand times. */
const SURPRISE = Math.log(1_000);
/** No source is judged by fewer hours that were looked at. */
const LEAST_HOURS = 24;
/** Longest silence that is worked out hour by hour: two weeks. */
const MOST_HOURS = 336;

/** Which of the 48 slots an hour is: of a working day, or of a day at the weekend, by the clock on the wall. */
export function slotOf(hour: number, offsetMs: number): number {
  const at = new Date(hour * HOUR_MS + offsetMs);
  const day = at.getUTCDay();
  return (day === 0 || day === 6 ? 24 : 0) + at.getUTCHours();
}

/** Counts the hours that ended since a source was counted last: those in which it spoke, and the others. */
export function learn(
  before: SourceRhythm | undefined,
  lastReadAt: number | null,
  now: number,
  offsetMs: number,
): SourceRhythm {
  const hour = Math.floor(now / HOUR_MS);
  if (!before) return { seen: new Array(SLOTS).fill(0), active: new Array(SLOTS).fill(0), hour };
  if (hour <= before.hour) return before;
  const seen = [...before.seen];
  const active = [...before.active];
  const spoke = lastReadAt === null ? -1 : Math.floor(lastReadAt / HOUR_MS);
  // After a longer stop of this server nobody knows which hours in between had events: the last alone is counted.
  const ended = before.hour;
  const slot = slotOf(ended, offsetMs);
  if ((seen[slot] ?? 0) >= MOST_LOOKS) {
    seen[slot] = (seen[slot] ?? 0) / 2;
    active[slot] = (active[slot] ?? 0) / 2;
  }
  seen[slot] = (seen[slot] ?? 0) + 1;
  if (spoke >= ended) active[slot] = (active[slot] ?? 0) + 1;
  return { seen, active, hour };
}

/**
 * How surprising it is that a source has been silent since a time: the sum, over the whole hours since, of -ln of the
 * chance that the source says nothing in such an hour. An hour never looked at says nothing.
 */
export function surprise(rhythm: SourceRhythm, since: number, now: number, offsetMs: number): number {
  const looked = rhythm.seen.reduce((sum, count) => sum + count, 0);
  if (looked < LEAST_HOURS) return 0;
  const last = Math.floor(now / HOUR_MS);
  let sum = 0;
  for (let hour = Math.max(Math.floor(since / HOUR_MS) + 1, last - MOST_HOURS); hour < last; hour++) {
    const slot = slotOf(hour, offsetMs);
    sum -= Math.log(1 - (rhythm.active[slot] ?? 0) / ((rhythm.seen[slot] ?? 0) + 1));
  }
  return sum;
}

/** Vietnam's and Cambodia's clocks; a night of an office is the same night all over the province. */
export const WALL_OFFSET_MS = 7 * HOUR_MS;

/** Sources of a collector that should have spoken: by the time that was set for them, or else by their rhythm. */
export function silentSources(
  id: string,
  { status, createdAt, revoked }: CollectorRecord,
  rhythm: SourceRhythmRecord | undefined,
  settings: FleetSettings,
  now: number,
): SilentSource[] {
  if (!status || revoked) return [];
  const silent: SilentSource[] = [];
  for (const { source, lastReadAt } of status.sources) {
    // A source that said nothing since the collector's start is silent since that start at least.
    const since = lastReadAt ?? later(status.startedAt, createdAt);
    const silentMs = now - Date.parse(since);
    const minutes = silenceOf(settings, id, source);
    const known = rhythm?.sources[source];
    const isSilent =
      minutes !== undefined
        ? minutes > 0 && silentMs > minutes * 60_000
        : known !== undefined && surprise(known, Date.parse(since), now, WALL_OFFSET_MS) >= SURPRISE;
    if (isSilent) silent.push({ source, since });
  }
  return silent;
}

function later(a: string, b: string): string {
  return Date.parse(a) > Date.parse(b) ? a : b;
}
