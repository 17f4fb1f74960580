import type { ReactNode } from 'react';
import { useOverview } from '../api/queries.ts';
import { useText } from '../i18n/language.tsx';
import { Empty, ProblemNotice, Progress } from '../parts/states.tsx';

/** Shows its content where this server receives what provinces report; elsewhere it says where that is. */
export function NationalOnly({ children }: { readonly children: ReactNode }) {
  const t = useText();
  const overview = useOverview();
  if (overview.data?.role === 'national') return children;
  if (overview.data) {
    return (
      <Empty title={t('board.notNational')}>
        <p>{t('board.notNationalHint')}</p>
      </Empty>
    );
  }
  return overview.isError ? (
    <div className="p-4">
      <ProblemNotice error={overview.error} retry={() => overview.refetch()} />
    </div>
  ) : (
    <Progress busy />
  );
}
