import { useLanguage } from '../i18n/language.tsx';
import { pickText } from '../i18n/messages.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Time } from '../parts/time.tsx';
import type { Acts, Conflict } from './use-acts.ts';

const SHOWN = 10;

/** Somebody changed the rows meanwhile: shows how they are now, and lets the reader decide again. */
export function ConflictDialog({
  conflict: { act, changed, fresh },
  acts,
}: {
  readonly conflict: Conflict;
  readonly acts: Pick<Acts, 'act' | 'dropConflict'>;
}) {
  const { t, language } = useLanguage();
  const close = acts.dropConflict;
  const again = (): void => {
    close();
    acts.act(fresh, act);
  };
  return (
    <Dialog title={t('conflict.title')} close={close}>
      <div className="space-y-4">
        <p>{t('conflict.text', { count: changed.length })}</p>
        <ul className="divide-y divide-line rounded-md border border-line">
          {changed.slice(0, SHOWN).map((row) => (
            <li key={row.id} className="px-3 py-2">
              <p className="break-words">
                <Visible text={pickText(row.title, language)?.text ?? row.rule} prose />
              </p>
              <p className="text-small text-muted">
                {t(`status.${row.status}`)}
                {row.verdict && ` · ${t(`verdict.${row.verdict}`)}`} · {row.owner ?? t('alert.nobody')} ·{' '}
                <Time at={row.updatedAt} />
              </p>
            </li>
          ))}
        </ul>
        {changed.length > SHOWN && <p>{t('common.andMore', { count: changed.length - SHOWN })}</p>}
        <div className="flex justify-end gap-2">
          <button type="button" className="button" onClick={close}>
            {t('conflict.leave')}
          </button>
          <button type="button" className="button button-primary" onClick={again}>
            {t('conflict.again')}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
