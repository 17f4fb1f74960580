import { type FormEvent, useState } from 'react';
import type { IncidentDetail, IncidentSet } from '../../server/incidents/schema.ts';
import { useText } from '../i18n/language.tsx';
import { Dialog, DialogButtons, Field } from '../parts/dialog.tsx';
import { Partial, ProblemNotice } from '../parts/states.tsx';
import { type IncidentActs, OUTCOMES } from './queries.ts';

/** Going to another state, with the reasons that it needs. */
export function MoveDialog({
  detail,
  to,
  acts,
  close,
}: {
  readonly detail: IncidentDetail;
  readonly to: IncidentDetail['moves'][number];
  readonly acts: IncidentActs;
  readonly close: () => void;
}) {
  const t = useText();
  const { incident } = detail;
  // What was seen when this was opened: what others change meanwhile is a conflict, and is shown before it is done again.
  const [seen, setSeen] = useState(incident.version);
  const closing = to === 'closed';
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const note = String(form.get('note') ?? '').trim();
    const outcome = OUTCOMES.find((one) => one === form.get('outcome'));
    const set: IncidentSet = {
      status: to,
      ...(note === '' ? {} : { note }),
      ...(closing && outcome ? { outcome, closeAlerts: form.get('alerts') === 'on' } : {}),
    };
    const done = await acts.decide({ version: seen, set });
    if (done === 'done') close();
    else if (done !== 'failed') setSeen(done.incident.version);
  };
  const needsWhy = closing || incident.status === 'closed' || incident.status === 'resolved';
  return (
    <Dialog title={t('incident.move', { status: t(`incident.status.${to}`) })} close={close}>
      <form onSubmit={submit} className="space-y-4">
        {closing && (
          <>
            <Field label={t('incident.outcome')}>
              <select name="outcome" className="field" defaultValue="confirmed">
                {OUTCOMES.map((one) => (
                  <option key={one} value={one}>
                    {t(`incident.outcome.${one}`)}
                  </option>
                ))}
              </select>
            </Field>
            <label className="flex items-center gap-2">
              <input type="checkbox" name="alerts" defaultChecked />
              {t('incident.closeAlerts')}
            </label>
          </>
        )}
        <Field label={t('incident.why')}>
          <textarea name="note" className="field min-h-20" required={needsWhy} maxLength={4_000} />
        </Field>
        {acts.error !== undefined && <ProblemNotice error={acts.error} />}
        {acts.conflict && <Partial>{t('incident.conflict')}</Partial>}
        <DialogButtons busy={acts.busy} close={close} />
      </form>
    </Dialog>
  );
}
