import { useState } from 'react';
import type { LedgerRow } from '../../server/ledger/schema.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Icon } from '../parts/icons.tsx';
import { LogText, Visible } from '../parts/log-text.tsx';
import { ScrollRegion } from '../parts/scroll-region.tsx';
import { Time } from '../parts/time.tsx';
import { useNarrow } from '../parts/use-narrow.ts';
import { type Equation, equations } from './equations.ts';
import { StateMark } from './state-mark.tsx';

function Sum({ equation }: { readonly equation: Equation }) {
  const t = useText();
  const format = useFormat();
  const { whole, parts, remainder } = equation;
  return (
    <>
      <div className="flex flex-wrap items-baseline justify-between gap-x-3">
        <span className="font-medium">{format.number(whole)}</span>
        {remainder === 0 ? (
          <span className="inline-flex items-center gap-1 text-small text-good">
            <Icon name="check" className="size-3" />
            {t('ledger.holds')}
          </span>
        ) : (
          <span className="inline-flex items-center gap-1 text-small font-semibold whitespace-nowrap text-critical">
            <Icon name="broken" className="size-3" />
            {t('ledger.remainder', { count: remainder })}
          </span>
        )}
      </div>
      <dl className="mt-1 grid grid-cols-[1fr_auto] gap-x-3 text-small text-muted">
        {parts.map(([part, count]) => (
          <div key={part} className="contents">
            <dt>{t(`ledger.part.${part}`)}</dt>
            <dd
              className={`text-right ${count > 0 && ['dropped', 'quarantined', 'deadLettered', 'lost', 'gap'].includes(part) ? 'font-semibold text-high' : ''}`}
            >
              {format.number(count)}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Name({ row }: { readonly row: LedgerRow }) {
  return (
    <>
      <span className="block text-body font-medium break-all">
        <Visible text={row.source} />
      </span>
      <span className="block font-normal break-words text-muted">
        <Visible text={row.collectorName} prose /> · {row.agency}
      </span>
    </>
  );
}

function Spoke({ row }: { readonly row: LedgerRow }) {
  const t = useText();
  return (
    <>
      {row.lastReadAt === null ? t('ledger.never') : <Time at={row.lastReadAt} as="relative" />}
      {row.lastSeenAt !== null && (
        <span className="block text-muted">
          {t('ledger.seen')} <Time at={row.lastSeenAt} as="relative" />
        </span>
      )}
    </>
  );
}

function Remarks({ row }: { readonly row: LedgerRow }) {
  const t = useText();
  const [all, setAll] = useState(false);
  const reasons = Object.entries(row.droppedBy).filter(([, count]) => count > 0);
  const shown = row.missing.slice(0, all ? undefined : 3);
  const rest = row.missingTotal - shown.length;
  return (
    <div className="space-y-1 text-small">
      {row.error !== null && (
        <p className="text-critical">
          <Visible text={row.error} />
        </p>
      )}
      {row.unparsed > 0 && <p>{t('ledger.unparsed', { count: row.unparsed })}</p>}
      {row.kernelDropped > 0 && <p className="text-high">{t('ledger.kernelDropped', { count: row.kernelDropped })}</p>}
      {reasons.map(([reason, count]) => (
        <p key={reason} className="text-high">
          {t('ledger.droppedBy', { count, reason })}
        </p>
      ))}
      {row.missingTotal > 0 && (
        <div className="text-critical">
          <p className="font-semibold">{t('ledger.missing', { count: row.missingTotal })}</p>
          <ul>
            {shown.map((id) => (
              <li key={id}>
                <LogText text={id} />
              </li>
            ))}
          </ul>
          {rest > 0 &&
            (all || row.missing.length <= 3 ? (
              <p>{t('common.andMore', { count: rest })}</p>
            ) : (
              <button type="button" className="link" onClick={() => setAll(true)}>
                {t('common.showAll')}
              </button>
            ))}
        </div>
      )}
    </div>
  );
}

/** One source where there is no room for a table. */
function SourceCard({ row }: { readonly row: LedgerRow }) {
  const t = useText();
  return (
    <li className="card space-y-3 p-4">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1">
        <h3 className="min-w-0">
          <Name row={row} />
        </h3>
        <StateMark state={row.state} />
      </div>
      <dl className="grid gap-x-8 gap-y-3 sm:grid-cols-3">
        {equations(row).map((equation) => (
          <div key={equation.name} className="min-w-0">
            <dt className="text-small text-muted">{t(`ledger.${equation.name}`)}</dt>
            <dd>
              <Sum equation={equation} />
            </dd>
          </div>
        ))}
      </dl>
      <p className="text-small">
        <span className="text-muted">{t('ledger.lastRead')}: </span>
        <Spoke row={row} />
      </p>
      <Remarks row={row} />
    </li>
  );
}

/** From this width, rem, seven columns have room: names of the parts are long in Vietnamese and Khmer. */
const TABLE_FROM = 100;

/** The three equations of every source, its state, and what is to be said about it. */
export function Sources({ rows }: { readonly rows: readonly LedgerRow[] }) {
  const t = useText();
  const narrow = useNarrow(TABLE_FROM);
  if (narrow) {
    return (
      <section aria-labelledby="sources">
        <h2 id="sources" className="sr-only">
          {t('ledger.table')}
        </h2>
        <ul className="space-y-3">
          {rows.map((row) => (
            <SourceCard key={`${row.collector} ${row.source}`} row={row} />
          ))}
        </ul>
      </section>
    );
  }
  return (
    <ScrollRegion className="card overflow-x-auto" label={t('ledger.table')}>
      <table className="data-table w-full min-w-[62rem] table-fixed">
        <caption className="sr-only">{t('ledger.table')}</caption>
        <colgroup>
          <col className="w-[14%]" />
          <col className="w-[20%]" />
          <col className="w-[13.5%]" span={3} />
          <col className="w-[11%]" />
          <col className="w-[14.5%]" />
        </colgroup>
        <thead>
          <tr>
            <th scope="col">{t('ledger.state')}</th>
            <th scope="col">{t('ledger.source')}</th>
            <th scope="col">{t('ledger.read')}</th>
            <th scope="col">{t('ledger.spooled')}</th>
            <th scope="col">{t('ledger.stored')}</th>
            <th scope="col">{t('ledger.lastRead')}</th>
            <th scope="col">{t('ledger.remarks')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.collector} ${row.source}`}>
              <td>
                <StateMark state={row.state} />
              </td>
              <th scope="row" className="!bg-transparent align-top !text-text">
                <Name row={row} />
              </th>
              {equations(row).map((equation) => (
                <td key={equation.name}>
                  <Sum equation={equation} />
                </td>
              ))}
              <td className="text-small">
                <Spoke row={row} />
              </td>
              <td className="break-words">
                <Remarks row={row} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
