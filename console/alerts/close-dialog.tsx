import { type FormEvent, useState } from 'react';
import type { AlertRow } from '../../server/alerts/schema.ts';
import { useUsers } from '../api/queries.ts';
import { useText } from '../i18n/language.tsx';
import { Dialog, DialogButtons, Field } from '../parts/dialog.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import type { Act } from './change.ts';
import { STATUSES } from './filter.ts';

export type Verdict = NonNullable<AlertRow['verdict']>;
export const VERDICTS: readonly Verdict[] = ['true_positive', 'false_positive', 'benign', 'duplicate'];

/** Choices of owners: who is known, the present owner, and nobody. */
export function OwnerOptions({ keep }: { readonly keep: string }) {
  const users = (useUsers().data?.users ?? []).filter(({ disabled }) => !disabled);
  const known = users.some(({ user }) => user === keep);
  return (
    <>
      {keep !== '' && !known && <option value={keep}>{keep}</option>}
      {users.map(({ user, displayName }) => (
        <option key={user} value={user}>
          {displayName} ({user})
        </option>
      ))}
    </>
  );
}

/** Verdict, note and owner for any number of rows. */
export function ActDialog({
  rows,
  closing,
  busy,
  error,
  send,
  close,
}: {
  readonly rows: readonly AlertRow[];
  /** Begins with closing chosen. */
  readonly closing: boolean;
  readonly busy: boolean;
  readonly error: unknown;
  /** Is not called where nothing was changed. */
  readonly send: (act: Act) => void;
  readonly close: () => void;
}) {
  const t = useText();
  const only = rows.length === 1 ? rows[0] : undefined;
  // Held here, not by the element: the list of users may come later, and a lost choice would take the owner away.
  const [owner, setOwner] = useState<string>(only ? (only.owner ?? '') : 'keep');
  const [status, setStatus] = useState<string>(closing ? 'closed' : (only?.status ?? 'keep'));
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const note = String(form.get('note') ?? '').trim();
    const chosen = STATUSES.find((one) => one === status);
    const verdict = VERDICTS.find((one) => one === form.get('verdict'));
    const act: Act = {
      ...(chosen && chosen !== only?.status ? { status: chosen } : {}),
      ...(status === 'closed' && verdict ? { verdict } : {}),
      ...(owner === 'keep' || (owner || null) === only?.owner ? {} : { owner: owner === '' ? null : owner }),
      ...(note === '' ? {} : { note }),
    };
    if (Object.keys(act).length === 0) close();
    else send(act);
  };
  return (
    <Dialog title={t(closing ? 'act.closeTitle' : 'act.title', { count: rows.length })} close={close}>
      <form onSubmit={submit} className="space-y-4">
        <Field label={t('alert.status')}>
          <select className="field" value={status} onChange={(event) => setStatus(event.target.value)}>
            {!only && <option value="keep">{t('act.keep')}</option>}
            {STATUSES.map((one) => (
              <option key={one} value={one}>
                {t(`status.${one}`)}
              </option>
            ))}
          </select>
        </Field>
        {status === 'closed' && (
          <fieldset>
            <legend className="mb-1 font-medium">{t('act.verdict')}</legend>
            <div className="grid gap-2 sm:grid-cols-2">
              {VERDICTS.map((verdict) => (
                <label key={verdict} className="flex items-start gap-2 rounded-md border border-line-strong p-2">
                  <input
                    type="radio"
                    name="verdict"
                    value={verdict}
                    required
                    className="mt-1"
                    defaultChecked={only?.verdict === verdict}
                  />
                  <span>
                    {t(`verdict.${verdict}`)}
                    <span className="block text-small text-muted">{t(`verdict.${verdict}.hint`)}</span>
                  </span>
                </label>
              ))}
            </div>
          </fieldset>
        )}
        <Field label={t('alert.owner')}>
          <select className="field" value={owner} onChange={(event) => setOwner(event.target.value)}>
            {!only && <option value="keep">{t('act.keep')}</option>}
            <option value="">{t('alert.nobody')}</option>
            <OwnerOptions keep={only?.owner ?? ''} />
          </select>
        </Field>
        <Field label={t('act.note')} hint={t('act.noteHint')}>
          <textarea name="note" className="field min-h-20" maxLength={4000} />
        </Field>
        {error !== undefined && <ProblemNotice error={error} />}
        <DialogButtons busy={busy} close={close} label={t('act.send', { count: rows.length })} />
      </form>
    </Dialog>
  );
}
