import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Session } from '../../server/accounts/schema.ts';
import type { AlertList, AlertRow } from '../../server/alerts/schema.ts';
import type { NewShiftEntry, ShiftEntry } from '../../server/shifts/schema.ts';
import { OwnerOptions } from '../alerts/close-dialog.tsx';
import { postJson } from '../api/client.ts';
import { useLanguage } from '../i18n/language.tsx';
import { pickText } from '../i18n/messages.ts';
import { Field } from '../parts/dialog.tsx';
import { SeverityMark } from '../parts/icons.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Partial, ProblemNotice, Progress } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

/** The most alerts of one hand-over, as the API takes them. */
const MOST = 500;

/** A note, or a hand-over: then my own open alerts are chosen to begin with. */
export function EntryForm({ me, open }: { readonly me: Session; readonly open: AlertList | undefined }) {
  const { t } = useLanguage();
  const toast = useToast();
  const queries = useQueryClient();
  const [kind, setKind] = useState<NewShiftEntry['kind']>('note');
  const [unchosen, setUnchosen] = useState<ReadonlySet<string>>(new Set());
  const [others, setOthers] = useState<ReadonlySet<string>>(new Set());
  const { busy, error, run } = useAttempt();
  const rows = open?.alerts ?? [];
  const isChosen = (row: AlertRow): boolean => (row.owner === me.user ? !unchosen.has(row.id) : others.has(row.id));
  const toggle = (row: AlertRow): void => {
    const change = row.owner === me.user ? setUnchosen : setOthers;
    change((before) => {
      const after = new Set(before);
      if (!after.delete(row.id)) after.add(row.id);
      return after;
    });
  };
  const chosen = rows.filter(isChosen).slice(0, MOST);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    const to = String(form.get('to') ?? '');
    const handover = kind === 'handover';
    const body: NewShiftEntry = {
      kind,
      text: String(form.get('text')).trim(),
      alerts: handover ? chosen.map(({ id }) => id) : [],
      to: handover && to !== '' ? to : null,
    };
    await run(async () => {
      await postJson<ShiftEntry>('/shifts', body);
      element.reset();
      setKind('note');
      setOthers(new Set());
      setUnchosen(new Set());
      toast({ text: t(handover ? 'shift.handedOver' : 'shift.noted', { count: body.alerts.length }) });
      queries.invalidateQueries({ queryKey: ['shifts'] });
    });
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <fieldset className="flex gap-4">
        <legend className="sr-only">{t('shift.kind')}</legend>
        {(['note', 'handover'] as const).map((one) => (
          <label key={one} className="flex items-center gap-2">
            <input type="radio" name="kind" value={one} checked={kind === one} onChange={() => setKind(one)} />
            {t(`shift.kind.${one}`)}
          </label>
        ))}
      </fieldset>
      <Field label={t('shift.text')}>
        <textarea name="text" className="field min-h-24" required maxLength={4000} />
      </Field>
      {kind === 'handover' && (
        <>
          <Field label={t('shift.to')}>
            <select name="to" className="field" defaultValue="">
              <option value="">{t('shift.next')}</option>
              <OwnerOptions keep="" />
            </select>
          </Field>
          <fieldset>
            <legend className="mb-1 font-medium">{t('shift.alerts', { count: chosen.length })}</legend>
            {rows.length === 0 && <p className="text-muted">{t('shift.noOpen')}</p>}
            <ul className="max-h-72 divide-y divide-line overflow-auto rounded-md border border-line empty:hidden">
              {rows.map((row) => (
                <Choice key={row.id} row={row} chosen={isChosen(row)} toggle={() => toggle(row)} />
              ))}
            </ul>
            {open?.next && <Partial>{t('shift.onlySome', { loaded: rows.length, total: open.total })}</Partial>}
          </fieldset>
        </>
      )}
      {error !== undefined && <ProblemNotice error={error} />}
      <button type="submit" className="button button-primary" disabled={busy}>
        {t(kind === 'handover' ? 'shift.handOver' : 'shift.save')}
      </button>
      {busy && <Progress busy />}
    </form>
  );
}

function Choice({
  row,
  chosen,
  toggle,
}: {
  readonly row: AlertRow;
  readonly chosen: boolean;
  readonly toggle: () => void;
}) {
  const { language } = useLanguage();
  const title = pickText(row.title, language);
  return (
    <li>
      <label className="flex items-start gap-2 px-3 py-2 hover:bg-hover">
        <input type="checkbox" className="mt-1" checked={chosen} onChange={toggle} />
        <span className="min-w-0">
          <span className="block break-words" lang={title?.language}>
            <Visible text={title?.text ?? row.rule} prose />
          </span>
          <span className="flex flex-wrap gap-x-3 text-small text-muted">
            <SeverityMark severity={row.severity} />
            <span>{row.agencyName}</span>
            {row.owner && <span>{row.owner}</span>}
          </span>
        </span>
      </label>
    </li>
  );
}
