import type { FormEvent, ReactNode } from 'react';
import { RSIT } from '../../ecs/rsit.ts';
import type { IncidentRow } from '../../server/incidents/schema.ts';
import { useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { Field } from '../parts/dialog.tsx';
import { SEVERITIES, SEVERITY_LOOKS } from '../parts/severity.ts';
import { rsitType } from './rsit-name.ts';

type Severity = IncidentRow['severity'];

/** One line to add something by; it empties once it was done. */
export function AddForm({
  label,
  button,
  busy,
  send,
  long = false,
  most = 10_000,
  form,
  children,
}: {
  readonly label: string;
  readonly button: string;
  readonly busy: boolean;
  readonly send: (field: (name: string) => string) => Promise<boolean>;
  readonly long?: boolean;
  /** Characters that a long text may have. */
  readonly most?: number;
  /** What a short text must look like, and how to say so. */
  readonly form?: { readonly pattern: string; readonly hint: string };
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
          <input
            name="text"
            className="field"
            required
            maxLength={500}
            autoComplete="off"
            spellCheck={false}
            {...(form ? { pattern: form.pattern, title: form.hint, placeholder: form.hint } : {})}
          />
        )}
      </label>
      {children}
      <button type="submit" className="button" disabled={busy}>
        {button}
      </button>
    </form>
  );
}

/** Every class of the taxonomy, to choose from. */
export function RsitField({
  value,
  change,
  note,
}: {
  readonly value: string;
  readonly change: (value: string) => void;
  readonly note?: string;
}) {
  const t = useText();
  return (
    <Field label={t('incident.rsit')} {...(note === undefined ? {} : { hint: note })}>
      <select name="rsit" className="field" value={value} onChange={(event) => change(event.target.value)}>
        <option value="">{t('incident.rsitNone')}</option>
        {Object.entries(RSIT).map(([name, types]) => (
          <optgroup key={name} label={t(`rsit.${name}` as TextKey)}>
            {types.map((type) => (
              <option key={type} value={`${name}/${type}`}>
                {rsitType(t, type)}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </Field>
  );
}

/** The five severities, to choose from. */
export function SeverityField({
  value,
  change,
  note,
}: {
  readonly value: Severity;
  readonly change: (value: Severity) => void;
  readonly note?: string;
}) {
  const t = useText();
  return (
    <Field label={t('alert.severity')} {...(note === undefined ? {} : { hint: note })}>
      <select
        name="severity"
        className="field"
        value={value}
        onChange={(event) => change(SEVERITIES.find((one) => one === event.target.value) ?? value)}
      >
        {SEVERITIES.map((one) => (
          <option key={one} value={one}>
            {t(SEVERITY_LOOKS[one].word)}
          </option>
        ))}
      </select>
    </Field>
  );
}
