import type { Finding } from '../../server/fleet/schema.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Time } from '../parts/time.tsx';

/** One thing that is wrong with a collector: what it is, since when, and what to do next. */
export function FindingText({ finding: { what, source, at, amount, detail } }: { readonly finding: Finding }) {
  const t = useText();
  const format = useFormat();
  const measured =
    amount === null
      ? undefined
      : what === 'disk'
        ? format.bytes(amount)
        : what === 'spool'
          ? format.percent(amount)
          : what === 'clock'
            ? `${format.number(amount / 1000)} s`
            : format.number(amount);
  return (
    <li className="rounded border border-line px-3 py-2">
      <p className="font-medium break-words">
        {t(`fleet.finding.${what}`)}
        {measured !== undefined && ` (${measured})`}
        {source !== null && (
          <>
            {': '}
            <Visible text={source} />
          </>
        )}
        {at !== null && (
          <span className="font-normal text-muted">
            {' · '}
            <Time at={at} as="brief" />
          </span>
        )}
      </p>
      {detail !== null && (
        <p className="text-small break-words text-muted">
          <Visible text={detail} prose />
        </p>
      )}
      <p className="text-small">{t(`fleet.todo.${what}`)}</p>
    </li>
  );
}
