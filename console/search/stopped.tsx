import type { EventSearchPage } from '../../server/search/schema.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Partial } from '../parts/states.tsx';

const TEXTS = {
  time: 'search.stoppedTime',
  rows: 'search.stoppedRows',
  documents: 'search.stoppedDocuments',
} as const;

/** Why a search stopped before the end of its range, how far back it looked, and what to do. */
export function StoppedNotice({ page }: { readonly page: EventSearchPage }) {
  const t = useText();
  const format = useFormat();
  if (page.complete) return null;
  return (
    <div className="px-4 pb-3">
      <Partial>
        {page.stopped && `${t(TEXTS[page.stopped])} `}
        {page.reached && `${t('search.reached', { at: format.dateTime(page.reached) })} `}
        {t('search.incomplete')}
      </Partial>
    </div>
  );
}
