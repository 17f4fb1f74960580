import { Link, useLocation, useSearch } from 'wouter';
import { useText } from '../i18n/language.tsx';
import { SeverityMark } from '../parts/icons.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Empty, FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { type Show, useSharingList } from './queries.ts';
import { isUnderWay, VersionLine } from './version-line.tsx';

const SHOWS: readonly Show[] = ['all', 'asked', 'due', 'dead', 'review'];

/** `/sharing`: what waits for a decision, what is on its way, what was given up, what must be looked at again. */
export function SharingPage() {
  const t = useText();
  const [, go] = useLocation();
  const wanted = new URLSearchParams(useSearch()).get('show');
  const show = SHOWS.find((one) => one === wanted) ?? 'all';
  const list = useSharingList(show);
  const counts = list.data?.counts;
  const shares = list.data?.shares ?? [];
  return (
    <>
      <PageTitle title="nav.sharing">
        <select
          className="field w-auto"
          aria-label={t('sharing.filter')}
          value={show}
          onChange={(event) =>
            go(event.target.value === 'all' ? '/sharing' : `/sharing?show=${event.target.value}`, { replace: true })
          }
        >
          {SHOWS.map((one) => (
            <option key={one} value={one}>
              {t(`sharing.show.${one}`)}
              {one !== 'all' && counts && ` (${counts[one]})`}
            </option>
          ))}
        </select>
      </PageTitle>
      <FirstFetch query={list} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6" data-scroller="sharing">
        {list.isError && <ProblemNotice error={list.error} retry={() => list.refetch()} />}
        {list.data && shares.length === 0 && (
          <Empty title={t('sharing.none')}>
            <p>{t('sharing.noneHint')}</p>
          </Empty>
        )}
        {shares.length > 0 && (
          <ul className="card max-w-[88rem] divide-y divide-line">
            {shares.map((share) => {
              const last = share.versions.at(-1);
              return (
                <li
                  key={`${share.incident} ${share.recipient}`}
                  data-share={share.incident}
                  className="flex flex-wrap gap-x-6 gap-y-1 px-4 py-2"
                >
                  <div className="min-w-0 flex-1 basis-72">
                    <p className="break-words">
                      <Link href={`/incidents/${encodeURIComponent(share.incident)}`} className="link">
                        <Visible text={share.title} prose />
                      </Link>
                    </p>
                    <p className="text-small text-muted">
                      {share.incident} → {share.recipientName}
                    </p>
                    {share.severity && (
                      <span className="text-small">
                        <SeverityMark severity={share.severity} wide />
                      </span>
                    )}
                  </div>
                  <div className="min-w-0 flex-1 basis-72">{last && <VersionLine share={share} version={last} />}</div>
                  <p className="w-48 text-small">
                    {share.deadline && last && isUnderWay(share, last) && (
                      <>
                        {t('sharing.deadline')} <Time at={share.deadline} as="relative" />
                      </>
                    )}
                  </p>
                </li>
              );
            })}
          </ul>
        )}
      </div>
    </>
  );
}
