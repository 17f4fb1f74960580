import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { FleetSettings } from '../../server/fleet/schema.ts';
import { getJson, putJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

type Rule = FleetSettings['silence'][number];
const DEFAULT_MINUTES = 60;
const MOST_MINUTES = 100_000;

/** For how long sources may say nothing, where somebody set it. */
export function SilenceCard({ mayManage }: { readonly mayManage: boolean }) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const { busy, error, run } = useAttempt();
  const [isNever, setNever] = useState(false);
  const settings = useQuery({
    queryKey: ['fleet', 'settings'],
    queryFn: ({ signal }) => getJson<FleetSettings>('/collectors/settings', {}, signal),
  });
  const silence = settings.data?.silence ?? [];
  const put = async (rules: readonly Rule[]): Promise<boolean> => {
    const isDone = await run(async () => {
      await putJson<FleetSettings>('/collectors/settings', { silence: rules });
      toast({ text: t('fleet.silenceSaved') });
      await queries.invalidateQueries({ queryKey: ['fleet'] });
      return true;
    });
    return isDone ?? false;
  };
  const isSame = (one: Rule, other: Rule) => one.collector === other.collector && one.source === other.source;
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    const rule: Rule = {
      collector: String(fields.get('collector')).trim(),
      source: String(fields.get('source')).trim(),
      minutes: isNever ? 0 : Number(fields.get('minutes')),
    };
    if (await put([rule, ...silence.filter((one) => !isSame(one, rule))])) form.reset();
  };
  return (
    <section className="card p-4" aria-labelledby="silence">
      <h2 id="silence" className="font-semibold">
        {t('fleet.silence')}
      </h2>
      <p className="mt-1 mb-3 text-small text-muted">{t('fleet.silenceExplain')}</p>
      {settings.isError && <ProblemNotice error={settings.error} retry={() => settings.refetch()} />}
      {settings.data && silence.length === 0 && <p className="text-small">{t('fleet.silenceNone')}</p>}
      <ol className="divide-y divide-line">
        {silence.map((rule) => (
          <li key={`${rule.collector} ${rule.source}`} className="flex flex-wrap items-center gap-2 py-2" data-silence>
            <p className="min-w-0 flex-1 break-words text-small">
              <Visible text={rule.source} prose />
              {rule.collector !== '*' && (
                <>
                  {' · '}
                  <Visible text={rule.collector} />
                </>
              )}
              {' · '}
              {rule.minutes === 0 ? t('fleet.silenceNever') : t('fleet.silenceAfter', { minutes: rule.minutes })}
            </p>
            {mayManage && (
              <button
                type="button"
                className="button text-small"
                disabled={busy}
                aria-label={t('fleet.silenceRemoveOne', { source: rule.source })}
                onClick={() => void put(silence.filter((one) => !isSame(one, rule)))}
              >
                {t('fleet.silenceRemove')}
              </button>
            )}
          </li>
        ))}
      </ol>
      {error !== undefined && <ProblemNotice error={error} />}
      {mayManage && settings.data && (
        <form onSubmit={(event) => void submit(event)} className="mt-3 space-y-3">
          <Field label={t('fleet.silenceSource')}>
            <input
              name="source"
              className="field"
              required
              maxLength={512}
              placeholder="file:/var/log/*"
              autoComplete="off"
              spellCheck={false}
            />
          </Field>
          <Field label={t('fleet.silenceCollector')}>
            <input name="collector" className="field" required maxLength={64} defaultValue="*" autoComplete="off" />
          </Field>
          <label className="flex items-center gap-2">
            <input type="checkbox" checked={isNever} onChange={(event) => setNever(event.target.checked)} />
            {t('fleet.silenceNever')}
          </label>
          {!isNever && (
            <Field label={t('fleet.silenceMinutes')}>
              <input
                name="minutes"
                type="number"
                className="field"
                required
                min={1}
                max={MOST_MINUTES}
                defaultValue={DEFAULT_MINUTES}
              />
            </Field>
          )}
          <button type="submit" className="button button-primary" disabled={busy}>
            {t('fleet.silenceAdd')}
          </button>
        </form>
      )}
    </section>
  );
}
