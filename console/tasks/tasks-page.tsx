import { useLocation, useSearch } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import { useText } from '../i18n/language.tsx';
import { MoreButton } from '../parts/more-button.tsx';
import { Empty, FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { useWalk } from '../parts/use-walk.ts';
import { ItemLine } from './item-line.tsx';
import { SHOWS, type Show, useItems, useSources } from './queries.ts';
import { SourceCard } from './source-card.tsx';

/** `/tasks`: what the national center and others ask and send, and how polling them fares. */
export function TasksPage({ me }: { readonly me: Session }) {
  const t = useText();
  const [, go] = useLocation();
  const asked = new URLSearchParams(useSearch()).get('show');
  const show: Show = SHOWS.find((one) => one === asked) ?? 'open';
  const items = useItems(show);
  const sources = useSources();
  const [first] = items.data?.pages ?? [];
  const rows = [...new Map(items.data?.pages.flatMap((page) => page.items.map((item) => [item.id, item]))).values()];
  const focused = useWalk(
    rows.map(({ id }) => id),
    (id) => `item-${id}`,
  );
  const mayAnswer = me.permissions.includes('incidents.work');
  const mayShare = mayAnswer && me.permissions.includes('sharing.read');
  const counts = first?.counts;
  const answersOf = (source: string) => sources.data?.sources.find(({ id }) => id === source)?.answersTo ?? undefined;
  const countOf = (one: Show): string => {
    if (!counts || (one !== 'open' && one !== 'advisories')) return '';
    return ` (${counts[one]})`;
  };
  const none = sources.data?.sources.length === 0;
  return (
    <>
      <PageTitle title="nav.tasks">
        <select
          className="field w-auto max-w-full"
          aria-label={t('tasks.filter')}
          value={show}
          onChange={(event) =>
            go(event.target.value === 'open' ? '/tasks' : `/tasks?show=${event.target.value}`, { replace: true })
          }
        >
          {SHOWS.map((one) => (
            <option key={one} value={one}>
              {t(`tasks.show.${one}`)}
              {countOf(one)}
            </option>
          ))}
        </select>
        {first && <span className="text-muted">{t('incident.total', { shown: rows.length, total: first.total })}</span>}
      </PageTitle>
      <FirstFetch query={items} cancels={['inbound-items']} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6" data-scroller="tasks">
        <div className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_26rem]">
          <div className="min-w-0">
            {items.isError && <ProblemNotice error={items.error} retry={() => items.refetch()} />}
            {first && rows.length === 0 && (
              <Empty title={t(`tasks.none.${show}`)}>
                <p>{t(none ? 'tasks.noSourcesHint' : 'tasks.noneHint')}</p>
              </Empty>
            )}
            {rows.length > 0 && (
              <ul className="card divide-y divide-line">
                {rows.map((item) => (
                  <ItemLine
                    key={item.id}
                    item={item}
                    answersTo={mayShare ? answersOf(item.source) : undefined}
                    mayAnswer={mayAnswer}
                    focused={() => focused(item.id)}
                  />
                ))}
              </ul>
            )}
            <MoreButton list={items} />
          </div>
          <section aria-labelledby="sources" className="min-w-0 space-y-4">
            <h2 id="sources" className="font-semibold">
              {t('tasks.sources')}
            </h2>
            {sources.isError && <ProblemNotice error={sources.error} retry={() => sources.refetch()} />}
            {none && <p className="text-muted">{t('tasks.noSources')}</p>}
            {sources.data?.sources.map((source) => (
              <SourceCard key={source.id} source={source} mayPoll={me.permissions.includes('inbound.manage')} />
            ))}
          </section>
        </div>
      </div>
    </>
  );
}
