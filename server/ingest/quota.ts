import { HaidangError } from '../errors.ts';

/** What a collector may send, as the policy of its group has it. */
export interface Quota {
  readonly eventsPerSecond: number | null;
  readonly bytesPerSecond: number | null;
  /** Its share where several wait: 2 gets twice that of 1. */
  readonly weight: number;
}

/** No bound, and an ordinary share. */
export const NO_QUOTA: Quota = { eventsPerSecond: null, bytesPerSecond: null, weight: 1 };

/** Seconds of the rate that may come at once after a pause. */
const BURST_SECONDS = 5;
const LONGEST_HOLD_SECONDS = 60;
const HOLD_SLACK_MS = 100;

interface Bucket {
  events: number;
  bytes: number;
  at: number;
  /** Until then nothing is taken, so that what flies behind a batch that was sent back does not overtake it. */
  heldUntil: number;
}

/** Holds each collector to its quota. */
export interface Quotas {
  /** Before a body is read. @throws HaidangError `HD_TOO_MANY` with Retry-After */
  look(collector: string, quota: Quota): void;
  /** Takes a batch into account; it may be larger than what is left, which is paid back by waiting. @throws as `look` */
  charge(collector: string, quota: Quota, events: number, bytes: number): void;
}

/** Token buckets by collector: a rate holds over time, and a pause saves up for five seconds at most. */
export function createQuotas(now: () => number): Quotas {
  const buckets = new Map<string, Bucket>();

  const filled = (collector: string, { eventsPerSecond, bytesPerSecond }: Quota): Bucket | undefined => {
    if (eventsPerSecond === null && bytesPerSecond === null) {
      buckets.delete(collector);
      return undefined;
    }
    const at = now();
    const most = { events: (eventsPerSecond ?? 0) * BURST_SECONDS, bytes: (bytesPerSecond ?? 0) * BURST_SECONDS };
    const bucket = buckets.get(collector) ?? { ...most, at, heldUntil: 0 };
    const seconds = Math.max(0, at - bucket.at) / 1_000;
    bucket.events = Math.min(most.events, bucket.events + seconds * (eventsPerSecond ?? 0));
    bucket.bytes = Math.min(most.bytes, bucket.bytes + seconds * (bytesPerSecond ?? 0));
    bucket.at = at;
    buckets.set(collector, bucket);
    return bucket;
  };
  const look = (collector: string, quota: Quota): Bucket | undefined => {
    const bucket = filled(collector, quota);
    if (!bucket) return undefined;
    const owed = Math.max(
      (bucket.heldUntil - bucket.at) / 1_000,
      lack(bucket.events, quota.eventsPerSecond),
      lack(bucket.bytes, quota.bytesPerSecond),
    );
    if (owed <= 0) return bucket;
    const retryAfter = Math.min(LONGEST_HOLD_SECONDS, Math.max(1, Math.ceil(owed)));
    // It comes again after that time and a little more; what is on its way behind it comes before.
    if (bucket.heldUntil <= bucket.at) bucket.heldUntil = bucket.at + retryAfter * 1_000 - HOLD_SLACK_MS;
    throw new HaidangError('HD_TOO_MANY', `${collector} sends more than the policy of its group allows.`, {
      retryAfter,
    });
  };
  return {
    look: (collector, quota) => void look(collector, quota),
    charge(collector, quota, events, bytes) {
      const bucket = look(collector, quota);
      if (!bucket) return;
      bucket.events -= events;
      bucket.bytes -= bytes;
    },
  };
}

/** Seconds until something is left again. */
function lack(left: number, rate: number | null): number {
  return rate === null || left > 0 ? 0 : -left / rate + 0.001;
}
