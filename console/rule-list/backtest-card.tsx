import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect } from 'react';
import type { Backtest, BacktestList, NewBacktest, RuleRow } from '../../server/rules/schema.ts';
import { getJson, isProblem, postJson } from '../api/client.ts';
import { useAgencies } from '../api/queries.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { AgencyOptions } from '../parts/agency-options.tsx';
import { Field } from '../parts/dialog.tsx';
import { KeyHint } from '../parts/key-hint.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { BacktestResult } from './backtest-result.tsx';

const LOOK_MS = 500;

/** The backtest under way, looked at twice a second while it runs; `null` where there was none. */
export function useBacktest() {
  return useQuery({
    queryKey: ['backtest'],
    queryFn: async ({ signal }) => {
      try {
        return await getJson<Backtest>('/rules/backtests/current', {}, signal);
      } catch (error) {
        if (isProblem(error, 'HD_NOT_FOUND')) return null;
        throw error;
      }
    },
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? LOOK_MS : false),
  });
}

/** What a rule would have given: a form, how far it is, and the results that are kept. `yaml`: a wording that is not saved. */
export function BacktestCard({
  rule,
  yaml,
  stage,
}: {
  readonly rule: string;
  readonly yaml?: string;
  /** Where the rule stands: what is next follows from it. */
  readonly stage?: RuleRow['stage'];
}) {
  const t = useText();
  const queries = useQueryClient();
  const agencies = useAgencies().data?.agencies ?? [];
  const { error, run } = useAttempt();
  const current = useBacktest();
  const kept = useQuery({
    queryKey: ['backtests', rule],
    queryFn: ({ signal }) => getJson<BacktestList>(`/rules/${encodeURIComponent(rule)}/backtests`, {}, signal),
  });
  const own = current.data?.rule === rule ? current.data : undefined;
  const state = own?.state;
  useEffect(() => {
    if (state !== 'done') return;
    void queries.invalidateQueries({ queryKey: ['backtests', rule] });
    void queries.invalidateQueries({ queryKey: ['rules'] });
  }, [state, rule, queries]);
  const act = async (doing: () => Promise<Backtest>): Promise<void> => {
    await run(async () => {
      queries.setQueryData(['backtest'], await doing());
    });
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const agency = String(form.get('agency'));
    const days = Number(form.get('days'));
    const body: NewBacktest = { rule, days, agency: agency || null, ...(yaml === undefined ? {} : { yaml }) };
    void act(() => postJson<Backtest>('/rules/backtests', body));
  };
  const running = current.data?.state === 'running';
  // A rule's page shows one for the rule, and a second one beside a wording that is being changed.
  const heading = yaml === undefined ? 'backtest' : 'backtest-wording';
  return (
    <section className="card" aria-labelledby={heading}>
      <h2 id={heading} className="px-4 pt-3 pb-2 font-semibold">
        {t('backtest.title')}
        {yaml === undefined && <KeyHint keys="b" />}
      </h2>
      <p className="px-4 text-muted">
        {t('backtest.hint')} <span id={`${heading}-agency`}>{t('backtest.wholeOnly')}</span>
      </p>
      <form className="flex flex-wrap items-end gap-3 px-4 py-3" onSubmit={submit}>
        <Field label={t('backtest.days')}>
          <input name="days" type="number" className="field w-28" min={1} max={3650} defaultValue={7} required />
        </Field>
        <Field label={t('alert.agency')}>
          <select name="agency" className="field" aria-describedby={`${heading}-agency`}>
            <option value="">{t('queue.allAgencies')}</option>
            <AgencyOptions />
          </select>
        </Field>
        <button type="submit" className="button button-primary" disabled={running}>
          {t('backtest.run')}
        </button>
        {running && (
          <button
            type="button"
            className="button"
            onClick={() => void act(() => postJson('/rules/backtests/current/cancel', {}))}
          >
            {t('common.cancel')}
          </button>
        )}
      </form>
      {running && current.data && <Running job={current.data} isOwn={own !== undefined} />}
      {error !== undefined && (
        <div className="px-4 pb-3">
          <ProblemNotice error={error} />
        </div>
      )}
      {own?.state === 'cancelled' && (
        <p role="status" className="px-4 pb-3">
          {t('backtest.cancelled')}
        </p>
      )}
      {own?.state === 'failed' && (
        <p role="alert" className="px-4 pb-3 break-words text-critical">
          {t('backtest.failed')} <Visible text={own.error ?? ''} />
        </p>
      )}
      {stage === 'tested' && !running && <p className="px-4 pb-3 font-medium text-good">{t('backtest.mayEnable')}</p>}
      {kept.data?.backtests.length === 0 && !running && <p className="px-4 pb-3">{t('backtest.none')}</p>}
      {kept.isError && (
        <div className="px-4 pb-3">
          <ProblemNotice error={kept.error} retry={() => kept.refetch()} />
        </div>
      )}
      <ul className="divide-y divide-line border-line empty:hidden">
        {(kept.data?.backtests ?? []).map((one, at) => (
          <li key={one.id}>
            <details open={at === 0}>
              <summary className="px-4 py-2">
                <Time at={one.at} /> · <Visible text={one.by} /> · {t('backtest.ofDays', { count: one.days })}
                {one.agency !== null && (
                  <>
                    {' '}
                    · <Visible text={agencies.find(({ id }) => id === one.agency)?.name ?? one.agency} prose />
                  </>
                )}{' '}
                · {t('backtest.sum', { events: one.result?.events ?? 0, alerts: one.result?.alerts ?? 0 })} ·{' '}
                <code>{one.version}</code>
              </summary>
              {one.result && <BacktestResult result={one.result} days={one.days} />}
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Running({ job: { progress, rule }, isOwn }: { readonly job: Backtest; readonly isOwn: boolean }) {
  const t = useText();
  const format = useFormat();
  const share = progress.total === 0 ? 0 : progress.done / progress.total;
  return (
    <p role="status" className="flex flex-wrap items-center gap-3 px-4 pb-3">
      <progress value={share} max={1} aria-label={t('backtest.running')} />
      {isOwn ? t('backtest.running') : t('backtest.other', { rule })} {format.share(share)}
    </p>
  );
}
