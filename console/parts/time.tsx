import { useEffect, useState } from 'react';
import { useFormat } from '../i18n/language.tsx';

/** The present, in milliseconds, renewed every so often. */
export function useNow(everyMilliseconds = 15_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMilliseconds);
    return () => clearInterval(timer);
  }, [everyMilliseconds]);
  return now;
}

/** First to last in brief; both moments in full on hover. */
export function TimeSpan({ first, last }: { readonly first: string; readonly last: string }) {
  const format = useFormat();
  const now = useNow();
  const hover = `${format.dateTime(first)} – ${format.dateTime(last)} · ${format.utc(first)} – ${format.utc(last)}`;
  return <span title={hover}>{format.span(first, last, now)}</span>;
}

/** A moment in the province's time, UTC on hover. */
export function Time({
  at,
  as = 'full',
}: {
  readonly at: string | number;
  readonly as?: 'full' | 'brief' | 'relative';
}) {
  const format = useFormat();
  const now = useNow();
  const full = format.dateTime(at);
  const text = as === 'full' ? full : as === 'brief' ? format.brief(at, now) : format.relative(at, now);
  const moment = new Date(at);
  const machine = Number.isNaN(moment.getTime()) ? undefined : moment.toISOString();
  return (
    <time dateTime={machine} title={as === 'full' ? format.utc(at) : `${full} · ${format.utc(at)}`}>
      {text}
    </time>
  );
}
