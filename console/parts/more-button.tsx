import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import { useText } from '../i18n/language.tsx';

/** Fetches the next page of a list; nothing where there is none. */
export function MoreButton({
  list: { hasNextPage, isFetchingNextPage, fetchNextPage },
}: {
  readonly list: Pick<UseInfiniteQueryResult, 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'>;
}) {
  const t = useText();
  return (
    hasNextPage && (
      <button type="button" className="button mt-3" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
        {t('common.loadMore')}
      </button>
    )
  );
}
