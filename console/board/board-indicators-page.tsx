import { useLocation, useSearch } from 'wouter';
import { useText } from '../i18n/language.tsx';
import { LogText } from '../parts/log-text.tsx';
import { MoreButton } from '../parts/more-button.tsx';
import { WayBack } from '../parts/record-page.tsx';
import { Empty, FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { IndicatorKind } from './marks.tsx';
import { NationalOnly } from './national-only.tsx';
import { useBoardIndicators } from './queries.ts';
import { SeenBy } from './received.tsx';

/** `/board/indicators`: what provinces met; one that several met is one entry. */
export function BoardIndicatorsPage() {
  return (
    <NationalOnly>
      <IndicatorList />
    </NationalOnly>
  );
}

function IndicatorList() {
  const t = useText();
  const [, go] = useLocation();
  const shared = new URLSearchParams(useSearch()).get('show') !== 'all';
  const list = useBoardIndicators(shared);
  const [first] = list.data?.pages ?? [];
  const rows = [
    ...new Map(
      list.data?.pages.flatMap(({ indicators }) => indicators.map((one) => [`${one.type} ${one.value}`, one])),
    ),
  ];
  return (
    <>
      <WayBack to="/board">{t('nav.board')}</WayBack>
      <PageTitle title="board.indicators">
        <select
          className="field w-auto max-w-full"
          aria-label={t('board.filter.show')}
          value={shared ? 'shared' : 'all'}
          onChange={(event) =>
            go(event.target.value === 'all' ? '/board/indicators?show=all' : '/board/indicators', { replace: true })
          }
        >
          <option value="shared">{t('board.sharedOnes')}</option>
          <option value="all">{t('incident.all')}</option>
        </select>
        {first && <span className="text-muted">{t('incident.total', { shown: rows.length, total: first.total })}</span>}
      </PageTitle>
      <FirstFetch query={list} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6" data-scroller="board-indicators">
        {list.isError && <ProblemNotice error={list.error} retry={() => list.refetch()} />}
        {first && rows.length === 0 && (
          <Empty title={t(shared ? 'board.noShared' : 'incident.noIndicators')}>
            <p>{t('board.noSharedHint')}</p>
          </Empty>
        )}
        {rows.length > 0 && (
          <ul className="card divide-y divide-line">
            {rows.map(([key, { type, value, tlp, seen, lastAt }]) => (
              <li key={key} data-indicator={value} className="flex flex-wrap items-start gap-x-4 gap-y-1 px-4 py-2">
                <div className="min-w-0 flex-1 basis-72">
                  <p className="break-all">
                    <LogText text={value} />
                  </p>
                  <p className="text-small text-muted">
                    <IndicatorKind type={type} />
                    {tlp !== null && ` · TLP:${tlp.toUpperCase()}`}
                  </p>
                </div>
                <div className="min-w-0 flex-1 basis-72">
                  <p className={seen.length > 1 ? 'text-small font-semibold' : 'text-small'}>
                    {t('board.seenBy', { count: seen.length })}
                  </p>
                  <SeenBy seen={seen} />
                </div>
                <p className="w-40 text-small">
                  <Time at={lastAt} as="relative" />
                </p>
              </li>
            ))}
          </ul>
        )}
        <MoreButton list={list} />
      </div>
    </>
  );
}
