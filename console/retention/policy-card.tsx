import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Policy, RetentionState } from '../../server/retention/schema.ts';
import { putJson } from '../api/client.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Dialog, Field } from '../parts/dialog.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

const LEVELS = [1, 2, 3, 4, 5] as const;

/** Days by security level beside what the law asks, rules for sources, and the runs. */
export function PolicyCard({ state, mayChange }: { readonly state: RetentionState; readonly mayChange: boolean }) {
  const t = useText();
  const format = useFormat();
  const [changing, setChanging] = useState(false);
  const { policy, minimumMonths, last, next } = state;
  return (
    <section className="card p-4" aria-labelledby="policy">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 id="policy" className="font-semibold">
          {t('retention.policy')}
        </h2>
        {mayChange && (
          <button type="button" className="button" onClick={() => setChanging(true)}>
            {t('retention.change')}
          </button>
        )}
      </div>
      <table className="mt-2 w-full max-w-xl">
        <thead>
          <tr className="border-b border-line text-left text-muted">
            <th className="py-1 pr-4 font-normal">{t('retention.level')}</th>
            <th className="py-1 pr-4 text-right font-normal">{t('retention.kept')}</th>
            <th className="py-1 text-right font-normal">{t('retention.minimum')}</th>
          </tr>
        </thead>
        <tbody>
          {LEVELS.map((level) => (
            <tr key={level} className="border-b border-line">
              <th scope="row" className="py-1 pr-4 text-left font-medium">
                {level}
              </th>
              <td className="py-1 pr-4 text-right">{format.number(policy.keepDays[level - 1] ?? 0)}</td>
              <td className="py-1 text-right">{minimumMonths[level - 1] || t('retention.noMinimum')}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {policy.sources.length > 0 && (
        <ul className="mt-2 space-y-1">
          {policy.sources.map(({ source, levels, days }) => (
            <li key={`${source} ${levels?.join()}`} className="flex flex-wrap gap-x-3">
              <span className="font-medium break-all">
                <Visible text={source} />
              </span>
              <span>{t('retention.days', { count: days })}</span>
              {levels && <span className="text-muted">{t('retention.levels', { levels: levels.join(', ') })}</span>}
            </li>
          ))}
        </ul>
      )}
      <dl className="mt-3 flex flex-wrap gap-x-8 gap-y-1">
        {last && (
          <div className="flex flex-wrap gap-x-2">
            <dt className="text-muted">{t('retention.last')}</dt>
            <dd>
              <Time at={last.endedAt} /> ·{' '}
              {t(last.dryRun ? 'retention.wouldDelete' : 'retention.didDelete', { count: last.deleted.length })}
              {last.failure !== null && <span className="text-critical"> · {t('retention.failed')}</span>}
            </dd>
          </div>
        )}
        {next !== null && (
          <div className="flex flex-wrap gap-x-2">
            <dt className="text-muted">{t('retention.next')}</dt>
            <dd>
              <Time at={next} />
            </dd>
          </div>
        )}
      </dl>
      {changing && <ChangeDialog state={state} close={() => setChanging(false)} />}
    </section>
  );
}

function ChangeDialog({ state, close }: { readonly state: RetentionState; readonly close: () => void }) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const { busy, error, run } = useAttempt();
  const { policy, minimumDays } = state;
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const keepDays = LEVELS.map((level) => Number(form.get(`level-${level}`)));
    await run(async () => {
      await putJson<Policy>('/retention/policy', { ...policy, keepDays });
      toast({ text: t('retention.saved') });
      queries.invalidateQueries({ queryKey: ['retention'] });
      queries.invalidateQueries({ queryKey: ['retention-days'] });
      close();
    });
  };
  return (
    <Dialog title={t('retention.policy')} close={close}>
      <form onSubmit={submit} className="space-y-3">
        {LEVELS.map((level) => {
          const least = minimumDays[level - 1] ?? 1;
          return (
            <Field
              key={level}
              label={t('retention.rule.level', { level })}
              hint={t('retention.least', { count: least })}
            >
              <input
                className="field"
                type="number"
                name={`level-${level}`}
                min={least}
                max={36525}
                defaultValue={policy.keepDays[level - 1]}
                required
              />
            </Field>
          );
        })}
        {error !== undefined && <ProblemNotice error={error} />}
        <button type="submit" className="button button-primary" disabled={busy}>
          {t('retention.save')}
        </button>
      </form>
    </Dialog>
  );
}
