import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { LegalHold, NewLegalHold } from '../../server/retention/schema.ts';
import { postJson } from '../api/client.ts';
import { useAgencies } from '../api/queries.ts';
import { useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { AgencyOptions } from '../parts/agency-options.tsx';
import { Dialog, Field } from '../parts/dialog.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { dayText } from './words.ts';

/** Legal holds: those that stand, and behind a fold those that were lifted. */
export function Holds({ holds, mayChange }: { readonly holds: readonly LegalHold[]; readonly mayChange: boolean }) {
  const t = useText();
  const [placing, setPlacing] = useState(false);
  const [lifting, setLifting] = useState<LegalHold>();
  const standing = holds.filter(({ liftedAt }) => liftedAt === null);
  const lifted = holds.filter(({ liftedAt }) => liftedAt !== null);
  return (
    <section className="card p-4" aria-labelledby="holds">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 id="holds" className="font-semibold">
          {t('hold.title')}
        </h2>
        {mayChange && (
          <button type="button" className="button" onClick={() => setPlacing(true)}>
            {t('hold.place')}
          </button>
        )}
      </div>
      <p className="mt-1 text-muted">{t('hold.explain')}</p>
      {standing.length === 0 && <p className="mt-2">{t('hold.none')}</p>}
      <ul className="mt-2 divide-y divide-line">
        {standing.map((hold) => (
          <Hold key={hold.id} hold={hold}>
            {mayChange && (
              <button type="button" className="button" onClick={() => setLifting(hold)}>
                {t('hold.lift')}
              </button>
            )}
          </Hold>
        ))}
      </ul>
      {lifted.length > 0 && (
        <details className="mt-2">
          <summary className="link">{t('hold.past', { count: lifted.length })}</summary>
          <ul className="mt-1 divide-y divide-line">
            {lifted.map((hold) => (
              <Hold key={hold.id} hold={hold} />
            ))}
          </ul>
        </details>
      )}
      {placing && <PlaceDialog close={() => setPlacing(false)} />}
      {lifting && <LiftDialog hold={lifting} close={() => setLifting(undefined)} />}
    </section>
  );
}

function Hold({ hold, children }: { readonly hold: LegalHold; readonly children?: ReactNode }) {
  const t = useText();
  const agencies = useAgencies().data?.agencies ?? [];
  const name = agencies.find(({ id }) => id === hold.agency)?.name ?? hold.agency;
  const end = hold.toDay === null ? t('hold.open') : dayText(hold.toDay);
  return (
    <li className="flex flex-wrap items-start justify-between gap-3 py-2">
      <div className="min-w-0">
        <p className="flex flex-wrap gap-x-3">
          <span className="font-medium">
            {dayText(hold.fromDay)} – {end}
          </span>
          <span className="break-words">{name === null ? t('hold.all') : <Visible text={name} prose />}</span>
        </p>
        <p className="break-words whitespace-pre-wrap">
          <Visible text={hold.reason} prose />
        </p>
        <p className="text-small text-muted">
          {t('hold.placedBy', { by: hold.placedBy })} · <Time at={hold.placedAt} />
        </p>
        {hold.liftedAt !== null && (
          <p className="text-small text-muted">
            {t('hold.liftedBy', { by: hold.liftedBy ?? '' })} · <Time at={hold.liftedAt} />:{' '}
            <Visible text={hold.liftReason ?? ''} prose />
          </p>
        )}
      </div>
      {children}
    </li>
  );
}

/** Sends a form, tells what became of it and closes. */
function useSend(done: TextKey, close: () => void) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const { busy, error, run } = useAttempt();
  const send = async (path: string, body: object): Promise<void> => {
    await run(async () => {
      await postJson<LegalHold>(path, body);
      toast({ text: t(done) });
      queries.invalidateQueries({ queryKey: ['legal-holds'] });
      queries.invalidateQueries({ queryKey: ['retention-days'] });
      close();
    });
  };
  return { send, busy, error };
}

function PlaceDialog({ close }: { readonly close: () => void }) {
  const t = useText();
  const { send, busy, error } = useSend('hold.placed', close);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    const body: NewLegalHold = {
      agency: text('agency') || null,
      fromDay: text('from'),
      toDay: text('to') || null,
      reason: text('reason'),
    };
    void send('/legal-holds', body);
  };
  return (
    <Dialog title={t('hold.place')} close={close}>
      <form onSubmit={submit} className="space-y-4">
        <Field label={t('hold.agency')}>
          <select name="agency" className="field" defaultValue="">
            <option value="">{t('hold.all')}</option>
            <AgencyOptions />
          </select>
        </Field>
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t('hold.from')}>
            <input type="date" name="from" className="field" required />
          </Field>
          <Field label={t('hold.to')} hint={t('hold.toHint')}>
            <input type="date" name="to" className="field" />
          </Field>
        </div>
        <Reason />
        {error !== undefined && <ProblemNotice error={error} />}
        <button type="submit" className="button button-primary" disabled={busy}>
          {t('hold.place')}
        </button>
      </form>
    </Dialog>
  );
}

function LiftDialog({ hold, close }: { readonly hold: LegalHold; readonly close: () => void }) {
  const t = useText();
  const { send, busy, error } = useSend('hold.isLifted', close);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get('reason') ?? '').trim();
    void send(`/legal-holds/${encodeURIComponent(hold.id)}/lift`, { reason });
  };
  return (
    <Dialog title={t('hold.lift')} close={close}>
      <form onSubmit={submit} className="space-y-4">
        <p className="break-words whitespace-pre-wrap">
          <Visible text={hold.reason} prose />
        </p>
        <p>{t('hold.liftWarn')}</p>
        <Reason />
        {error !== undefined && <ProblemNotice error={error} />}
        <button type="submit" className="button button-primary" disabled={busy}>
          {t('hold.lift')}
        </button>
      </form>
    </Dialog>
  );
}

function Reason() {
  const t = useText();
  return (
    <Field label={t('hold.reason')}>
      <textarea name="reason" className="field min-h-24" required minLength={3} maxLength={2000} />
    </Field>
  );
}
