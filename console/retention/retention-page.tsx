import { useQueryClient } from '@tanstack/react-query';
import type { Session } from '../../server/accounts/schema.ts';
import { useText } from '../i18n/language.tsx';
import { PageTitle, Partial, ProblemNotice, Progress } from '../parts/states.tsx';
import { Days } from './days.tsx';
import { Deleted } from './deleted.tsx';
import { Holds } from './holds.tsx';
import { PolicyCard } from './policy-card.tsx';
import { useDeletions, useHolds, useRetention, useRetentionDays } from './queries.ts';

/** `/retention`: how long events are kept, legal holds, which days are due, and what was deleted by which rule. */
export function RetentionPage({ me }: { readonly me: Session }) {
  const t = useText();
  const queries = useQueryClient();
  const provincial = me.agencies === 'all';
  const state = useRetention(provincial);
  const days = useRetentionDays(provincial);
  const holds = useHolds();
  const deletions = useDeletions(provincial);
  const asked = [state, days, holds, deletions];
  const failed = asked.find(({ isError }) => isError);
  const mayChange = provincial && me.permissions.includes('retention.change');
  const again = () => {
    for (const one of asked) if (one.isError) void one.refetch();
  };
  return (
    <>
      <PageTitle title="nav.retention" />
      <Progress
        busy={asked.some(({ isPending, fetchStatus }) => isPending && fetchStatus === 'fetching')}
        cancel={() => queries.cancelQueries()}
      />
      <div className="min-h-0 max-w-[88rem] flex-1 space-y-4 overflow-auto px-4 pb-6">
        {failed && <ProblemNotice error={failed.error} retry={again} />}
        {!provincial && <Partial>{t('retention.bound')}</Partial>}
        {state.data && <PolicyCard state={state.data} mayChange={mayChange} />}
        {holds.data && <Holds holds={holds.data.holds} mayChange={mayChange} />}
        {days.data && <Days days={days.data.days} />}
        {deletions.data && (
          <Deleted
            deletions={deletions.data.pages.flatMap((page) => page.deletions)}
            more={deletions.hasNextPage ? () => void deletions.fetchNextPage() : undefined}
          />
        )}
      </div>
    </>
  );
}
