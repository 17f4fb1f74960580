import { Link } from 'wouter';
import type { RuleList } from '../../server/rules/schema.ts';
import { useRules } from '../api/queries.ts';
import { useText } from '../i18n/language.tsx';
import { Icon } from '../parts/icons.tsx';
import { PageTitle, ProblemNotice, Progress } from '../parts/states.tsx';
import { stateOf } from './health-mark.tsx';

type ListedRule = RuleList['rules'][number];

/** The tactics in the order of an attack, by their names in ATT&CK. */
const TACTICS = [
  'Reconnaissance',
  'Resource Development',
  'Initial Access',
  'Execution',
  'Persistence',
  'Privilege Escalation',
  'Defense Evasion',
  'Credential Access',
  'Discovery',
  'Lateral Movement',
  'Collection',
  'Command and Control',
  'Exfiltration',
  'Impact',
] as const;

/** `/rules/attack`: which techniques rules watch for, by tactic, and of which none works. */
export function AttackPage() {
  const t = useText();
  const rules = useRules();
  const watched = (rules.data?.rules ?? []).filter(({ enabled }) => enabled);
  return (
    <>
      <PageTitle title="rules.attack">
        <Link href="/rules" className="button">
          {t('rules.back')}
        </Link>
      </PageTitle>
      <Progress busy={rules.isPending} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6">
        {rules.isError && <ProblemNotice error={rules.error} retry={() => rules.refetch()} />}
        <p className="mb-3 max-w-3xl text-muted">{t('rules.attackHint')}</p>
        <div className="grid max-w-[104rem] grid-cols-[repeat(auto-fill,minmax(15rem,1fr))] gap-4">
          {TACTICS.map((tactic) => (
            <Tactic key={tactic} tactic={tactic} rules={watched.filter((rule) => rule.tactics.includes(tactic))} />
          ))}
        </div>
      </div>
    </>
  );
}

function Tactic({ tactic, rules }: { readonly tactic: string; readonly rules: readonly ListedRule[] }) {
  const names = new Map(rules.flatMap((rule) => rule.techniques.map(({ id, name }) => [id, name] as const)));
  const ids = [...names.keys()].sort();
  return (
    <section className="card h-fit">
      <h2 className="flex justify-between gap-2 border-b border-line px-3 py-2 font-semibold">
        <span lang="en">{tactic}</span>
        <span className="text-muted">{rules.length}</span>
      </h2>
      <ul className="divide-y divide-line">
        {ids.map((id) => (
          <Technique
            key={id}
            id={id}
            name={names.get(id) ?? id}
            rules={rules.filter((rule) => rule.techniques.some((one) => one.id === id))}
          />
        ))}
      </ul>
    </section>
  );
}

function Technique({
  id,
  name,
  rules,
}: {
  readonly id: string;
  readonly name: string;
  readonly rules: readonly ListedRule[];
}) {
  const t = useText();
  const works = rules.some((rule) => ['ok', 'unknown'].includes(stateOf(rule)));
  return (
    <li>
      <Link
        href={`/rules?${new URLSearchParams({ text: `attack.${id.toLowerCase()}` })}`}
        className="flex items-start gap-2 px-3 py-1.5 text-small hover:bg-hover"
      >
        {!works && (
          <span className="text-medium" title={t('rules.state.waiting')}>
            <Icon name="warning" />
          </span>
        )}
        <span className="min-w-0 flex-1 break-words" lang="en">
          <span className="text-muted">{id}</span> {name}
        </span>
        <span className="tabular-nums">{rules.length}</span>
      </Link>
    </li>
  );
}
