import { useCallback, useSyncExternalStore } from 'react';

/** Whether the window is narrower than `rem`: too narrow for a wide table, whose rows are then cards. */
export function useNarrow(rem: number): boolean {
  const query = `(width < ${rem}rem)`;
  const watch = useCallback(
    (changed: () => void) => {
      const list = matchMedia(query);
      list.addEventListener('change', changed);
      return () => list.removeEventListener('change', changed);
    },
    [query],
  );
  return useSyncExternalStore(watch, () => matchMedia(query).matches);
}
