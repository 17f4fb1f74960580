import { HaidangError } from '../errors.ts';

interface Failures {
  count: number;
  until: number;
}

const LONGEST_SECONDS = 900;
const REMEMBERED = 10_000;

/** Makes guessing slow: after some free tries each further failure doubles the wait, up to 15 minutes. Bounded in memory. */
export interface BackOff {
  /** @throws HaidangError `HD_TOO_MANY` with Retry-After while the wait lasts. */
  check(key: string): void;
  failed(key: string): void;
  succeeded(key: string): void;
}

/** A back-off table; `now` in milliseconds, five free tries unless set. */
export function createBackOff(options: { readonly now?: () => number; readonly freeTries?: number } = {}): BackOff {
  const { now = Date.now, freeTries = 5 } = options;
  const table = new Map<string, Failures>();
  return {
    check(key) {
      const wait = (table.get(key)?.until ?? 0) - now();
      if (wait <= 0) return;
      const seconds = Math.ceil(wait / 1000);
      throw new HaidangError('HD_TOO_MANY', `Too many failed sign-ins; try again in ${seconds} s.`, {
        retryAfter: seconds,
      });
    },
    failed(key) {
      const count = (table.get(key)?.count ?? 0) + 1;
      const seconds = count < freeTries ? 0 : Math.min(LONGEST_SECONDS, 2 ** (count - freeTries));
      table.delete(key);
      table.set(key, { count, until: now() + seconds * 1000 });
      const oldest = table.size > REMEMBERED ? table.keys().next().value : undefined;
      if (oldest !== undefined) table.delete(oldest);
    },
    succeeded(key) {
      table.delete(key);
    },
  };
}
