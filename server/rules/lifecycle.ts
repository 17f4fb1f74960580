import { runSamples } from '../../rules/engine/samples.ts';
import type { Rule } from '../../rules/rule.ts';
import { joinRules } from '../../rules/sigma/rule-set.ts';
import { HaidangError } from '../errors.ts';
import type { Services } from '../services.ts';
import { type Candidate, candidateOf } from './backtest/candidate.ts';
import { MOST_SAMPLE_EVENTS } from './check-text.ts';
import { versionsOf } from './settings.ts';

/** Where a rule stands between being written and being given up. */
export type Stage = 'draft' | 'tested' | 'enabled' | 'disabled';

const passing = new WeakMap<Rule, boolean>();

/** Whether a wording has samples, and all of them do as they say. */
function samplesPass({ rule, rules }: Candidate): boolean {
  let known = passing.get(rule);
  if (known === undefined) {
    const { match, noMatch } = rule.extension.samples;
    const events = [...match, ...noMatch]
      .flatMap((sample) => sample.events)
      .reduce((sum, { repeat }) => sum + repeat, 0);
    const isRun = match.length > 0 && events <= MOST_SAMPLE_EVENTS;
    known = isRun && runSamples(joinRules(rules), (one) => one.id === rule.id).failures.length === 0;
    passing.set(rule, known);
  }
  return known;
}

/** What keeps a wording from counting as tested; `null` where it is. */
function missingTest(backtests: Services['backtests'], candidate: Candidate): string | null {
  if (!samplesPass(candidate)) return 'It has no sample, or one that does not do as it says.';
  if (backtests.tested(candidate.rule.id).has(candidate.version)) return null;
  return 'This wording has not been backtested over all agencies.';
}

/** The stage of a rule that is there. */
export function stageOf(
  { rules, backtests }: Pick<Services, 'rules' | 'backtests'>,
  { id }: Pick<Rule, 'id'>,
  isEnabled: boolean,
): Stage {
  if (isEnabled) return 'enabled';
  if (!rules.drafts.has(id)) return 'disabled';
  // Thousands of drafts were never tested: only of the others it must be found out.
  if (backtests.tested(id).size === 0) return 'draft';
  const candidate = candidateOf(rules.plain, id);
  return candidate && missingTest(backtests, candidate) === null ? 'tested' : 'draft';
}

/**
 * Refuses to put a wording in force that was not tested, unless it was in force before.
 * @throws HaidangError `HD_RULE_UNTESTED`
 */
export async function requireTested(
  { backtests, records }: Pick<Services, 'backtests' | 'records'>,
  candidate: Candidate,
): Promise<void> {
  const missing = missingTest(backtests, candidate);
  if (missing === null) return;
  const before = await versionsOf(records, candidate.rule.id);
  if (before.some(({ yaml }) => yaml === candidate.rule.yaml)) return;
  throw new HaidangError('HD_RULE_UNTESTED', missing);
}
