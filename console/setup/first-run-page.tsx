import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { FirstRun, FirstRunChange } from '../../server/first-run/schema.ts';
import { getJson, putJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Icon } from '../parts/icons.tsx';
import { PageTitle, ProblemNotice, Progress } from '../parts/states.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { StepBody } from './step-body.tsx';

/** A collector enrols from another machine: it shows here by itself. */
const EVERY_MS = 15_000;

/** `/first-run`: the first steps of a new installation; each can be put aside, and what is done stays done. */
export function FirstRunPage({ me }: { readonly me: Session }) {
  const t = useText();
  const queries = useQueryClient();
  const { busy, error, run: attempt } = useAttempt();
  const run = useQuery({
    queryKey: ['first-run'],
    queryFn: ({ signal }) => getJson<FirstRun>('/first-run', {}, signal),
    refetchInterval: EVERY_MS,
  });
  const look = (): void => void queries.invalidateQueries({ queryKey: ['first-run'] });
  const decide = async (change: FirstRunChange): Promise<void> => {
    await attempt(async () => {
      queries.setQueryData(['first-run'], await putJson<FirstRun>('/first-run', change));
    });
  };
  return (
    <>
      <PageTitle title="firstRun.title" />
      <Progress busy={run.isPending} cancel={() => queries.cancelQueries({ queryKey: ['first-run'] })} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6">
        <p className="mb-4 max-w-3xl text-muted">{t('firstRun.intro')}</p>
        {run.isError && <ProblemNotice error={run.error} retry={() => run.refetch()} />}
        {error !== undefined && <ProblemNotice error={error} />}
        {run.data && (
          <ol className="max-w-3xl space-y-3">
            {run.data.steps.map(({ step, state }, place) => (
              <li key={step} className="card p-4" data-step={step} data-state={state}>
                <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
                  <h2 className="font-semibold">
                    {place + 1}. {t(`firstRun.${step}`)}
                  </h2>
                  {state !== 'open' && (
                    <span
                      className={`inline-flex items-center gap-1 text-small ${state === 'done' ? 'text-good' : 'text-muted'}`}
                    >
                      <Icon name={state === 'done' ? 'check' : 'wait'} className="size-3" />
                      {t(`firstRun.state.${state}`)}
                    </span>
                  )}
                </div>
                <p className="my-2">{t(`firstRun.${step}.text`)}</p>
                <StepBody {...{ step, state, me, busy, decide, look }} run={run.data} />
                {state === 'open' && (
                  <div className="mt-3 flex flex-wrap gap-2">
                    {step !== 'province' && step !== 'store' && (
                      <button
                        type="button"
                        className="button"
                        disabled={busy}
                        onClick={() => decide({ step, state: 'done' })}
                      >
                        {t('firstRun.markDone')}
                      </button>
                    )}
                    <button
                      type="button"
                      className="button button-quiet"
                      disabled={busy}
                      onClick={() => decide({ step, state: 'skipped' })}
                    >
                      {t('firstRun.skip')}
                    </button>
                  </div>
                )}
                {state === 'skipped' && (
                  <button
                    type="button"
                    className="button mt-3"
                    disabled={busy}
                    onClick={() => decide({ step, state: 'open' })}
                  >
                    {t('firstRun.again')}
                  </button>
                )}
              </li>
            ))}
          </ol>
        )}
        {run.data?.finished && (
          <p className="mt-4">
            <Link href="/alerts" className="button button-primary">
              {t('firstRun.finish')}
            </Link>
          </p>
        )}
      </div>
    </>
  );
}
