import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { RuleDetail } from '../../server/rules/schema.ts';
import { deleteResource, isProblem, postJson, putJson } from '../api/client.ts';
import { useRule } from '../api/queries.ts';
import { useFormat, useLanguage, useText } from '../i18n/language.tsx';
import { pickText } from '../i18n/messages.ts';
import { SeverityMark } from '../parts/icons.tsx';
import { LogText, Visible } from '../parts/log-text.tsx';
import { PageTitle, ProblemNotice, Progress } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useToast } from '../parts/toasts.tsx';
import { BacktestCard } from './backtest-card.tsx';
import { DecisionCard } from './decision-card.tsx';
import { ExceptionsCard } from './exceptions-card.tsx';
import { HealthMark } from './health-mark.tsx';
import { RuleEditor } from './rule-editor.tsx';

/** `/rules/:id`: what a rule watches for, how it fares, what it missed, and what people decided about it. */
export function RulePage({ id, me }: { readonly id: string; readonly me: Session }) {
  const t = useText();
  const rule = useRule(id);
  const provincial = me.agencies === 'all';
  return (
    <>
      <PageTitle title="rules.rule">
        <Link href="/rules" className="button">
          {t('rules.back')}
        </Link>
        <Link href={`/alerts?${new URLSearchParams({ rule: id, status: 'all' })}`} className="button">
          {t('rules.alerts')}
        </Link>
      </PageTitle>
      <Progress busy={rules(rule.isPending, rule.fetchStatus)} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6">
        {rule.isError && <ProblemNotice error={rule.error} retry={() => rule.refetch()} />}
        {rule.data && !(rule.isError && isProblem(rule.error, 'HD_NOT_FOUND')) && (
          <Rule
            detail={rule.data}
            isAdministrator={provincial && me.permissions.includes('rules.change')}
            mayExcept={provincial && me.permissions.includes('rules.except')}
          />
        )}
      </div>
    </>
  );
}

function rules(pending: boolean, status: string): boolean {
  return pending && status === 'fetching';
}

function Rule({
  detail,
  isAdministrator,
  mayExcept,
}: {
  readonly detail: RuleDetail;
  readonly isAdministrator: boolean;
  readonly mayExcept: boolean;
}) {
  const t = useText();
  const { language } = useLanguage();
  const { rule } = detail;
  const title = pickText(rule.title, language);
  return (
    <div className="max-w-6xl space-y-4">
      <section className="card space-y-2 p-4">
        <h2 className="text-title font-semibold break-words" lang={title?.language}>
          {title?.text ?? rule.id}
        </h2>
        <p className="flex flex-wrap gap-x-5 gap-y-1">
          <SeverityMark severity={rule.level} />
          <HealthMark rule={rule} />
          <span>{t(`rules.kind.${rule.kind}`)}</span>
          <span>{t(`rules.stage.${rule.stage}`)}</span>
          {rule.version !== null && (
            <span className="text-muted">
              {t('rules.version')} <code>{rule.version}</code>
            </span>
          )}
        </p>
        <p lang="en">{detail.description}</p>
        <p className="text-small text-muted">
          <LogText text={rule.file} />
        </p>
        {detail.behind.length > 0 && (
          <p>
            {t('rules.behind')}:{' '}
            {detail.behind.map((one, at) => (
              <span key={one.id} lang="en">
                {at > 0 && ', '}
                <Link href={`/rules/${encodeURIComponent(one.id)}`} className="underline">
                  {one.title}
                </Link>
              </span>
            ))}
          </p>
        )}
      </section>
      <div className="grid gap-4 lg:grid-cols-2">
        <HealthCard detail={detail} />
        <div className="space-y-4">
          <GapsCard detail={detail} mayFill={isAdministrator} />
          {isAdministrator && <DecisionCard detail={detail} />}
        </div>
      </div>
      <ExceptionsCard detail={detail} mayChange={mayExcept} />
      {mayExcept && <BacktestCard rule={rule.id} />}
      <TextCard detail={detail} mayEdit={isAdministrator} />
    </div>
  );
}

function HealthCard({ detail: { rule } }: { readonly detail: RuleDetail }) {
  const t = useText();
  const format = useFormat();
  const { health } = rule;
  if (!health) return null;
  const { selfTest } = health;
  const tested = selfTest && (
    <>
      {t(selfTest.passed ? 'rules.selfTest.passed' : 'rules.selfTest.failed')} · <Time at={selfTest.at} as="relative" />
    </>
  );
  const cost = health.nanosecondsPerEvent;
  const facts = [
    [t('rules.lastMatch'), health.lastMatch ? <Time key="m" at={health.lastMatch} /> : t('rules.never')],
    [t('rules.matches'), format.number(health.matches)],
    [t('rules.selfTest'), tested ?? t('rules.selfTest.none')],
    [t('rules.sourceSeen'), health.sourceSeen ? <Time key="s" at={health.sourceSeen} /> : t('rules.never')],
    [t('rules.fieldsNeverSeen'), health.fieldsNeverSeen.join(', ') || '–'],
    [t('rules.cost'), cost === null ? '–' : format.number(cost / 1_000)],
  ] as const;
  return (
    <section className="card h-fit" aria-labelledby="health">
      <h2 id="health" className="px-4 pt-3 pb-2 font-semibold">
        {t('rules.health')}
      </h2>
      {health.reasons.length > 0 && (
        <ul className="list-inside list-disc px-4 pb-2 text-high">
          {health.reasons.map((reason) => (
            <li key={reason}>{t(`rules.reason.${reason}`)}</li>
          ))}
        </ul>
      )}
      <dl className="divide-y divide-line border-t border-line">
        {facts.map(([name, value]) => (
          <div key={name} className="flex flex-wrap gap-x-4 px-4 py-1.5">
            <dt className="w-56 shrink-0 text-muted">{name}</dt>
            <dd className="min-w-0 flex-1 break-words">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function GapsCard({ detail: { rule, gaps }, mayFill }: { readonly detail: RuleDetail; readonly mayFill: boolean }) {
  const t = useText();
  const toast = useToast();
  const format = useFormat();
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>();
  const fill = async (): Promise<void> => {
    setError(undefined);
    try {
      await postJson(`/rules/${encodeURIComponent(rule.id)}/refill`, {});
      toast({ text: t('rules.refilling') });
      await queries.invalidateQueries({ queryKey: ['rules'] });
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <section className="card" aria-labelledby="missed">
      <h2 id="missed" className="px-4 pt-3 pb-2 font-semibold">
        {t('rules.missed')}
      </h2>
      {gaps.length === 0 && <p className="px-4 pb-3 text-muted">{t('rules.noGaps')}</p>}
      <ul className="divide-y divide-line empty:hidden">
        {gaps.map(({ from, to, at, state, done }) => (
          <li key={from} className="flex flex-wrap gap-x-4 px-4 py-1.5">
            <span>{t(`rules.gap.${state}`)}</span>
            <span className="tabular-nums">{format.number(to - from + 1)}</span>
            {state === 'filling' && done !== null && <span>{format.percent((done - from + 1) / (to - from + 1))}</span>}
            <span className="text-muted">
              <Time at={at} />
            </span>
          </li>
        ))}
      </ul>
      {error !== undefined && <ProblemNotice error={error} />}
      {mayFill && rule.enabled && gaps.some(({ state }) => state === 'open') && (
        <div className="px-4 py-3">
          <button type="button" className="button button-primary" onClick={() => void fill()}>
            {t('rules.refill')}
          </button>
        </div>
      )}
    </section>
  );
}

function TextCard({ detail, mayEdit }: { readonly detail: RuleDetail; readonly mayEdit: boolean }) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const [edits, setEdits] = useState(false);
  const [error, setError] = useState<unknown>();
  const path = `/rules/${encodeURIComponent(detail.rule.id)}`;
  const act = async (doing: () => Promise<unknown>, done: string): Promise<void> => {
    setError(undefined);
    try {
      await doing();
      toast({ text: done });
      await queries.invalidateQueries({ queryKey: ['rules'] });
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <section className="card" aria-labelledby="text">
      <div className="flex flex-wrap items-center gap-3 px-4 pt-3 pb-2">
        <h2 id="text" className="font-semibold">
          {t('rules.text.title')}
        </h2>
        {mayEdit && !edits && (
          <button type="button" className="button" onClick={() => setEdits(true)}>
            {t('rules.edit')}
          </button>
        )}
        {mayEdit && detail.inConsole && (
          <button
            type="button"
            className="button"
            onClick={() =>
              void act(async () => {
                await deleteResource(path);
                go('/rules');
              }, t('rules.takenBack'))
            }
          >
            {t('rules.takeBack')}
          </button>
        )}
      </div>
      {error !== undefined && <ProblemNotice error={error} />}
      {edits ? (
        <RuleEditor yaml={detail.yaml} saved={() => setEdits(false)} />
      ) : (
        <Yaml text={detail.yaml} label={t('rules.text.title')} />
      )}
      {detail.versions.length > 0 && (
        <details className="border-t border-line px-4 py-2">
          <summary className="font-semibold">{t('rules.versions')}</summary>
          {detail.versions.map(({ version, yaml, at, by }) => (
            <details key={version} className="py-1">
              <summary>
                <code>{version}</code> · <Visible text={by} /> · <Time at={at} />
              </summary>
              <Yaml text={yaml} label={version} />
              {mayEdit && version !== detail.rule.version && (
                <button
                  type="button"
                  className="button"
                  onClick={() => void act(() => putJson(path, { yaml }), t('rules.saved'))}
                >
                  {t('rules.rollback')}
                </button>
              )}
            </details>
          ))}
        </details>
      )}
    </section>
  );
}

function Yaml({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key.
    <section className="max-h-[32rem] overflow-auto border-t border-line px-4 py-2" tabIndex={0} aria-label={label}>
      <pre className="text-small whitespace-pre-wrap" lang="en">
        {text}
      </pre>
    </section>
  );
}
