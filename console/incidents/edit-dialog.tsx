import { type FormEvent, useState } from 'react';
import type { IncidentDetail } from '../../server/incidents/schema.ts';
import { OwnerOptions } from '../alerts/close-dialog.tsx';
import { fromLocalInput, toLocalInput } from '../i18n/format.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Dialog, DialogButtons, Field } from '../parts/dialog.tsx';
import { SEVERITY_LOOKS } from '../parts/severity.ts';
import { Partial, ProblemNotice } from '../parts/states.tsx';
import { changesOf, type Draft, type DraftField, differences, draftOf, rebase } from './edit-draft.ts';
import { RsitField, SeverityField } from './forms.tsx';
import { type IncidentActs, TLPS } from './queries.ts';
import { rsitName } from './rsit-name.ts';

/** Characters of what another person wrote that are shown beside a field. */
const LONGEST_NOTE = 500;

/** Title, summary, owner, severity, class, sharing mark and time of detection; what others change meanwhile is shown at its field. */
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
  const { timeZone, dateTime } = useFormat();
  const drafted = (one: IncidentDetail): Draft => draftOf(one, (moment) => toLocalInput(moment, timeZone));
  // What the person decides upon: the page behind is renewed, this is not, until the server says that somebody was faster.
  const [base, setBase] = useState(() => ({ version: detail.incident.version, draft: drafted(detail) }));
  const [mine, setMine] = useState(base.draft);
  const [theirs, setTheirs] = useState<readonly DraftField[]>([]);
  const set = (change: globalThis.Partial<Draft>): void => setMine((draft) => ({ ...draft, ...change }));

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    let from = base;
    // Twice at most: what was changed beside this form, a comment for one, is no reason to ask again.
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const changes = changesOf(from.draft, mine, (local) => fromLocalInput(local, timeZone));
      if (Object.keys(changes).length === 0) {
        close();
        return;
      }
      const done = await acts.decide({ version: from.version, set: changes });
      if (done === 'done') close();
      if (done === 'done' || done === 'failed') return;
      const now = drafted(done);
      const changed = differences(from.draft, now);
      setMine(rebase(from.draft, mine, now));
      setTheirs(changed);
      from = { version: done.incident.version, draft: now };
      setBase(from);
      if (changed.length > 0) return;
    }
  };
  const note = (field: DraftField, value: string): string | undefined =>
    theirs.includes(field) ? t('incident.theirs', { value: value.slice(0, LONGEST_NOTE) }) : undefined;
  const hint = (field: DraftField, value: string) => {
    const said = note(field, value);
    return said === undefined ? {} : { hint: said };
  };
  const { draft } = base;
  return (
    <Dialog title={t('incident.editTitle')} close={close}>
      <form onSubmit={submit} className="space-y-4" data-edit-incident>
        {acts.conflict && <Partial>{t(theirs.length > 0 ? 'incident.conflictEdit' : 'incident.conflict')}</Partial>}
        <Field label={t('incident.title')} {...hint('title', draft.title)}>
          <input
            name="title"
            className="field"
            value={mine.title}
            onChange={(event) => set({ title: event.target.value })}
            required
            maxLength={300}
            autoComplete="off"
          />
        </Field>
        <Field label={t('incident.summary')} {...hint('summary', draft.summary)}>
          <textarea
            name="summary"
            className="field min-h-24"
            value={mine.summary}
            onChange={(event) => set({ summary: event.target.value })}
            maxLength={20_000}
          />
        </Field>
        <div className="grid gap-4 sm:grid-cols-2">
          <SeverityField
            value={mine.severity}
            change={(severity) => set({ severity })}
            {...noted(note('severity', t(SEVERITY_LOOKS[draft.severity].word)))}
          />
          <Field label={t('incident.tlp')} {...hint('tlp', `TLP:${draft.tlp.toUpperCase()}`)}>
            <select
              name="tlp"
              className="field"
              value={mine.tlp}
              onChange={(event) => set({ tlp: TLPS.find((one) => one === event.target.value) ?? mine.tlp })}
            >
              {TLPS.map((one) => (
                <option key={one} value={one}>
                  TLP:{one.toUpperCase()}
                </option>
              ))}
            </select>
          </Field>
        </div>
        <RsitField
          value={mine.rsit}
          change={(rsit) => set({ rsit })}
          {...noted(note('rsit', draft.rsit === '' ? t('incident.rsitNone') : rsitName(t, draft.rsit)))}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t('incident.owner')} {...hint('owner', draft.owner || t('alert.nobody'))}>
            <select
              name="owner"
              className="field"
              value={mine.owner}
              onChange={(event) => set({ owner: event.target.value })}
            >
              <option value="">{t('alert.nobody')}</option>
              <OwnerOptions keep={mine.owner} />
            </select>
          </Field>
          <Field
            label={t('incident.detected')}
            hint={note('detectedAt', dateTime(detail.incident.detectedAt)) ?? t('incident.detectedHint')}
          >
            <input
              name="detectedAt"
              type="datetime-local"
              className="field"
              value={mine.detectedAt}
              onChange={(event) => set({ detectedAt: event.target.value })}
              required
            />
          </Field>
        </div>
        {acts.error !== undefined && <ProblemNotice error={acts.error} />}
        <DialogButtons busy={acts.busy} close={close} />
      </form>
    </Dialog>
  );
}

function noted(note: string | undefined) {
  return note === undefined ? {} : { note };
}
