import { useEffect, useState } from 'react';
import type { Session } from '../../server/accounts/schema.ts';
import { useAgencies } from '../api/queries.ts';
import { useText } from '../i18n/language.tsx';
import { AgencyOptions } from '../parts/agency-options.tsx';
import { Icon } from '../parts/icons.tsx';
import { SEVERITIES } from '../parts/severity.ts';
import { type QueueFilter, STATUSES } from './filter.ts';

function toggled<T>(list: readonly T[], value: T, order: readonly T[]): readonly T[] {
  return order.filter((one) => list.includes(one) !== (one === value));
}

const WRITTEN_AFTER_MS = 250;

/** Chips of status and severity, agency, owner and words; each press changes the address. */
export function FilterBar({
  filter,
  change,
  me,
}: {
  readonly filter: QueueFilter;
  readonly change: (filter: QueueFilter) => void;
  readonly me: Session;
}) {
  const t = useText();
  const agencies = useAgencies().data?.agencies ?? [];
  const [text, setText] = useState(filter.text);
  useEffect(() => setText(filter.text), [filter.text]);
  useEffect(() => {
    if (text === filter.text) return;
    const timer = setTimeout(() => change({ ...filter, text }), WRITTEN_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text, filter, change]);
  return (
    <search className="flex flex-wrap items-center gap-2 border-b border-line px-4 pb-3">
      <fieldset className="flex flex-wrap gap-1">
        <legend className="sr-only">{t('alert.status')}</legend>
        {STATUSES.map((status) => (
          <button
            key={status}
            type="button"
            className="chip"
            aria-pressed={filter.status.includes(status)}
            onClick={() => change({ ...filter, status: toggled(filter.status, status, STATUSES) })}
          >
            {filter.status.includes(status) && <Icon name="check" className="size-3" />}
            {t(`status.${status}`)}
          </button>
        ))}
      </fieldset>
      <fieldset className="flex flex-wrap gap-1">
        <legend className="sr-only">{t('alert.severity')}</legend>
        {SEVERITIES.map((severity) => (
          <button
            key={severity}
            type="button"
            className="chip"
            aria-pressed={filter.severity.includes(severity)}
            onClick={() => change({ ...filter, severity: toggled(filter.severity, severity, SEVERITIES) })}
          >
            {filter.severity.includes(severity) && <Icon name="check" className="size-3" />}
            {t(`severity.${severity}`)}
          </button>
        ))}
      </fieldset>
      <button
        type="button"
        className="chip"
        aria-pressed={filter.owner === me.user}
        onClick={() => change({ ...filter, owner: filter.owner === me.user ? '' : me.user })}
      >
        {t('queue.mine')}
      </button>
      {filter.rule !== '' && (
        <button type="button" className="chip" aria-pressed="true" onClick={() => change({ ...filter, rule: '' })}>
          {t('queue.oneRule')}
          <Icon name="close" className="size-3" />
        </button>
      )}
      <select
        aria-label={t('alert.agency')}
        className="field w-auto max-w-40 text-small"
        value={filter.agency}
        onChange={(event) => change({ ...filter, agency: event.target.value })}
      >
        <option value="">{t('queue.allAgencies')}</option>
        {filter.agency !== '' && !agencies.some(({ id }) => id === filter.agency) && (
          <option value={filter.agency}>{filter.agency}</option>
        )}
        <AgencyOptions />
      </select>
      <input
        type="search"
        className="field w-auto min-w-36 flex-1 text-small lg:max-w-72"
        aria-label={t('queue.text')}
        placeholder={t('queue.text')}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
    </search>
  );
}
