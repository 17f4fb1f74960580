import { useOverview } from '../api/queries.ts';
import { useText } from '../i18n/language.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Empty, Partial } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';

/** An empty queue says what is watched and when it last spoke, so that silence is not taken for safety. */
export function Watched({ filtered, clear }: { readonly filtered: boolean; readonly clear: () => void }) {
  const t = useText();
  const { data } = useOverview();
  if (filtered) {
    return (
      <Empty title={t('queue.noneFiltered')}>
        <button type="button" className="button" onClick={clear}>
          {t('queue.clearFilter')}
        </button>
      </Empty>
    );
  }
  return (
    <Empty title={t('queue.none')}>
      {data && (
        <>
          <p>
            {t('queue.watching', {
              count: data.collectors.length,
              rules: data.rulesEnabled,
              events: data.eventsStored,
            })}
          </p>
          {data.collectors.length === 0 ? (
            <div className="mt-4 text-left">
              <Partial>{t('queue.noCollectors')}</Partial>
            </div>
          ) : (
            <ul className="mt-4 divide-y divide-line rounded-lg border border-line text-left text-text">
              {data.collectors.slice(0, 20).map((collector) => (
                <li key={collector.id} className="flex flex-wrap justify-between gap-x-4 px-3 py-2">
                  <span className="min-w-0 break-words">
                    <Visible text={collector.name} prose /> <span className="text-muted">· {collector.agency}</span>
                  </span>
                  <span className="text-muted">
                    {t('queue.sources', { count: collector.sources })} ·{' '}
                    {collector.lastSeenAt ? <Time at={collector.lastSeenAt} as="relative" /> : t('queue.neverSpoke')}
                  </span>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Empty>
  );
}
