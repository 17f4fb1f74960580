import { HaidangError } from '../errors.ts';

/** Bytes taken by one request; give them back when its batch is durable or refused. */
export interface Share {
  /** @throws HaidangError `HD_TOO_MANY` where the collector, or all together, hold too much. */
  take(bytes: number): void;
  release(): void;
}

/** Counts the bytes in flight, so that no collector fills the memory and none starves the others. */
export interface Budget {
  share(collector: string): Share;
  inFlight(): number;
}

/** A budget with a bound for each collector and one for all. */
export function createBudget(bounds: { readonly perCollector: number; readonly inAll: number }): Budget {
  const held = new Map<string, number>();
  let all = 0;
  return {
    inFlight: () => all,
    share(collector) {
      let own = 0;
      return {
        take(bytes) {
          const after = (held.get(collector) ?? 0) + bytes;
          if (after > bounds.perCollector) {
            throw new HaidangError('HD_TOO_MANY', 'This collector has too many batches under way.', { retryAfter: 1 });
          }
          if (all + bytes > bounds.inAll) {
            throw new HaidangError('HD_TOO_MANY', 'All collectors together have too many batches under way.', {
              retryAfter: 2,
            });
          }
          held.set(collector, after);
          own += bytes;
          all += bytes;
        },
        release() {
          const after = (held.get(collector) ?? 0) - own;
          if (after > 0) held.set(collector, after);
          else held.delete(collector);
          all -= own;
          own = 0;
        },
      };
    },
  };
}
