import type { Draft } from './draft.ts';
import { classify } from './draft.ts';

/** What a filter did with what it saw. */
export type Verdict = 'allowed' | 'denied';

const DENIED =
  /^(?:deny|denied|denies|block|blocked|drop|dropped|discard|discarded|reject|rejected|prevent|prevented|clear_session|clear-session|reset|reset_client|reset_server|reset-client|reset-server|reset_both|reset-both|quarantine|quarantined|redirect|deny session|block-url|block-ip|sinkhole|drop-icmp|drop-all-packets|drop packet|block-override|req_blocked_\w{1,32})$/;
const ALLOWED =
  /^(?:accept|accepted|close|ip-conn|timeout|client-rst|server-rst|dns|start|pass|passed|passthrough|allow|allowed|allow session|permit|permitted|monitored|detect|detected|exempt|log-only|bypass|monitor|alert|decrypt|encrypt|ip changed|continue|req_passed|req_cached_\w{1,32})$/;

/** What the word that a device writes for its deed means; undefined where it names none. */
export function verdictOf(action: string | undefined): Verdict | undefined {
  if (action === undefined) return undefined;
  const word = action.toLowerCase();
  return DENIED.test(word) ? 'denied' : ALLOWED.test(word) ? 'allowed' : undefined;
}

/** A refusal is the failure of what was tried. */
export function outcomeOf(verdict: Verdict | undefined): 'success' | 'failure' | undefined {
  return verdict === undefined ? undefined : verdict === 'denied' ? 'failure' : 'success';
}

/** Classifies a connection, or part of one, by what was done with it. */
export function classifyVerdict(
  draft: Draft,
  category: readonly string[],
  type: readonly string[],
  action: string | undefined,
): void {
  const verdict = verdictOf(action);
  classify(draft, category, [...type, ...(verdict ? [verdict] : [])], action, outcomeOf(verdict));
}
