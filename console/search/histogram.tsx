import { useEffect, useRef, useState } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { HistogramAnswer } from '../../server/search/schema.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { LogText } from '../parts/log-text.tsx';
import { type Band, bandsOf, stacked } from './stack.ts';

const HEIGHT = 120;
const LEAST_BRUSH_PX = 4;
const DAY_S = 86_400;
const LONGEST_SHOWN = 80;

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Grows by one whenever the theme changes, because the canvas keeps the colours it was drawn with. */
function useThemeCount(): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const watch = new MutationObserver(() => setCount((before) => before + 1));
    watch.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => watch.disconnect();
  }, []);
  return count;
}

/** Bars of events by time, divided by the values of a field where one is chosen; drawing a brush sets the time range. */
export function Histogram({
  answer,
  zoom,
  add,
}: {
  readonly answer: HistogramAnswer;
  readonly zoom: (fromMilliseconds: number, toMilliseconds: number) => void;
  readonly add: (field: string, value: string, negate: boolean) => void;
}) {
  const t = useText();
  const format = useFormat();
  const place = useRef<HTMLDivElement>(null);
  const theme = useThemeCount();
  const zoomNow = useRef(zoom);
  zoomNow.current = zoom;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme is read from the document.
  useEffect(() => {
    const element = place.current;
    const bars = UPlot.paths.bars;
    if (!element || !bars) return;
    const starts = answer.buckets.map(({ start }) => Date.parse(start) / 1000);
    const bands = bandsOf(answer);
    const width = answer.intervalSeconds;
    const from = Date.parse(answer.from) / 1000;
    const to = Date.parse(answer.to) / 1000;
    const tick = (second: number): string => {
      const text = format.dateTime(second * 1000);
      if (to - from <= 2 * DAY_S) return text.slice(11, 16);
      const year = format.dateTime(Date.now()).slice(6, 10);
      return text.slice(0, text.slice(6, 10) === year ? 5 : 10);
    };
    const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
    const font = '12px "Noto Sans Variable", sans-serif';
    const plot = new UPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        padding: [8, 8, 0, 0],
        cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false }, y: false },
        scales: {
          x: { time: true, range: () => [from, to] },
          y: { range: (_, _least, most) => [0, Math.max(1, most * 1.1)] },
        },
        axes: [
          { ...axis, font, size: 28, space: 88, values: (_, seconds) => seconds.map(tick) },
          {
            ...axis,
            font,
            size: 56,
            space: 32,
            values: (_, counts) => counts.map((n) => (Number.isInteger(n) ? format.number(n) : '')),
          },
        ],
        series: [
          {},
          // The whole bar first: each one after it covers its lower part.
          ...bands.toReversed().map((band) => ({
            fill: colour(band.colour),
            width: 0,
            paths: bars({ size: [0.9, 40], align: 1 }),
            points: { show: false },
          })),
        ],
        hooks: {
          setSelect: [
            (drawn) => {
              if (drawn.select.width < LEAST_BRUSH_PX) return;
              const begin = drawn.posToVal(drawn.select.left, 'x');
              const end = drawn.posToVal(drawn.select.left + drawn.select.width, 'x');
              zoomNow.current(Math.floor(begin * 1000), Math.ceil(Math.max(end, begin + Math.min(width, 1)) * 1000));
            },
          ],
          setCursor: [
            (drawn) => {
              const at = drawn.cursor.idx;
              element.title = at === null || at === undefined ? '' : tip(at);
            },
          ],
        },
      },
      [starts, ...stacked(bands).toReversed()],
      element,
    );
    const tip = (at: number): string => {
      const bucket = answer.buckets[at];
      if (!bucket) return '';
      const parts = bands.length < 2 ? [] : bands.filter(({ counts }) => (counts[at] ?? 0) > 0);
      const lines = parts.map(
        (band) => `${nameOf(band).slice(0, LONGEST_SHOWN)}: ${format.number(band.counts[at] ?? 0)}`,
      );
      return [`${format.dateTime(bucket.start)}: ${format.number(bucket.count)}`, ...lines].join('\n');
    };
    const nameOf = (band: Band): string => band.value ?? t(band.kind === 'absent' ? 'search.noValue' : 'search.others');
    const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      plot.destroy();
    };
  }, [answer, format, theme, t]);
  const label = t('search.histogram', {
    count: answer.total,
    from: format.dateTime(answer.from),
    to: format.dateTime(answer.to),
  });
  return (
    <figure className="m-0">
      <div ref={place} role="img" aria-label={label} className="h-[120px] w-full overflow-hidden" />
      {answer.stack && <Legend answer={answer} field={answer.stack.field} add={add} />}
    </figure>
  );
}

/** Which colour is which value, with how many there are; a value is a button that narrows the search to it. */
function Legend({
  answer,
  field,
  add,
}: {
  readonly answer: HistogramAnswer;
  readonly field: string;
  readonly add: (field: string, value: string, negate: boolean) => void;
}) {
  const t = useText();
  const format = useFormat();
  const bands = bandsOf(answer).filter(({ counts }) => counts.some((count) => count > 0));
  return (
    <figcaption>
      <ul aria-label={t('search.legend', { field })} className="flex flex-wrap gap-x-4 gap-y-1 py-1 text-small">
        {bands.map(({ kind, value, colour: name, counts }) => {
          const total = format.number(counts.reduce((sum, count) => sum + count, 0));
          const swatch = (
            <span className="mr-1 inline-block size-3 shrink-0 rounded-sm" style={{ background: `var(${name})` }} />
          );
          return (
            <li key={value ?? kind} className="flex max-w-full items-center">
              {value === undefined ? (
                <span className="flex items-center text-muted">
                  {swatch}
                  {t(kind === 'absent' ? 'search.noValue' : 'search.others')} · {total}
                </span>
              ) : (
                <button
                  type="button"
                  className="flex min-w-0 items-center rounded hover:bg-hover"
                  title={t('search.clickHint')}
                  onClick={(event) => add(field, value, event.altKey || event.shiftKey)}
                >
                  {swatch}
                  <span className="min-w-0 truncate">
                    <LogText text={value === '' ? '""' : value.slice(0, LONGEST_SHOWN)} />
                  </span>
                  <span className="ml-1 shrink-0 text-muted">· {total}</span>
                </button>
              )}
            </li>
          );
        })}
      </ul>
    </figcaption>
  );
}
