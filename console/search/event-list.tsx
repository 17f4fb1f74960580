import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { useText } from '../i18n/language.tsx';
import { FieldTable } from '../parts/field-table.tsx';
import { fieldText } from '../parts/fields.ts';
import { Icon } from '../parts/icons.tsx';
import { LogText, Visible } from '../parts/log-text.tsx';
import { ScrollRegion } from '../parts/scroll-region.tsx';
import { Time } from '../parts/time.tsx';
import { useKeys } from '../parts/use-keys.ts';

/** An event of a search answer. */
export interface FoundEvent {
  readonly id: string;
  readonly event: Record<string, unknown>;
}

const LINE_SHOWN = 300;

/** Found events, newest first, each of which opens to all its fields. */
export function EventList({
  events,
  filter,
}: {
  readonly events: readonly FoundEvent[];
  readonly filter: (name: string, value: unknown, negate: boolean) => void;
}) {
  const t = useText();
  const scroller = useRef<HTMLElement>(null);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const virtual = useVirtualizer({
    count: events.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 36,
    getItemKey: (index) => events[index]?.id ?? index,
    overscan: 10,
  });
  const [goal, setGoal] = useState<{ readonly index: number }>();
  // Keys may come faster than rows are drawn: the next step is from where the last one leads, not from the old focus.
  const ahead = useRef<number>(undefined);
  useEffect(() => {
    if (!goal) return;
    virtual.scrollToIndex(goal.index);
    // The row may be drawn only by the scrolling.
    const frame = requestAnimationFrame(() => {
      scroller.current?.querySelector<HTMLElement>(`li[data-index="${goal.index}"] > button`)?.focus();
      ahead.current = undefined;
    });
    return () => cancelAnimationFrame(frame);
  }, [goal, virtual]);
  const move = (step: number): void => {
    const row = scroller.current?.contains(document.activeElement) && document.activeElement?.closest('li[data-index]');
    const focused = row ? Number(row.getAttribute('data-index')) : (goal?.index ?? -1);
    const index = Math.min(events.length - 1, Math.max(0, (ahead.current ?? focused) + step));
    ahead.current = index;
    setGoal({ index });
  };
  useKeys({ j: () => move(1), k: () => move(-1) });
  const toggle = (id: string): void =>
    setOpen((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  return (
    <ScrollRegion
      ref={scroller}
      label={t('search.results')}
      className="min-h-0 flex-1 overflow-auto border-t border-line"
    >
      <ul className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start, key }) => {
          const found = events[index];
          if (!found) return null;
          const { id, event } = found;
          const isOpen = open.has(id);
          const line = fieldText(event, 'message') ?? fieldText(event, 'event.original') ?? id;
          const host = fieldText(event, 'host.name') ?? fieldText(event, 'haidang.source') ?? '';
          return (
            <li
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              className="absolute inset-x-0 top-0 border-b border-line"
              style={{ transform: `translateY(${start}px)` }}
            >
              <button
                type="button"
                aria-expanded={isOpen}
                className="flex min-h-9 w-full flex-wrap items-center gap-x-3 px-4 py-1 text-left hover:bg-hover md:flex-nowrap"
                onClick={() => toggle(id)}
              >
                <Icon name={isOpen ? 'down' : 'right'} className="text-muted" />
                <span className="shrink-0 text-small text-muted">
                  <Time at={fieldText(event, '@timestamp') ?? ''} />
                </span>
                <span className="w-28 shrink-0 truncate text-small text-muted" title={host}>
                  <Visible text={host.slice(0, 100)} />
                </span>
                <span
                  className="log min-w-0 flex-1 basis-full truncate !whitespace-nowrap md:basis-0"
                  dir="ltr"
                  lang="und"
                >
                  <Visible text={line.slice(0, LINE_SHOWN).replaceAll('\n', ' ↵ ')} />
                </span>
              </button>
              {isOpen && (
                <div className="bg-surface px-4 py-3">
                  <p className="mb-3 rounded-md border border-line bg-bg p-2">
                    <LogText text={fieldText(event, 'event.original') ?? line} />
                  </p>
                  <FieldTable event={event} filter={filter} />
                </div>
              )}
            </li>
          );
        })}
      </ul>
    </ScrollRegion>
  );
}
