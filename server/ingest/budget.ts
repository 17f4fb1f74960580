import { HaidangError } from '../errors.ts';

/** Bytes taken by one request; give them back when its batch is durable or refused. */
export interface Share {
  /** @throws HaidangError `HD_TOO_MANY` where the collector, or all together, hold too much. */
  take(bytes: number): void;
  release(): void;
}

/** Counts the bytes in flight, so that no collector fills the memory and no agency keeps the others out. */
export interface Budget {
  /** `group`: the agency, of which there may be many collectors. */
  share(collector: string, group: string): Share;
  inFlight(): number;
}

/**
 * A budget with a bound for each collector and one for all. A group may hold as much as is still free: one alone fills
 * half of it, two a third each, and there is always room for who comes next (Choudhury and Hahne, 1998).
 */
export function createBudget(bounds: { readonly perCollector: number; readonly inAll: number }): Budget {
  const held = new Map<string, number>();
  const ofGroups = new Map<string, number>();
  let all = 0;
  return {
    inFlight: () => all,
    share(collector, group) {
      let own = 0;
      return {
        take(bytes) {
          const after = (held.get(collector) ?? 0) + bytes;
          if (after > bounds.perCollector) {
            throw new HaidangError('HD_TOO_MANY', 'This collector has too many batches under way.', { retryAfter: 1 });
          }
          const ofGroup = (ofGroups.get(group) ?? 0) + bytes;
          if (all + bytes > bounds.inAll || ofGroup > bounds.inAll - all) {
            throw new HaidangError('HD_TOO_MANY', 'Collectors of this agency have too many batches under way.', {
              retryAfter: 2,
            });
          }
          held.set(collector, after);
          ofGroups.set(group, ofGroup);
          own += bytes;
          all += bytes;
        },
        release() {
          lower(held, collector, own);
          lower(ofGroups, group, own);
          all -= own;
          own = 0;
        },
      };
    },
  };
}

function lower(counts: Map<string, number>, name: string, by: number): void {
  const after = (counts.get(name) ?? 0) - by;
  if (after > 0) counts.set(name, after);
  else counts.delete(name);
}
