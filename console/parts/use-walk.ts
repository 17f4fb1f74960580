// biome-ignore-all lint/correctness/noComponentHookFactories: the lint takes key handlers named in a map for components.
import { useState } from 'react';
import { useKeys } from './use-keys.ts';

/** Walking a list by `j` and `k`: gives what to call where an entry gets the focus by another way. */
export function useWalk(ids: readonly string[], elementOf: (id: string) => string): (id: string) => void {
  const [cursor, setCursor] = useState<string>();
  const move = (step: number): void => {
    const at = cursor === undefined ? -1 : ids.indexOf(cursor);
    const id = ids[at < 0 ? 0 : Math.max(0, Math.min(ids.length - 1, at + step))];
    setCursor(id);
    if (id !== undefined) document.getElementById(elementOf(id))?.focus();
  };
  useKeys({ j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1) });
  return setCursor;
}
