import type { ReportFields } from '../../server/reports/schema.ts';
import { useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { Field } from '../parts/dialog.tsx';

/** Fields of one line; the others take as many as there are. */
const SHORT = new Set([
  'superior',
  'organization',
  'number',
  'symbol',
  'place',
  'recipient',
  'reporterName',
  'reporterAddress',
  'reporterPhone',
  'reporterEmail',
  'initialNumber',
  'initialDate',
  'title',
  'code',
  'class',
  'severity',
  'detectedAt',
  'closedAt',
  'signerTitle',
  'signerName',
]);
const LONGEST = 20_000;

/** Inputs for fields of a report, with what stands in them; what is written there is Vietnamese. */
export function FieldInputs({ names, fields }: { readonly names: readonly string[]; readonly fields: ReportFields }) {
  const t = useText();
  return names.map((name) => {
    const value = (fields as Readonly<Record<string, string | undefined>>)[name] ?? '';
    const shared = { name, className: 'field', defaultValue: value, maxLength: LONGEST, lang: 'vi' };
    return (
      <Field key={name} label={t(`report.field.${name}` as TextKey)}>
        {name === 'date' ? (
          <input {...shared} type="date" className="field w-auto" />
        ) : SHORT.has(name) ? (
          <input {...shared} autoComplete="off" />
        ) : (
          <textarea {...shared} rows={Math.min(12, Math.max(2, value.split('\n').length + 1))} />
        )}
      </Field>
    );
  });
}

/** The fields of a form that hold something. */
export function readFields(form: HTMLFormElement, names: readonly string[]): ReportFields {
  const entries = new FormData(form);
  const read = names.map((name) => [name, String(entries.get(name) ?? '').trim()] as const);
  return Object.fromEntries(read.filter(([, value]) => value !== '')) as ReportFields;
}
