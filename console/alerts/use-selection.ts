import { useCallback, useRef, useState } from 'react';
import type { AlertRow } from '../../server/alerts/schema.ts';

export interface Selection {
  /** The row that the keys act on. */
  readonly cursor: string | null;
  /** Grows with each move by key, so that the focus follows. */
  readonly moved: number;
  readonly chosen: ReadonlySet<string>;
  move(step: number, extend: boolean): void;
  toggle(id: string, range: boolean): void;
  focused(id: string): void;
  /** Puts the cursor on a row and the focus with it; `null` leaves it where it is. */
  place(id: string | null): void;
  clear(): void;
}

/** Cursor and chosen rows by id, so that rows coming and going move neither. */
export function useSelection(rows: readonly AlertRow[]): Selection {
  const [cursor, setCursor] = useState<string | null>(null);
  const [moved, setMoved] = useState(0);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const now = useRef({ rows, cursor });
  now.current = { rows, cursor };
  const anchor = useRef<string | null>(null);

  const chooseRange = useCallback((from: string | null, to: string) => {
    const ids = now.current.rows.map(({ id }) => id);
    const end = ids.indexOf(to);
    const begin = from === null ? end : ids.indexOf(from);
    if (begin < 0 || end < 0) return;
    const range = ids.slice(Math.min(begin, end), Math.max(begin, end) + 1);
    setChosen((before) => new Set([...before, ...range]));
  }, []);

  const move = (step: number, extend: boolean): void => {
    const at = rows.findIndex(({ id }) => id === cursor);
    const to = at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + step));
    const id = rows[to]?.id;
    if (id === undefined) return;
    if (extend) {
      anchor.current ??= cursor ?? id;
      chooseRange(anchor.current, id);
    } else anchor.current = null;
    setCursor(id);
    setMoved((count) => count + 1);
  };

  const toggle = useCallback(
    (id: string, range: boolean) => {
      setCursor(id);
      if (range && now.current.cursor !== null) {
        chooseRange(now.current.cursor, id);
        return;
      }
      setChosen((before) => {
        const after = new Set(before);
        if (!after.delete(id)) after.add(id);
        return after;
      });
    },
    [chooseRange],
  );

  return {
    cursor,
    moved,
    chosen,
    move,
    toggle,
    focused: setCursor,
    place: (id) => {
      setCursor(id);
      if (id !== null) setMoved((count) => count + 1);
    },
    clear: () => {
      anchor.current = null;
      setChosen(new Set());
    },
  };
}
