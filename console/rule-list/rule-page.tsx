import { useEffect, useRef } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { RuleDetail } from '../../server/rules/schema.ts';
import { isProblem } from '../api/client.ts';
import { useRule } from '../api/queries.ts';
import { useLanguage, useText } from '../i18n/language.tsx';
import { pickText } from '../i18n/messages.ts';
import { SeverityMark } from '../parts/icons.tsx';
import { LogText } from '../parts/log-text.tsx';
import { FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { useKeys } from '../parts/use-keys.ts';
import { BacktestCard } from './backtest-card.tsx';
import { DecisionCard } from './decision-card.tsx';
import { ExceptionsCard } from './exceptions-card.tsx';
import { GapsCard } from './gaps-card.tsx';
import { HealthCard } from './health-card.tsx';
import { HealthMark } from './health-mark.tsx';
import { TextCard } from './text-card.tsx';
import { VersionsCard } from './versions-card.tsx';

/** The parts of the page that a key leads to. */
const PLACES = { d: 'decision', x: 'exceptions', b: 'backtest', v: 'versions', e: 'text' } as const;

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
      <FirstFetch query={rule} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6">
        {rule.isError && <ProblemNotice error={rule.error} retry={() => rule.refetch()} />}
        {rule.data && !(rule.isError && isProblem(rule.error, 'HD_NOT_FOUND')) && (
          <Rule
            detail={rule.data}
            isAdministrator={provincial && me.permissions.includes('rules.change')}
            mayExcept={provincial && me.permissions.includes('rules.except')}
            provincial={provincial}
            mayTry={provincial && me.permissions.includes('rules.try')}
          />
        )}
      </div>
    </>
  );
}

function Rule({
  detail,
  isAdministrator,
  mayExcept,
  mayTry,
  provincial,
}: {
  readonly detail: RuleDetail;
  readonly isAdministrator: boolean;
  readonly mayExcept: boolean;
  readonly mayTry: boolean;
  readonly provincial: boolean;
}) {
  const t = useText();
  useKeys(Object.fromEntries(Object.entries(PLACES).map(([key, place]) => [key, () => goTo(place)])));
  const [parameters] = useSearchParams();
  // An alert leads here with the condition of an exception in hand.
  const asked = useRef(parameters.get('except'));
  useEffect(() => {
    if (asked.current !== null) goTo('exceptions');
  }, []);
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
          {rule.enabled && <span>{t(`rules.stage.${rule.stage}`)}</span>}
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
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <div className="space-y-4">
          <HealthCard detail={detail} />
          <GapsCard detail={detail} mayFill={isAdministrator} />
        </div>
        {isAdministrator && <DecisionCard detail={detail} />}
      </div>
      <ExceptionsCard detail={detail} mayChange={mayExcept} kql={asked.current ?? ''} />
      {mayTry && <BacktestCard rule={rule.id} stage={rule.stage} />}
      {provincial && <VersionsCard detail={detail} mayEdit={isAdministrator} />}
      <TextCard detail={detail} mayEdit={isAdministrator} />
    </div>
  );
}

/** Brings a part of the page into view, and the keyboard to its first control. */
function goTo(place: string): boolean {
  const section = document.querySelector(`section[aria-labelledby="${place}"]`);
  if (!section) return false;
  section.scrollIntoView({ block: 'start' });
  section
    .querySelector<HTMLElement>('input, select, textarea, button:not([disabled]), summary')
    ?.focus({ preventScroll: true });
  return true;
}
