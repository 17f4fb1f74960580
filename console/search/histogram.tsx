import { useEffect, useRef, useState } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { HistogramAnswer } from '../../server/search/schema.ts';
import { useFormat, useText } from '../i18n/language.tsx';

const HEIGHT = 120;
const LEAST_BRUSH_PX = 4;
const DAY_S = 86_400;

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

/** Bars of events by time; drawing a brush over them sets the time range. */
export function Histogram({
  answer,
  zoom,
}: {
  readonly answer: HistogramAnswer;
  readonly zoom: (fromMilliseconds: number, toMilliseconds: number) => void;
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
    const counts = answer.buckets.map(({ count }) => count);
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
          { fill: colour('--accent'), width: 0, paths: bars({ size: [0.9, 40], align: 1 }), points: { show: false } },
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
              const bucket = at === null || at === undefined ? undefined : answer.buckets[at];
              element.title = bucket ? `${format.dateTime(bucket.start)}: ${format.number(bucket.count)}` : '';
            },
          ],
        },
      },
      [starts, counts],
      element,
    );
    const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      plot.destroy();
    };
  }, [answer, format, theme]);
  const label = t('search.histogram', {
    count: answer.total,
    from: format.dateTime(answer.from),
    to: format.dateTime(answer.to),
  });
  return (
    <figure className="m-0">
      <div ref={place} role="img" aria-label={label} className="h-[120px] w-full overflow-hidden" />
    </figure>
  );
}
