import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useLocation } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { IncidentDetail, IncidentRow, NewIncident } from '../../server/incidents/schema.ts';
import { postJson } from '../api/client.ts';
import { fromLocalInput, toLocalInput } from '../i18n/format.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { AgencyOptions } from '../parts/agency-options.tsx';
import { Dialog, DialogButtons, Field } from '../parts/dialog.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { RsitField, SeverityField } from './forms.tsx';

/** An incident by hand: what the terms of the law follow from is asked for at once, all else comes on its page. */
export function NewIncidentDialog({ me, close }: { readonly me: Session; readonly close: () => void }) {
  const t = useText();
  const [, go] = useLocation();
  const { timeZone } = useFormat();
  const queries = useQueryClient();
  const { busy, error, run } = useAttempt();
  const [severity, setSeverity] = useState<IncidentRow['severity']>('medium');
  const [rsit, setRsit] = useState('');
  const [now] = useState(() => toLocalInput(Date.now(), timeZone));
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string) => String(fields.get(name) ?? '').trim();
    // Left as it was: the moment of sending, which knows its seconds.
    const detectedAt = text('detectedAt') === now ? undefined : fromLocalInput(text('detectedAt'), timeZone);
    const body: NewIncident = {
      alerts: [],
      title: text('title'),
      summary: text('summary'),
      severity,
      rsit: rsit || null,
      agencies: text('agency') === '' ? [] : [text('agency')],
      ...(detectedAt === undefined ? {} : { detectedAt }),
    };
    await run(async () => {
      const { incident } = await postJson<IncidentDetail>('/incidents', body);
      queries.invalidateQueries({ queryKey: ['incidents'] });
      go(`/incidents/${encodeURIComponent(incident.id)}`);
    });
  };
  return (
    <Dialog title={t('incident.make')} close={close}>
      <form onSubmit={submit} className="space-y-4">
        <Field label={t('incident.title')}>
          <input name="title" className="field" required maxLength={300} autoComplete="off" />
        </Field>
        <Field label={t('incident.summary')}>
          <textarea name="summary" className="field min-h-24" maxLength={20_000} />
        </Field>
        <div className="grid gap-4 sm:grid-cols-2">
          <SeverityField value={severity} change={setSeverity} />
          <Field label={t('incident.detected')} hint={t('incident.detectedHint')}>
            <input name="detectedAt" type="datetime-local" className="field" defaultValue={now} required />
          </Field>
        </div>
        <RsitField value={rsit} change={setRsit} />
        <Field label={t('request.agency')}>
          <select name="agency" className="field" defaultValue="" required={me.agencies !== 'all'}>
            <option value="">{me.agencies === 'all' ? t('incident.province') : ''}</option>
            <AgencyOptions />
          </select>
        </Field>
        {error !== undefined && <ProblemNotice error={error} />}
        <DialogButtons busy={busy} close={close} label={t('incident.make')} />
      </form>
    </Dialog>
  );
}
