import { type FormEvent, useState } from 'react';
import { fromLocalInput, toLocalInput } from '../i18n/format.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Dialog, Field } from '../parts/dialog.tsx';
import { momentOf, RANGES, type SearchRange } from './range.ts';

const CUSTOM = 'custom';

/** The last so many hours, or two moments in the province's time. */
export function RangeSelect({
  range,
  change,
}: {
  readonly range: SearchRange;
  readonly change: (range: SearchRange) => void;
}) {
  const t = useText();
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const known = range.to === 'now' && RANGES.some(({ from }) => from === range.from);
  const shown = (text: string): string => (text.startsWith('now') ? text : format.dateTime(text));
  return (
    <>
      <select
        aria-label={t('search.range')}
        className="field w-auto max-w-full"
        value={known ? range.from : 'as-is'}
        onChange={(event) => {
          const { value } = event.target;
          if (value === CUSTOM) setOpen(true);
          else if (value !== 'as-is') change({ from: value, to: 'now' });
        }}
      >
        {RANGES.map(({ from, label }) => (
          <option key={from} value={from}>
            {t(label)}
          </option>
        ))}
        {!known && (
          <option value="as-is">
            {shown(range.from)} – {shown(range.to)}
          </option>
        )}
        <option value={CUSTOM}>{t('range.custom')}</option>
      </select>
      {open && <RangeDialog range={range} change={change} close={() => setOpen(false)} />}
    </>
  );
}

function RangeDialog({
  range,
  change,
  close,
}: {
  readonly range: SearchRange;
  readonly change: (range: SearchRange) => void;
  readonly close: () => void;
}) {
  const t = useText();
  const { timeZone } = useFormat();
  const [wrong, setWrong] = useState(false);
  const now = Date.now();
  const initial = (text: string): string => toLocalInput(momentOf(text, now) ?? now, timeZone);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const from = fromLocalInput(String(form.get('from')), timeZone);
    const to = fromLocalInput(String(form.get('to')), timeZone);
    const good = from !== undefined && to !== undefined && from < to;
    setWrong(!good);
    if (!good) return;
    change({ from, to });
    close();
  };
  return (
    <Dialog title={t('search.range')} close={close}>
      <form onSubmit={submit} className="space-y-4">
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t('range.from')}>
            <input type="datetime-local" name="from" className="field" defaultValue={initial(range.from)} required />
          </Field>
          <Field label={t('range.to')}>
            <input type="datetime-local" name="to" className="field" defaultValue={initial(range.to)} required />
          </Field>
        </div>
        <p className="text-small text-muted">{t('range.zone', { zone: timeZone })}</p>
        {wrong && (
          <p role="alert" className="text-critical">
            {t('range.wrong')}
          </p>
        )}
        <div className="flex justify-end">
          <button type="submit" className="button button-primary">
            {t('range.apply')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
