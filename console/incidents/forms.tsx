import { type FormEvent, type ReactNode, useState } from 'react';
import type { IncidentDetail, IncidentSet } from '../../server/incidents/schema.ts';
import { OwnerOptions } from '../alerts/close-dialog.tsx';
import { useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { Dialog, Field } from '../parts/dialog.tsx';
import { SEVERITIES, SEVERITY_LOOKS } from '../parts/severity.ts';
import { ProblemNotice } from '../parts/states.tsx';
import { type IncidentActs, OUTCOMES, TLPS } from './queries.ts';
import { RSIT_CLASSES } from './rsit.ts';

/** One line to add something by; it empties once it was done. */
export function AddForm({
  label,
  button,
  busy,
  send,
  long = false,
  most = 10_000,
  children,
}: {
  readonly label: string;
  readonly button: string;
  readonly busy: boolean;
  readonly send: (field: (name: string) => string) => Promise<boolean>;
  readonly long?: boolean;
  /** Characters that a long text may have. */
  readonly most?: number;
  readonly children?: ReactNode;
}) {
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = new FormData(form);
    if (await send((name) => String(fields.get(name) ?? '').trim())) form.reset();
  };
  return (
    <form onSubmit={submit} className="mt-3 flex flex-wrap items-end gap-2">
      {/* biome-ignore lint/a11y/noLabelWithoutControl: the control is one of the two children. */}
      <label className="block min-w-0 flex-1 basis-56">
        <span className="mb-1 block text-small">{label}</span>
        {long ? (
          <textarea name="text" className="field min-h-16" required maxLength={most} />
        ) : (
          <input name="text" className="field" required maxLength={500} autoComplete="off" spellCheck={false} />
        )}
      </label>
      {children}
      <button type="submit" className="button" disabled={busy}>
        {button}
      </button>
    </form>
  );
}

/** Title, owner, severity, class and sharing mark. */
export function EditDialog({
  detail,
  acts,
  close,
}: {
  readonly detail: IncidentDetail;
  readonly acts: IncidentActs;
  readonly close: () => void;
}) {
  const t = useText();
  const { incident } = detail;
  const [owner, setOwner] = useState(incident.owner ?? '');
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '');
    const set: IncidentSet = {
      title: text('title').trim(),
      summary: text('summary'),
      severity: SEVERITIES.find((one) => one === text('severity')) ?? incident.severity,
      tlp: TLPS.find((one) => one === text('tlp')) ?? incident.tlp,
      rsit: text('rsit') || null,
      owner: owner || null,
    };
    const done = await acts.change({ version: incident.version, set });
    if (done) close();
  };
  return (
    <Dialog title={t('incident.editTitle')} close={close}>
      <form onSubmit={submit} className="space-y-4">
        <Field label={t('incident.title')}>
          <input name="title" className="field" defaultValue={incident.title} required maxLength={300} />
        </Field>
        <Field label={t('incident.summary')}>
          <textarea name="summary" className="field min-h-24" defaultValue={detail.summary} maxLength={20_000} />
        </Field>
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t('alert.severity')}>
            <select name="severity" className="field" defaultValue={incident.severity}>
              {SEVERITIES.map((one) => (
                <option key={one} value={one}>
                  {t(SEVERITY_LOOKS[one].word)}
                </option>
              ))}
            </select>
          </Field>
          <Field label={t('incident.tlp')}>
            <select name="tlp" className="field" defaultValue={incident.tlp}>
              {TLPS.map((one) => (
                <option key={one} value={one}>
                  TLP:{one.toUpperCase()}
                </option>
              ))}
            </select>
          </Field>
        </div>
        <Field label={t('incident.rsit')}>
          <select name="rsit" className="field" defaultValue={incident.rsit ?? ''}>
            <option value="">{t('incident.rsitNone')}</option>
            {Object.entries(RSIT_CLASSES).map(([name, types]) => (
              <optgroup key={name} label={t(`rsit.${name}` as TextKey)}>
                {types.map((type) => (
                  <option key={type} value={`${name}/${type}`}>
                    {type}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </Field>
        <Field label={t('incident.owner')}>
          <select className="field" value={owner} onChange={(event) => setOwner(event.target.value)}>
            <option value="">{t('alert.nobody')}</option>
            <OwnerOptions keep={incident.owner ?? ''} />
          </select>
        </Field>
        <Buttons acts={acts} close={close} />
      </form>
    </Dialog>
  );
}

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
    if (await acts.change({ version: incident.version, set })) close();
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
        <Buttons acts={acts} close={close} />
      </form>
    </Dialog>
  );
}

function Buttons({ acts, close }: { readonly acts: IncidentActs; readonly close: () => void }) {
  const t = useText();
  return (
    <>
      {acts.error !== undefined && <ProblemNotice error={acts.error} />}
      {acts.conflict && <p role="alert">{t('incident.conflict')}</p>}
      <div className="flex justify-end gap-2">
        <button type="button" className="button" onClick={close}>
          {t('common.cancel')}
        </button>
        <button type="submit" className="button button-primary" disabled={acts.busy}>
          {t('incident.save')}
        </button>
      </div>
    </>
  );
}
