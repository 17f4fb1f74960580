import { useFormat, useText } from '../i18n/language.tsx';
import { useSlow } from '../parts/states.tsx';
import { type Asked, useSearchProgress } from './use-search.ts';

/** A thin bar while a search runs; after a second it says how far it has come, and it can be cancelled. */
export function SearchProgress({
  asked,
  busy,
  cancel,
}: {
  readonly asked: Asked;
  readonly busy: boolean;
  readonly cancel: () => void;
}) {
  const t = useText();
  const format = useFormat();
  const slow = useSlow(busy);
  const progress = useSearchProgress(asked, slow);
  const percent = Math.round(100 * (progress?.done ?? 0));
  return (
    <div className="min-h-0.5">
      {busy && (
        <div className="h-0.5 overflow-hidden bg-line">
          {progress && percent > 0 ? (
            <div className="h-full bg-accent" style={{ width: `${percent}%` }} />
          ) : (
            <div className="progress-bar h-full w-1/4 bg-accent" />
          )}
        </div>
      )}
      <div role="status">
        {slow && (
          <div className="flex flex-wrap items-center gap-3 px-4 py-2 text-muted">
            <span>
              {progress
                ? t('search.progress', {
                    percent: `${format.number(percent)}%`,
                    rows: progress.rows,
                    documents: progress.documents,
                  })
                : t('common.stillWorking')}
            </span>
            <button type="button" className="button" onClick={cancel}>
              {t('common.cancel')}
            </button>
          </div>
        )}
      </div>
    </div>
  );
}
