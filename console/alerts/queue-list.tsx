// biome-ignore-all lint/a11y/useSemanticElements: a table cannot be drawn row by row at computed places.
// biome-ignore-all lint/a11y/useFocusableInteractive: one tab stop for the whole grid; the rows take the focus.
import { useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useEffect, useState } from 'react';
import type { AlertRow } from '../../server/alerts/schema.ts';
import { useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { passesServerFilter, type QueueFilter } from './filter.ts';
import { QUEUE_COLUMNS, QueueRow } from './row.tsx';
import type { Selection } from './use-selection.ts';

const HEADINGS: readonly (TextKey | null)[] = [
  null,
  'alert.severity',
  'alert.what',
  'alert.agency',
  'alert.count',
  'alert.when',
  'alert.status',
];

const wideScreen = (): MediaQueryList => matchMedia('(min-width: 64rem)');

function useWide(): boolean {
  const [wide, setWide] = useState(() => wideScreen().matches);
  useEffect(() => {
    const screen = wideScreen();
    const follow = (): void => setWide(screen.matches);
    screen.addEventListener('change', follow);
    return () => screen.removeEventListener('change', follow);
  }, []);
  return wide;
}

/** The virtual list of the queue: a grid with one tab stop, whose rows the keys walk. */
export function QueueList({
  rows,
  total,
  filter,
  selection,
  scroller,
  nearEnd,
}: {
  readonly rows: readonly AlertRow[];
  readonly total: number;
  readonly filter: QueueFilter;
  readonly selection: Selection;
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly nearEnd: () => void;
}) {
  const t = useText();
  const wide = useWide();
  const khmer = document.documentElement.lang === 'km';
  const height = wide ? (khmer ? 60 : 48) : khmer ? 96 : 76;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    scrollMargin: 0,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the row's height changes with screen and language.
  useEffect(() => virtual.measure(), [virtual, height]);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 40) nearEnd();
  }, [last, rows.length, nearEnd]);

  const { cursor, moved } = selection;
  const cursorAt = rows.findIndex(({ id }) => id === cursor);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a move of the cursor moves the focus.
  useEffect(() => {
    if (moved === 0 || cursorAt < 0) return;
    virtual.scrollToIndex(cursorAt, { align: 'auto' });
    // The row may only be drawn after the scroll.
    const frame = requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        const id = rows[cursorAt]?.id;
        if (id !== undefined) document.getElementById(`row-${id}`)?.focus({ preventScroll: true });
      }),
    );
    return () => cancelAnimationFrame(frame);
  }, [moved]);

  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={t('nav.alerts')}
      aria-rowcount={Math.max(total, rows.length) + 1}
      aria-multiselectable="true"
      className="min-h-0 flex-1 overflow-auto"
    >
      <div role="rowgroup" className="sticky top-0 z-10 hidden border-b border-line bg-surface lg:block">
        <div role="row" aria-rowindex={1} className={`items-center px-4 py-1 text-small text-muted ${QUEUE_COLUMNS}`}>
          {HEADINGS.map((heading) => (
            <div
              key={heading ?? 'select'}
              role="columnheader"
              className={`truncate ${heading === 'alert.count' ? 'text-right' : ''}`}
            >
              {heading ? t(heading) : <span className="sr-only">{t('queue.select')}</span>}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start }) => {
          const row = rows[index];
          if (!row) return null;
          return (
            <QueueRow
              key={row.id}
              row={row}
              place={index + 2}
              offset={start}
              height={height}
              chosen={selection.chosen.has(row.id)}
              current={cursor === null || cursorAt < 0 ? index === 0 : row.id === cursor}
              faded={!passesServerFilter(filter, row)}
              select={selection.toggle}
              focused={selection.focused}
            />
          );
        })}
      </div>
    </div>
  );
}
