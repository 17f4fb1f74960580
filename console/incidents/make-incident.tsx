import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useLocation } from 'wouter';
import type { AlertRow } from '../../server/alerts/schema.ts';
import type { IncidentDetail } from '../../server/incidents/schema.ts';
import { postJson } from '../api/client.ts';
import { useLanguage } from '../i18n/language.tsx';
import { pickText } from '../i18n/messages.ts';
import { Dialog, DialogButtons, Field } from '../parts/dialog.tsx';
import { SEVERITIES } from '../parts/severity.ts';
import { ProblemNotice } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { OPEN_STATUSES, useIncidents } from './queries.ts';

/** One act: the alerts become a new incident, or go into one that is open; then its page opens. */
export function MakeIncident({
  rows,
  made,
  close,
}: {
  readonly rows: readonly AlertRow[];
  readonly made: () => void;
  readonly close: () => void;
}) {
  const { t, language } = useLanguage();
  const toast = useToast();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const { busy, error, run } = useAttempt();
  const [into, setInto] = useState('');
  const open = useIncidents({ status: OPEN_STATUSES.join(',') }).data?.incidents ?? [];
  const first = rows.toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))[0];
  const title = first ? (pickText(first.title, language)?.text ?? '') : '';
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const alerts = rows.map(({ id }) => id);
    const named = String(new FormData(event.currentTarget).get('title') ?? '').trim();
    await run(async () => {
      const detail =
        into === ''
          ? await postJson<IncidentDetail>('/incidents', { alerts, ...(named === '' ? {} : { title: named }) })
          : await postJson<IncidentDetail>(`/incidents/${encodeURIComponent(into)}/changes`, { addAlerts: alerts });
      const { id } = detail.incident;
      queries.setQueryData(['incident', id], detail);
      queries.invalidateQueries({ queryKey: ['incidents'] });
      for (const alert of alerts) queries.invalidateQueries({ queryKey: ['alert', alert] });
      toast({ text: t(into === '' ? 'incident.made' : 'incident.added', { id }) });
      made();
      go(`/incidents/${encodeURIComponent(id)}`);
    });
  };
  return (
    <Dialog title={t('incident.make')} close={close}>
      <form onSubmit={submit} className="space-y-4">
        <p>{t('incident.makeText', { count: rows.length })}</p>
        <Field label={t('incident.into')}>
          <select className="field" value={into} onChange={(event) => setInto(event.target.value)}>
            <option value="">{t('incident.intoNew')}</option>
            {open.map((incident) => (
              <option key={incident.id} value={incident.id}>
                {incident.id} · {incident.title}
              </option>
            ))}
          </select>
        </Field>
        {into === '' && (
          <Field label={t('incident.title')} hint={t('incident.titleHint')}>
            <input name="title" className="field" defaultValue={title} maxLength={300} autoComplete="off" />
          </Field>
        )}
        {error !== undefined && <ProblemNotice error={error} />}
        <DialogButtons busy={busy} close={close} label={t('incident.make')} />
      </form>
    </Dialog>
  );
}
