import { useQueryClient } from '@tanstack/react-query';
import type { RuleDetail } from '../../server/rules/schema.ts';
import { postJson } from '../api/client.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

/** What a rule did not evaluate, and having it done now. */
export function GapsCard({
  detail: { rule, gaps },
  mayFill,
}: {
  readonly detail: RuleDetail;
  readonly mayFill: boolean;
}) {
  const t = useText();
  const toast = useToast();
  const format = useFormat();
  const queries = useQueryClient();
  const { error, run } = useAttempt();
  const fill = async (): Promise<void> => {
    await run(async () => {
      await postJson(`/rules/${encodeURIComponent(rule.id)}/refill`, {});
      toast({ text: t('rules.refilling') });
      await queries.invalidateQueries({ queryKey: ['rules'] });
    });
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
            {state === 'filling' && done !== null && <span>{format.share((done - from + 1) / (to - from + 1))}</span>}
            <span className="text-muted">
              <Time at={at} />
            </span>
          </li>
        ))}
      </ul>
      {error !== undefined && (
        <div className="px-4 pb-3">
          <ProblemNotice error={error} />
        </div>
      )}
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
