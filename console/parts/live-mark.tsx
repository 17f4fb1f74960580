import { useLiveState } from '../api/live.tsx';
import { useFormat, useText } from '../i18n/language.tsx';

/** Whether what is shown is live, and of when it is where it is not. */
export function LiveMark() {
  const t = useText();
  const format = useFormat();
  const { phase, since, dataAsOf } = useLiveState();
  const live = phase === 'live';
  const late = phase === 'reconnecting' || phase === 'ended';
  const words = live
    ? t('live.live')
    : late
      ? t('live.reconnecting', { since: format.brief(since, Date.now()) })
      : t('live.connecting');
  const asOf = dataAsOf === null ? '' : t('live.dataAsOf', { time: format.dateTime(dataAsOf) });
  return (
    <div role="status" title={asOf} className="flex min-w-0 items-center gap-2 text-small">
      <svg viewBox="0 0 12 12" className={`size-3 shrink-0 ${live ? 'text-good' : 'text-high'}`} aria-hidden="true">
        {live ? (
          <circle cx="6" cy="6" r="4" fill="currentColor" />
        ) : (
          <path d="M6 1.5a4.5 4.5 0 1 0 4.5 4.5" fill="none" stroke="currentColor" strokeWidth="2" />
        )}
      </svg>
      <span className={live ? 'text-muted' : 'font-semibold text-high'}>
        {words}
        {late && asOf !== '' && <span className="hidden font-normal md:inline"> · {asOf}</span>}
      </span>
    </div>
  );
}
