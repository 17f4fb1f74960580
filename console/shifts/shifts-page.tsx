import { useQuery } from '@tanstack/react-query';
import type { Session } from '../../server/accounts/schema.ts';
import type { AlertList } from '../../server/alerts/schema.ts';
import type { ShiftLog } from '../../server/shifts/schema.ts';
import { getJson } from '../api/client.ts';
import { usePages } from '../api/pages.ts';
import { useText } from '../i18n/language.tsx';
import { MoreButton } from '../parts/more-button.tsx';
import { Empty, FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { Entry } from './entry.tsx';
import { EntryForm } from './entry-form.tsx';

const PAGE = 50;

/** `/shifts`: notes of the shift, and open alerts handed to the next one. */
export function ShiftsPage({ me }: { readonly me: Session }) {
  const t = useText();
  const log = usePages<ShiftLog>(['shifts'], '/shifts', { limit: PAGE }, { refetchInterval: 30_000 });
  const open = useQuery({
    queryKey: ['open-alerts'],
    queryFn: ({ signal }) => getJson<AlertList>('/alerts', { status: 'new,in_progress', limit: 500 }, signal),
  });
  const known = new Map((open.data?.alerts ?? []).map((alert) => [alert.id, alert]));
  const entries = log.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <>
      <PageTitle title="nav.shifts" />
      <FirstFetch query={log} cancels={['shifts']} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6">
        <div className="grid max-w-[88rem] gap-4 lg:grid-cols-[24rem_minmax(0,1fr)]">
          {me.permissions.includes('shifts.write') && (
            <section className="card h-fit p-4" aria-labelledby="entry">
              <h2 id="entry" className="mb-3 font-semibold">
                {t('shift.add')}
              </h2>
              {open.isError && <ProblemNotice error={open.error} retry={() => open.refetch()} />}
              <EntryForm me={me} open={open.data} />
            </section>
          )}
          <section aria-labelledby="log" className="min-w-0">
            <h2 id="log" className="sr-only">
              {t('shift.log')}
            </h2>
            {log.isError && <ProblemNotice error={log.error} retry={() => log.refetch()} />}
            {log.isSuccess && entries.length === 0 && (
              <div className="card">
                <Empty title={t('shift.none')}>{t('shift.noneAdvice')}</Empty>
              </div>
            )}
            <ol className="space-y-3">
              {entries.map((entry) => (
                <Entry key={entry.id} entry={entry} me={me} known={known} />
              ))}
            </ol>
            <MoreButton list={log} />
          </section>
        </div>
      </div>
    </>
  );
}
