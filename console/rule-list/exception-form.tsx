import { type FormEvent, useRef, useState } from 'react';
import { Link } from 'wouter';
import type { ExceptionPreview, NewException } from '../../server/rules/schema.ts';
import { isProblem, postJson } from '../api/client.ts';
import { fromLocalInput, toLocalInput } from '../i18n/format.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { AgencyOptions } from '../parts/agency-options.tsx';
import { Field } from '../parts/dialog.tsx';
import { Partial, ProblemNotice, Progress } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

const DAY_MS = 86_400_000;
const USUAL_DAYS = 30;
const MOST_DAYS = 365;
const ALERTS_NAMED = 10;

/** A new exception: first what it would have hidden, then adding it. */
export function ExceptionForm({
  path,
  kql,
  added,
}: {
  readonly path: string;
  readonly kql: string;
  readonly added: () => Promise<unknown>;
}) {
  const t = useText();
  const toast = useToast();
  const { timeZone } = useFormat();
  const element = useRef<HTMLFormElement>(null);
  const [preview, setPreview] = useState<ExceptionPreview>();
  const [override, setOverride] = useState(false);
  const { busy, error, run, forget: forgetError } = useAttempt();
  const [now] = useState(() => Date.now());
  const dayIn = (days: number): string => toLocalInput(now + days * DAY_MS, timeZone).slice(0, 10);
  const read = () => {
    const form = new FormData(element.current ?? undefined);
    const text = (name: string): string => String(form.get(name) ?? '').trim();
    return { text, question: { kql: text('kql'), agency: text('agency') || null } };
  };
  const look = (): void => {
    if (!element.current?.querySelector<HTMLInputElement>('[name="kql"]')?.reportValidity()) return;
    void run(async () => setPreview(await postJson<ExceptionPreview>(`${path}/preview`, read().question)));
  };
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    // Enter in the condition asks for the preview: nothing is hidden before somebody saw what.
    if (!preview) {
      look();
      return;
    }
    void run(async () => {
      const { text, question } = read();
      const expires = fromLocalInput(`${text('expires')}T23:59`, timeZone) ?? '';
      const body: NewException = { ...question, reason: text('reason'), expires, override };
      await postJson(path, body);
      element.current?.reset();
      forget();
      toast({ text: t('rules.exception.added') });
      await added();
    });
  };
  const forget = (): void => {
    setPreview(undefined);
    setOverride(false);
    forgetError();
  };
  const needsOverride = (preview?.truePositives.length ?? 0) > 0 || isProblem(error, 'HD_RULE_TRUE_POSITIVE');
  return (
    <form ref={element} className="grid gap-3 border-t border-line p-4 sm:grid-cols-2" onSubmit={submit}>
      <div className="sm:col-span-2">
        <Field label={t('rules.exception.kql')}>
          <input
            name="kql"
            className="field font-mono"
            required
            maxLength={1000}
            placeholder="source.ip: 10.20.0.5"
            defaultValue={kql}
            autoComplete="off"
            spellCheck={false}
            onChange={forget}
          />
        </Field>
      </div>
      <Field label={t('alert.agency')}>
        <select name="agency" className="field" onChange={forget}>
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
          defaultValue={dayIn(USUAL_DAYS)}
          min={dayIn(0)}
          max={dayIn(MOST_DAYS)}
        />
      </Field>
      <div className="sm:col-span-2">
        <Field label={t('rules.reason')}>
          <input name="reason" className="field" required={preview !== undefined} minLength={3} maxLength={1000} />
        </Field>
      </div>
      {preview && <Preview preview={preview} />}
      {error !== undefined && (
        <div className="sm:col-span-2">
          <ProblemNotice error={error} />
        </div>
      )}
      {needsOverride && (
        <label className="flex items-start gap-2 text-critical sm:col-span-2">
          <input
            type="checkbox"
            name="override"
            className="mt-1"
            required
            checked={override}
            onChange={() => setOverride(!override)}
          />
          {t('rules.exception.true')}
        </label>
      )}
      <div className="sm:col-span-2">
        <Progress busy={busy} />
        <div className="flex flex-wrap items-center gap-2">
          <button
            // The only one there is what Enter presses.
            type={preview ? 'button' : 'submit'}
            name="preview"
            className={`button ${preview ? '' : 'button-primary'}`}
            disabled={busy}
            onClick={preview && look}
          >
            {t('rules.exception.preview')}
          </button>
          {preview ? (
            <button type="submit" className="button button-primary" disabled={busy}>
              {t('rules.exception.add')}
            </button>
          ) : (
            <span className="text-small text-muted">{t('rules.exception.first')}</span>
          )}
        </div>
      </div>
    </form>
  );
}

/** What the exception would have hidden of the last 30 days. */
function Preview({ preview }: { readonly preview: ExceptionPreview }) {
  const t = useText();
  const { events, eventsHidden, alertsHidden, truePositives, complete } = preview;
  return (
    <div role="status" className="space-y-2 rounded-md bg-surface p-3 sm:col-span-2" data-preview={eventsHidden}>
      <p>{t('rules.exception.would', { hidden: eventsHidden, events, alerts: alertsHidden })}</p>
      {eventsHidden === 0 && <p className="text-muted">{t('rules.exception.nothing')}</p>}
      {!complete && <Partial>{t('rules.exception.partly')}</Partial>}
      {truePositives.length > 0 && (
        <div className="text-critical">
          <p>{t('rules.exception.confirmed', { count: truePositives.length })}</p>
          <ul className="flex flex-wrap gap-x-4">
            {truePositives.slice(0, ALERTS_NAMED).map((id, place) => (
              <li key={id}>
                <Link href={`/alerts/${encodeURIComponent(id)}`} className="link">
                  {t('rules.exception.alert', { number: place + 1 })}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
