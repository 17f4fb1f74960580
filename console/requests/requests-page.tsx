import { useLocation, useSearch } from 'wouter';
import { useText } from '../i18n/language.tsx';
import { Empty, FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { OPEN_STATES, useRequests } from './queries.ts';
import { RequestLine } from './request-line.tsx';

/** `/requests`: what agencies were asked; an agency's officer finds here what waits for an answer. */
export function RequestsPage() {
  const t = useText();
  const [, go] = useLocation();
  const all = new URLSearchParams(useSearch()).get('show') === 'all';
  const requests = useRequests(all ? {} : { state: OPEN_STATES.join(',') });
  const rows = requests.data?.requests ?? [];
  return (
    <>
      <PageTitle title="nav.requests">
        <select
          className="field w-auto"
          aria-label={t('request.filter')}
          value={all ? 'all' : 'open'}
          onChange={(event) => go(event.target.value === 'all' ? '/requests?show=all' : '/requests', { replace: true })}
        >
          <option value="open">{t('request.openOnes')}</option>
          <option value="all">{t('incident.all')}</option>
        </select>
        {requests.data && (
          <span className="text-muted">{t('incident.total', { shown: rows.length, total: requests.data.total })}</span>
        )}
      </PageTitle>
      <FirstFetch query={requests} cancels={['requests']} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6" data-scroller="requests">
        <p className="mb-4 max-w-[64rem] text-muted">{t('request.explain')}</p>
        {requests.isError && <ProblemNotice error={requests.error} retry={() => requests.refetch()} />}
        {requests.data && rows.length === 0 && (
          <Empty title={t('request.none')}>
            <p>{t('request.noneHint')}</p>
          </Empty>
        )}
        {rows.length > 0 && (
          <ul className="card divide-y divide-line">
            {rows.map((row) => (
              <RequestLine key={row.id} row={row} />
            ))}
          </ul>
        )}
      </div>
    </>
  );
}
