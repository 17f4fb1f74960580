import { useState } from 'react';
import type { Session } from '../../server/accounts/schema.ts';
import type { ClockRow } from '../../server/clocks/schema.ts';
import { useText } from '../i18n/language.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { ClockMark, ClockName } from './clock-mark.tsx';
import { MarkDialog } from './mark-dialog.tsx';
import { clockPath, isOpen, useIncidentClocks } from './queries.ts';

/** On an incident: the terms of the law, what is due next, and by what each was met. */
export function ClockCard({
  incident,
  detectedAt,
  me,
}: {
  readonly incident: string;
  /** Of the incident itself; terms may count from that of another one that is part of it. */
  readonly detectedAt: string;
  readonly me: Session;
}) {
  const t = useText();
  const clocks = useIncidentClocks(incident);
  const [marking, setMarking] = useState<ClockRow>();
  const mayMark = me.permissions.includes('incidents.approve') && me.agencies === 'all';
  const rows = clocks.data?.clocks ?? [];
  return (
    <section className="card p-4" data-clock-card>
      <h2 className="mb-2 font-semibold">{t('clocks.title')}</h2>
      {clocks.isError && <ProblemNotice error={clocks.error} retry={() => clocks.refetch()} />}
      {clocks.data && rows.length === 0 && <p className="text-muted">{t('clocks.none')}</p>}
      {rows.some(({ from }) => Date.parse(from) < Date.parse(detectedAt)) && (
        <p className="mb-2 text-small">
          {t('clocks.fromMerged')} <Time at={rows[0]?.from ?? detectedAt} />
        </p>
      )}
      <ul className="divide-y divide-line">
        {rows.map((clock) => (
          <li key={clock.id} className="py-2" data-clock={clock.id}>
            <div className="flex flex-wrap items-start gap-x-3 gap-y-1">
              <div className="min-w-0 flex-1 basis-56">
                <p className="font-medium">
                  <ClockName name={clock.name} />
                </p>
                <p className="text-small">
                  {t('clocks.due')} <Time at={clock.due} />
                  {isOpen(clock) && (
                    <>
                      {' · '}
                      <Time at={clock.due} as="relative" />
                    </>
                  )}
                </p>
                <Ending clock={clock} />
                <p className="text-small break-words text-muted" lang="vi">
                  <Visible text={clock.source} prose />
                </p>
              </div>
              <div className="flex flex-col items-start gap-1 text-small sm:items-end">
                <ClockMark state={clock.state} />
                {mayMark && (
                  <button
                    type="button"
                    className="button text-small"
                    aria-label={t('clocks.markOne', { name: clock.id })}
                    onClick={() => setMarking(clock)}
                  >
                    {t('clocks.mark')}
                  </button>
                )}
              </div>
            </div>
          </li>
        ))}
      </ul>
      {marking && (
        <MarkDialog
          path={clockPath(incident, marking.id)}
          name={marking.name}
          isSaid={marking.met?.how === 'hand' || marking.waived !== null}
          close={() => setMarking(undefined)}
        />
      )}
    </section>
  );
}

function Ending({ clock: { met, waived, until, state } }: { readonly clock: ClockRow }) {
  const t = useText();
  if (met)
    return (
      <p className="text-small break-words">
        {met.how === 'report' && t('clocks.metReport', { recipient: met.recipient ?? '', number: met.number ?? 0 })}
        {met.how === 'closed' && t('clocks.metClosed')}
        {met.how === 'hand' && t('clocks.metHand', { by: met.by ?? '' })} <Time at={met.at} />
        {met.how === 'hand' && (
          <span className="block">
            <Visible text={[met.reference, met.note].filter(Boolean).join(' · ')} prose />
          </span>
        )}
      </p>
    );
  if (waived)
    return (
      <p className="text-small break-words">
        {t('clocks.waivedBy', { by: waived.by })} <Time at={waived.at} />
        <span className="block">
          <Visible text={waived.note} prose />
        </span>
      </p>
    );
  if (state === 'needless') return <p className="text-small">{t('clocks.needless')}</p>;
  return <p className="text-small text-muted">{t(`clocks.until.${until}`)}</p>;
}
