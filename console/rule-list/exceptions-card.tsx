import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { ExceptionPreview, NewException, RuleDetail } from '../../server/rules/schema.ts';
import { isProblem, postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { AgencyOptions } from '../parts/agency-options.tsx';
import { Field } from '../parts/dialog.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useToast } from '../parts/toasts.tsx';

const DAY_MS = 86_400_000;

/** What a rule keeps silent about, for how long, and how much that was; and a form for more. */
export function ExceptionsCard({ detail, mayChange }: { readonly detail: RuleDetail; readonly mayChange: boolean }) {
  const t = useText();
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>();
  const path = `/rules/${encodeURIComponent(detail.rule.id)}/exceptions`;
  const again = () => queries.invalidateQueries({ queryKey: ['rules'] });
  const end = async (id: string): Promise<void> => {
    setError(undefined);
    await postJson(`${path}/${id}/end`, {}).then(again, setError);
  };
  return (
    <section className="card" aria-labelledby="exceptions">
      <h2 id="exceptions" className="px-4 pt-3 pb-2 font-semibold">
        {t('rules.exceptions')}
      </h2>
      {detail.exceptions.length === 0 && <p className="px-4 pb-3 text-muted">{t('rules.noExceptions')}</p>}
      <ul className="divide-y divide-line border-line empty:hidden">
        {detail.exceptions.map((one) => (
          <li
            key={one.id}
            className={`flex flex-wrap items-start gap-x-4 gap-y-1 px-4 py-2 ${one.active ? '' : 'text-muted'}`}
          >
            <div className="min-w-0 flex-1">
              <code className="break-words">
                <Visible text={one.kql} />
              </code>
              <p className="break-words">
                <Visible text={one.reason} prose />
              </p>
              <p className="text-small text-muted">
                {one.agency !== null && `${one.agency} · `}
                {t('rules.exception.by')} <Visible text={one.createdBy} />, <Time at={one.createdAt} /> ·{' '}
                {one.endedAt === null ? t('rules.exception.expires') : t('rules.exception.ended')}{' '}
                <Time at={one.endedAt ?? one.expires} /> · {t('rules.exception.hidden')}: {one.hidden}
              </p>
            </div>
            {mayChange && one.active && (
              <button type="button" className="button" onClick={() => void end(one.id)}>
                {t('rules.exception.end')}
              </button>
            )}
          </li>
        ))}
      </ul>
      {error !== undefined && <ProblemNotice error={error} />}
      {mayChange && detail.rule.enabled && <NewExceptionForm path={path} added={again} />}
    </section>
  );
}

function NewExceptionForm({ path, added }: { readonly path: string; readonly added: () => Promise<unknown> }) {
  const t = useText();
  const toast = useToast();
  const [preview, setPreview] = useState<ExceptionPreview>();
  const [error, setError] = useState<unknown>();
  const [override, setOverride] = useState(false);
  const read = (form: FormData) => ({
    kql: String(form.get('kql')).trim(),
    agency: String(form.get('agency')) === '' ? null : String(form.get('agency')),
  });
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    const asked = (event.nativeEvent as SubmitEvent).submitter?.getAttribute('value');
    setError(undefined);
    try {
      if (asked === 'preview') {
        setPreview(await postJson<ExceptionPreview>(`${path}/preview`, read(form)));
        return;
      }
      const expires = new Date(`${String(form.get('expires'))}T23:59:59`).toISOString();
      const body: NewException = { ...read(form), reason: String(form.get('reason')).trim(), expires, override };
      await postJson(path, body);
      element.reset();
      setPreview(undefined);
      setOverride(false);
      toast({ text: t('rules.exception.added') });
      await added();
    } catch (problem) {
      setError(problem);
    }
  };
  const needsOverride = (preview?.truePositives.length ?? 0) > 0 || isProblem(error, 'HD_RULE_TRUE_POSITIVE');
  return (
    <form className="grid gap-3 border-t border-line p-4 sm:grid-cols-2" onSubmit={(event) => void submit(event)}>
      <div className="sm:col-span-2">
        <Field label={t('rules.exception.kql')}>
          <input name="kql" className="field font-mono" required maxLength={1000} placeholder="source.ip: 10.20.0.5" />
        </Field>
      </div>
      <Field label={t('alert.agency')}>
        <select name="agency" className="field">
          <option value="">{t('queue.allAgencies')}</option>
          <AgencyOptions />
        </select>
      </Field>
      <Field label={t('rules.exception.expires')}>
        <input
          name="expires"
          type="date"
          className="field"
          required
          defaultValue={new Date(Date.now() + 30 * DAY_MS).toISOString().slice(0, 10)}
          min={new Date().toISOString().slice(0, 10)}
          max={new Date(Date.now() + 365 * DAY_MS).toISOString().slice(0, 10)}
        />
      </Field>
      <div className="sm:col-span-2">
        <Field label={t('rules.reason')}>
          <input name="reason" className="field" minLength={3} maxLength={1000} />
        </Field>
      </div>
      {preview && (
        <p role="status" className="sm:col-span-2">
          {t('rules.exception.would', {
            hidden: preview.eventsHidden,
            events: preview.events,
            alerts: preview.alertsHidden,
          })}
        </p>
      )}
      {error !== undefined && (
        <div className="sm:col-span-2">
          <ProblemNotice error={error} />
        </div>
      )}
      {needsOverride && (
        <label className="flex items-start gap-2 text-critical sm:col-span-2">
          <input type="checkbox" className="mt-1" checked={override} onChange={() => setOverride(!override)} />
          {t('rules.exception.true')}
        </label>
      )}
      <div className="flex flex-wrap gap-2 sm:col-span-2">
        <button type="submit" value="preview" className="button">
          {t('rules.exception.preview')}
        </button>
        <button type="submit" value="add" className="button button-primary">
          {t('rules.exception.add')}
        </button>
      </div>
    </form>
  );
}
