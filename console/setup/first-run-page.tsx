import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import type { FirstRun, FirstRunChange } from '../../server/first-run/schema.ts';
import { getJson, putJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import type { Translate } from '../i18n/messages.ts';
import { Field } from '../parts/dialog.tsx';
import { Icon } from '../parts/icons.tsx';
import { PageTitle, ProblemNotice, Progress } from '../parts/states.tsx';

type Step = FirstRun['steps'][number]['step'];

/** `/first-run`: the first steps of a new installation; each can be put aside, and what is done stays done. */
export function FirstRunPage() {
  const t = useText();
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const run = useQuery({
    queryKey: ['first-run'],
    queryFn: ({ signal }) => getJson<FirstRun>('/first-run', {}, signal),
  });
  const decide = async (change: FirstRunChange): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      queries.setQueryData(['first-run'], await putJson<FirstRun>('/first-run', change));
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
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
                <Body step={step} run={run.data} decide={decide} busy={busy} t={t} />
                {state === 'open' && (
                  <div className="mt-3 flex flex-wrap gap-2">
                    {step !== 'province' && (
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

interface BodyProps {
  readonly step: Step;
  readonly run: FirstRun;
  readonly decide: (change: FirstRunChange) => Promise<void>;
  readonly busy: boolean;
  readonly t: Translate;
}

/** What there is to do in a step: a link to the page that does it, a form, or what to write into the configuration. */
function Body({ step, run, decide, busy, t }: BodyProps): ReactNode {
  const { facts } = run;
  if (step === 'administrator') {
    return (
      <Way to="/account" text={t('firstRun.toAccount')}>
        {t('firstRun.administrators', { count: facts.administrators })}
      </Way>
    );
  }
  if (step === 'province') return <Province run={run} decide={decide} busy={busy} />;
  if (step === 'agencies') {
    return (
      <div className="space-y-2">
        <Way to="/agencies" text={t('firstRun.toAgencies')}>
          {t('firstRun.agencyCount', { count: facts.agencies })}
        </Way>
        <Code text="haidang agency import co-quan.csv" />
      </div>
    );
  }
  if (step === 'store') return <p className="text-muted">{t(`firstRun.store.${facts.store}`)}</p>;
  if (step === 'tls') {
    return facts.tls ? (
      <p className="text-muted">{t('firstRun.tlsOn')}</p>
    ) : (
      <Code text={'host: 0.0.0.0\nallowed_hosts: [soc.example.vn]'} />
    );
  }
  return (
    <Way to="/fleet" text={t('firstRun.toFleet')}>
      {t('firstRun.collectorCount', { count: facts.collectors })}
    </Way>
  );
}

function Way({ to, text, children }: { readonly to: string; readonly text: string; readonly children: ReactNode }) {
  return (
    <p className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <span className="text-muted">{children}</span>
      <Link href={to} className="link">
        {text}
      </Link>
    </p>
  );
}

function Code({ text }: { readonly text: string }) {
  return (
    <pre className="overflow-x-auto rounded-md border border-line p-3 font-mono text-small whitespace-pre-wrap">
      {text}
    </pre>
  );
}

function Province({ run, decide, busy }: Pick<BodyProps, 'run' | 'decide' | 'busy'>) {
  const t = useText();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const province = String(new FormData(event.currentTarget).get('province')).trim();
    void decide({ step: 'province', state: 'done', province });
  };
  return (
    <form onSubmit={submit} className="flex max-w-md flex-wrap items-end gap-2">
      <div className="min-w-0 flex-1 basis-56">
        <Field label={t('firstRun.provinceName')}>
          <input
            name="province"
            className="field"
            defaultValue={run.province}
            required
            maxLength={200}
            pattern=".*\S.*"
          />
        </Field>
      </div>
      <button type="submit" className="button" disabled={busy}>
        {t('users.save')}
      </button>
    </form>
  );
}
