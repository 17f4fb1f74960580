import { type FormEvent, useState } from 'react';
import type { ClockRow, MarkClock } from '../../server/clocks/schema.ts';
import { fromLocalInput } from '../i18n/format.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Dialog, DialogButtons, Field } from '../parts/dialog.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { ClockName } from './clock-mark.tsx';
import { useClockActs } from './queries.ts';

/** Says of a term that it was met elsewhere, is not owed, or takes that back. */
export function MarkDialog({
  path,
  name,
  isSaid,
  close,
}: {
  readonly path: string;
  readonly name: ClockRow['name'];
  /** Whether somebody said something of it already. */
  readonly isSaid: boolean;
  readonly close: () => void;
}) {
  const t = useText();
  const { timeZone } = useFormat();
  const acts = useClockActs();
  const [act, setAct] = useState<MarkClock['act']>('met');
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const textOf = (field: string) => String(fields.get(field) ?? '').trim();
    const at = fromLocalInput(textOf('at'), timeZone);
    const body: MarkClock = {
      act,
      note: textOf('note'),
      ...(act === 'met' ? { reference: textOf('reference') } : {}),
      ...(act === 'met' && at !== undefined ? { at } : {}),
    };
    if (await acts.mark(path, body)) close();
  };
  const choices = (isSaid ? ['met', 'waived', 'open'] : ['met', 'waived']) as readonly MarkClock['act'][];
  return (
    <Dialog title={t('clocks.mark')} close={close}>
      <form onSubmit={submit} className="space-y-4">
        <p className="font-medium">
          <ClockName name={name} />
        </p>
        <fieldset className="space-y-1">
          <legend className="sr-only">{t('clocks.mark')}</legend>
          {choices.map((one) => (
            <label key={one} className="flex items-center gap-2">
              <input type="radio" name="act" value={one} checked={act === one} onChange={() => setAct(one)} />
              {t(`clocks.act.${one}`)}
            </label>
          ))}
        </fieldset>
        {act === 'met' && (
          <>
            <Field label={t('clocks.reference')} hint={t('clocks.referenceHint')}>
              <input name="reference" className="field" maxLength={200} required autoComplete="off" />
            </Field>
            <Field label={t('clocks.sentAt')} hint={t('clocks.sentAtHint')}>
              <input name="at" type="datetime-local" className="field" />
            </Field>
          </>
        )}
        <Field label={t(act === 'met' ? 'clocks.note' : 'clocks.why')}>
          <textarea name="note" className="field min-h-20" maxLength={2_000} required={act !== 'met'} />
        </Field>
        {acts.error !== undefined && <ProblemNotice error={acts.error} />}
        <DialogButtons busy={acts.busy} close={close} />
      </form>
    </Dialog>
  );
}
