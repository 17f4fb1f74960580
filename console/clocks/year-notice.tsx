import { useState } from 'react';
import type { Session } from '../../server/accounts/schema.ts';
import type { YearRow } from '../../server/clocks/schema.ts';
import { useText } from '../i18n/language.tsx';
import { Time } from '../parts/time.tsx';
import { ClockMark, ClockName } from './clock-mark.tsx';
import { MarkDialog } from './mark-dialog.tsx';

/** Above the incidents: the report of the year, as long as it is counted down. */
export function YearNotice({ years, me }: { readonly years: readonly YearRow[]; readonly me: Session }) {
  const t = useText();
  const [marking, setMarking] = useState<YearRow>();
  const mayMark = me.permissions.includes('incidents.approve') && me.agencies === 'all';
  if (years.length === 0) return null;
  return (
    <>
      <ul className="card mb-3 divide-y divide-line">
        {years.map((year) => (
          <li
            key={year.year}
            data-year={year.year}
            className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2 text-small"
          >
            <span className="font-medium">
              <ClockName name={year.name} /> {String(year.year)}
            </span>
            <span>
              {t('clocks.due')} <Time at={year.due} />
            </span>
            <ClockMark state={year.state} />
            <span className="flex-1" />
            {mayMark && (
              <button type="button" className="button text-small" onClick={() => setMarking(year)}>
                {t('clocks.mark')}
              </button>
            )}
          </li>
        ))}
      </ul>
      {marking && (
        <MarkDialog
          path={`/clocks/years/${marking.year}`}
          name={marking.name}
          isSaid={marking.mark !== null}
          close={() => setMarking(undefined)}
        />
      )}
    </>
  );
}
