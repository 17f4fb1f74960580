import type { Rule } from '../../rules/rule.ts';
import { titles } from '../alerts/queries.ts';
import type { RuleSpan } from '../detection/rule-spans.ts';
import type { Services } from '../services.ts';
import { attackOf } from './attack.ts';
import { joinedRules } from './joined.ts';
import { stageOf } from './lifecycle.ts';
import { isActive } from './overlay.ts';
import type { RuleException } from './record.ts';
import type { Exception, RuleRow } from './schema.ts';
import { shadowOf } from './shadow.ts';

type RuleServices = Pick<Services, 'rules' | 'ruleHealth' | 'ruleRuns' | 'backtests'>;

/** The rules, in force and switched off, as the list shows them; `all`: with what concerns every agency. */
export function ruleRows(services: RuleServices, all: boolean): RuleRow[] {
  const { rules } = services;
  const { silent } = joinedRules(rules.rules);
  const excepted = new Map<string, Set<string>>();
  for (const { id } of rules.shadows) {
    const shadow = shadowOf(id);
    if (!shadow) continue;
    const known = excepted.get(shadow.rule) ?? new Set();
    excepted.set(shadow.rule, known.add(shadow.exception.split('+')[0] ?? ''));
  }
  const row = (rule: Rule, enabled: boolean): RuleRow => ({
    id: rule.id,
    title: titles(rule),
    kind: rule.kind,
    level: rule.level,
    status: rule.status,
    tags: [...rule.tags],
    file: rule.file,
    ...attackOf(rule.tags),
    enabled,
    stage: stageOf(services, rule, enabled),
    version: enabled ? (rules.versions.get(rule.id) ?? null) : null,
    silent: silent.has(rule.id),
    exceptions: all ? (excepted.get(rule.id)?.size ?? 0) : 0,
    missed: all ? missedOf(services, rule.id) : 0,
    health: all && enabled ? healthOf(services, rule) : null,
  });
  return [...rules.rules.map((rule) => row(rule, true)), ...rules.disabled.map((rule) => row(rule, false))];
}

/** The health of a rule as answers give it. */
export function healthOf({ ruleHealth }: Pick<RuleServices, 'ruleHealth'>, rule: Rule): NonNullable<RuleRow['health']> {
  const { reasons, fieldsNeverSeen, selfTest, ...rest } = ruleHealth.of(rule);
  return {
    ...rest,
    reasons: [...reasons],
    fieldsNeverSeen: [...fieldsNeverSeen],
    selfTest: selfTest && { ...selfTest, failed: [...selfTest.failed] },
  };
}

/** What a rule missed, with how far it is filled. */
export function gapsOf({ ruleRuns }: Pick<RuleServices, 'ruleRuns'>, rule: string) {
  const span: RuleSpan | undefined = ruleRuns.spans().get(rule);
  const filling = ruleRuns.refills();
  return (span?.gaps ?? []).map((gap) => {
    const refill = filling.find((one) => one.rule === rule && one.gap.from === gap.from);
    return { ...gap, done: refill?.done ?? null };
  });
}

function missedOf(services: Pick<RuleServices, 'ruleRuns'>, rule: string): number {
  return gapsOf(services, rule)
    .filter(({ state }) => state !== 'filled')
    .reduce((sum, { from, to, done }) => sum + to - (done ?? from - 1), 0);
}

/** An exception with what it has hidden. */
export function shownException(
  { ruleHealth }: Pick<RuleServices, 'ruleHealth'>,
  rule: string,
  exception: RuleException,
): Exception {
  const { count, lastAt } = ruleHealth.hidden(rule, exception.id);
  return { ...exception, active: isActive(exception, Date.now()), hidden: count, lastHidden: lastAt };
}
