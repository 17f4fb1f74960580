import { HaidangError } from '../errors.ts';

/** Clients remembered at once; past that the oldest are forgotten, so that many addresses cost no memory. */
const REMEMBERED = 20_000;
const WINDOW_MS = 60_000;

/** Counts requests that were refused for want of a session, by client; who sends too many of them is not looked at for the rest of the minute. */
export interface StrangerLimit {
  /** @throws HaidangError `HD_TOO_MANY` with Retry-After */
  check(client: string): void;
  refused(client: string): void;
}

/** A limit of `most` refusals a minute; `now` in milliseconds. */
export function createStrangerLimit(most: number, now: () => number = Date.now): StrangerLimit {
  const windows = new Map<string, { until: number; count: number }>();
  return {
    check(client) {
      const window = windows.get(client);
      if (!window || window.count < most) return;
      const seconds = Math.ceil((window.until - now()) / 1000);
      if (seconds <= 0) return;
      throw new HaidangError('HD_TOO_MANY', `Too many requests; try again in ${seconds} s.`, { retryAfter: seconds });
    },
    refused(client) {
      const window = windows.get(client);
      if (window && window.until > now()) {
        window.count += 1;
        return;
      }
      windows.delete(client);
      windows.set(client, { until: now() + WINDOW_MS, count: 1 });
      const oldest = windows.size > REMEMBERED ? windows.keys().next().value : undefined;
      if (oldest !== undefined) windows.delete(oldest);
    },
  };
}
