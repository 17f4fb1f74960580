import type { Rule } from '../../rules/rule.ts';
import type { Membership } from '../leases/membership.ts';
import { type Grouper, type GrouperOptions, startGrouper } from './grouper.ts';

/** Grouping for all servers of a shared store, by this one while it is its turn. */
export interface GroupingDuty {
  /** Takes its turns from now on, until the membership ends. */
  serve(membership: Membership, options: GroupingDutyOptions): void;
  /** An entry was written: look at once. */
  wake(): void;
  /** Whoever has the next turn groups by the rules of then. */
  beginAgain(): void;
}

export type GroupingDutyOptions = Omit<GrouperOptions, 'lease' | 'rules'> & { readonly rules: () => readonly Rule[] };

/** Opens it; a server with a store of its own never has a turn. */
export function openGroupingDuty(): GroupingDuty {
  let grouper: Grouper | undefined;
  return {
    serve(membership, { rules, ...options }) {
      membership.serve('grouping', async (lease, end) => {
        const started = startGrouper({ ...options, rules: rules(), lease });
        grouper = started;
        end.addEventListener('abort', () => void started.stop(), { once: true });
        if (end.aborted) void started.stop();
        await started.ended;
        grouper = undefined;
      });
    },
    wake: () => grouper?.wake(),
    beginAgain: () => void grouper?.stop(),
  };
}
