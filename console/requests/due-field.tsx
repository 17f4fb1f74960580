import { useState } from 'react';
import { useOverview } from '../api/queries.ts';
import { fromLocalInput, toLocalInput } from '../i18n/format.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';

const DAY_MS = 86_400_000;
const DEFAULT_ZONE = 'Asia/Ho_Chi_Minh';

/** When an answer is due, in the province's time; a day from now at first. */
export function DueField() {
  const t = useText();
  const zone = useZone();
  const [tomorrow] = useState(() => Date.now() + DAY_MS);
  return (
    <Field label={t('request.due')}>
      <input
        name="due"
        type="datetime-local"
        className="field w-auto"
        required
        defaultValue={toLocalInput(tomorrow, zone)}
      />
    </Field>
  );
}

/** Reads the field of a form; ISO 8601. */
export function useDue(): (form: FormData) => string {
  const zone = useZone();
  return (form) => fromLocalInput(String(form.get('due') ?? ''), zone) ?? '';
}

function useZone(): string {
  return useOverview().data?.timeZone ?? DEFAULT_ZONE;
}
