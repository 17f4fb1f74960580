import type { FormEvent } from 'react';
import type { NewRequest, RequestDetail } from '../../server/requests/schema.ts';
import { postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { AgencyOptions } from '../parts/agency-options.tsx';
import { Dialog, DialogButtons, Field } from '../parts/dialog.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { DueField, useDue } from './due-field.tsx';
import { useRequestActs } from './queries.ts';

/** Asks an agency about an incident or an alert. */
export function AskDialog({
  about,
  agency,
  close,
}: {
  readonly about: Pick<NewRequest, 'incident' | 'alert'>;
  /** Chosen at first. */
  readonly agency: string | undefined;
  readonly close: () => void;
}) {
  const t = useText();
  const due = useDue();
  const acts = useRequestActs();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    const body: NewRequest = {
      ...about,
      agency: text('agency'),
      subject: text('subject'),
      text: text('text'),
      due: due(form),
    };
    if (await acts.run(() => postJson<RequestDetail>('/requests', body), 'request.sent')) close();
  };
  return (
    <Dialog title={t('request.ask')} close={close}>
      <form onSubmit={submit} className="space-y-4">
        <Field label={t('request.agency')}>
          <select name="agency" className="field" required defaultValue={agency ?? ''}>
            <option value="" />
            <AgencyOptions />
          </select>
        </Field>
        <Field label={t('request.subject')}>
          <input name="subject" className="field" required maxLength={300} autoComplete="off" />
        </Field>
        <Field label={t('request.text')} hint={t('request.textHint')}>
          <textarea name="text" className="field min-h-24" required maxLength={10_000} />
        </Field>
        <DueField />
        {acts.error !== undefined && <ProblemNotice error={acts.error} />}
        <DialogButtons busy={acts.busy} close={close} label={t('request.send')} />
      </form>
    </Dialog>
  );
}
