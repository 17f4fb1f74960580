import { ruleCondition } from '../../rules/engine/compile.ts';
import { logSourceCondition } from '../../rules/engine/log-sources.ts';
import { runSamples } from '../../rules/engine/samples.ts';
import type { Rule } from '../../rules/rule.ts';
import { parseRules } from '../../rules/sigma/parse.ts';
import { joinRules } from '../../rules/sigma/rule-set.ts';
import { SYSTEM } from '../identity.ts';
import type { EventStore } from '../store/event-store.ts';
import { consoleFile } from './overlay.ts';
import type { RuleRegistry } from './registry.ts';
import type { CheckAnswer } from './schema.ts';

/** Events in the samples of one text, at most: they are run while somebody waits. */
export const MOST_SAMPLE_EVENTS = 20_000;

/** Checks a text of the console as it would stand among the rules in force, and runs its samples. */
export async function checkText(
  registry: RuleRegistry,
  yaml: string,
): Promise<{ readonly answer: CheckAnswer; readonly rules: readonly Rule[] }> {
  const own = parseRules(yaml, consoleFile('new'));
  const id = own.rules[0]?.id ?? null;
  if (id === null)
    return { answer: { id, problems: [...own.problems], samples: 0, failed: [], lastWeek: null }, rules: [] };
  const next = await registry.preview(new Map([[id, yaml]]));
  const before = new Set(registry.problems.map((problem) => JSON.stringify(problem)));
  const problems = next.problems.filter((problem) => !before.has(JSON.stringify(problem)));
  const ids = new Set(own.rules.map((rule) => rule.id));
  const set = joinRules(next.rules);
  const tested = next.rules.filter((rule) => ids.has(rule.id));
  const events = tested
    .flatMap(({ extension }) => [...extension.samples.match, ...extension.samples.noMatch])
    .flatMap((sample) => sample.events)
    .reduce((sum, { repeat }) => sum + repeat, 0);
  if (events > MOST_SAMPLE_EVENTS) {
    const message = `The samples hold ${events} events, more than ${MOST_SAMPLE_EVENTS}. Write shorter ones.`;
    problems.push({ code: 'HD_RULE_EXTENSION', file: consoleFile(id), line: 1, column: 1, rule: id, message });
    return { answer: { id, problems, samples: 0, failed: [], lastWeek: null }, rules: own.rules };
  }
  const isOwn = (rule: Rule): boolean => ids.has(rule.id);
  const { samples, failures } = runSamples(set, isOwn);
  const failed = failures.map(({ rule, expected, sample }) => ({ rule: rule.id, expected, sample }));
  return { answer: { id, problems, samples, failed, lastWeek: null }, rules: own.rules };
}

const WEEK_MS = 7 * 86_400_000;
/** Longest time that somebody waits for the count. */
const COUNT_MS = 8_000;

/** How many stored events of the last seven days a rule would have matched; `null` where that cannot be said in time. */
export async function countLastWeek(
  events: EventStore,
  rule: Rule | undefined,
  now: number,
): Promise<CheckAnswer['lastWeek']> {
  if (rule?.kind !== 'detection') return null;
  const range = { from: new Date(now - WEEK_MS).toISOString(), to: new Date(now + 1).toISOString() };
  const condition = {
    kind: 'and',
    of: [logSourceCondition(rule.logsource, 'ecs'), ruleCondition(rule, 'ecs')],
  } as const;
  try {
    return await events.as(SYSTEM).count({ range, condition }, AbortSignal.timeout(COUNT_MS));
  } catch {
    return null;
  }
}
