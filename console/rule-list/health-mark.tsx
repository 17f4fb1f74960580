import type { RuleList } from '../../server/rules/schema.ts';
import { useText } from '../i18n/language.tsx';
import { Icon, type IconName } from '../parts/icons.tsx';

type ListedRule = RuleList['rules'][number];
export type RuleState = (typeof RULE_STATES)[number];

/** How a rule may fare, worst first. */
export const RULE_STATES = ['dead', 'waiting', 'ok', 'draft', 'tested', 'off', 'unknown'] as const;
type Judged = Pick<ListedRule, 'enabled' | 'stage' | 'health'>;

const LOOKS: Readonly<Record<RuleState, { readonly icon: IconName; readonly colour: string }>> = {
  dead: { icon: 'broken', colour: 'text-critical font-semibold' },
  waiting: { icon: 'wait', colour: 'text-medium' },
  ok: { icon: 'check', colour: 'text-low' },
  draft: { icon: 'plus', colour: 'text-muted' },
  tested: { icon: 'wait', colour: 'text-good' },
  off: { icon: 'minus', colour: 'text-muted' },
  unknown: { icon: 'minus', colour: 'text-muted' },
};

/** How a rule fares, or how far it has come; what the reader may not see is not known. */
export function stateOf(rule: Judged): RuleState {
  if (!rule.enabled) return rule.stage === 'draft' || rule.stage === 'tested' ? rule.stage : 'off';
  return rule.health?.state ?? 'unknown';
}

/** The state of a rule in a sign and words, with the reasons on hover. */
export function HealthMark({ rule }: { readonly rule: Judged }) {
  const t = useText();
  const state = stateOf(rule);
  const { icon, colour } = LOOKS[state];
  const reasons = rule.enabled && rule.health?.reasons.map((reason) => t(`rules.reason.${reason}`)).join('; ');
  return (
    <span className={`inline-flex items-center gap-1.5 ${colour}`} title={reasons || undefined}>
      <Icon name={icon} />
      {t(state === 'draft' || state === 'tested' ? `rules.stage.${state}` : `rules.state.${state}`)}
    </span>
  );
}
