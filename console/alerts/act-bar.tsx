import { useText } from '../i18n/language.tsx';

/** What can be done with the chosen rows, with the keys that do it. */
export function ActBar({
  count,
  most,
  busy,
  assign,
  edit,
  finish,
  incident,
  clear,
}: {
  readonly count: number;
  readonly most: number;
  readonly busy: boolean;
  readonly assign: () => void;
  readonly edit: () => void;
  readonly finish: () => void;
  readonly incident: () => void;
  readonly clear?: () => void;
}) {
  const t = useText();
  const off = busy || count === 0 || count > most;
  return (
    <div role="toolbar" aria-label={t('act.bar')} className="flex flex-wrap items-center gap-2 px-4 py-2">
      {clear && <span className="mr-2">{t('act.chosen', { count })}</span>}
      {count > most && <span className="text-high">{t('act.tooMany', { most })}</span>}
      <button type="button" className="button" disabled={off} onClick={assign} aria-keyshortcuts="a">
        {t('act.assignMe')}
      </button>
      <button type="button" className="button" disabled={off} onClick={edit}>
        {t('act.edit')}
      </button>
      <button type="button" className="button" disabled={off} onClick={incident} aria-keyshortcuts="i">
        {t('act.incident')}
      </button>
      <button type="button" className="button button-primary" disabled={off} onClick={finish} aria-keyshortcuts="e">
        {t('act.close')}
      </button>
      {clear && (
        <button type="button" className="button button-quiet" onClick={clear} aria-keyshortcuts="Escape">
          {t('act.unselect')}
        </button>
      )}
    </div>
  );
}
