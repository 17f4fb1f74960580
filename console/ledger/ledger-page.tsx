import { useQueryClient } from '@tanstack/react-query';
import type { Ledger } from '../../server/ledger/schema.ts';
import { useLedger } from '../api/queries.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Icon } from '../parts/icons.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ScrollRegion } from '../parts/scroll-region.tsx';
import { Empty, PageTitle, Partial, ProblemNotice, Progress } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { Sources } from './sources.tsx';

/** `/ledger`: whether every record that was read is accounted for, and how full the disk is. */
export function LedgerPage() {
  const t = useText();
  const queries = useQueryClient();
  const ledger = useLedger();
  return (
    <>
      <PageTitle title="nav.ledger">
        {ledger.data && (
          <span className="text-muted">
            {t('ledger.asOf')} <Time at={ledger.data.at} />
          </span>
        )}
      </PageTitle>
      <Progress busy={ledger.isPending} cancel={() => queries.cancelQueries({ queryKey: ['ledger'] })} />
      <ScrollRegion className="min-h-0 max-w-[104rem] flex-1 space-y-4 overflow-auto px-4 pb-6" label={t('nav.ledger')}>
        {ledger.isError && <ProblemNotice error={ledger.error} retry={() => ledger.refetch()} />}
        {ledger.isError && ledger.data && <Partial>{t('common.stale')}</Partial>}
        {ledger.data && (
          <>
            <Disk disk={ledger.data.disk} />
            {ledger.data.restored && <Restored restored={ledger.data.restored} losses={ledger.data.losses ?? []} />}
            {ledger.data.gaps.length > 0 && <Gaps gaps={ledger.data.gaps} />}
            {ledger.data.rows.length === 0 ? (
              <Empty title={t('ledger.none')}>{t('ledger.noneAdvice')}</Empty>
            ) : (
              <Sources rows={ledger.data.rows} />
            )}
          </>
        )}
      </ScrollRegion>
    </>
  );
}

function Disk({ disk }: { readonly disk: Ledger['disk'] }) {
  const t = useText();
  const format = useFormat();
  const colour = { ok: 'text-good', warning: 'text-high', stopped: 'text-critical' }[disk.state];
  const icon = ({ ok: 'check', warning: 'warning', stopped: 'broken' } as const)[disk.state];
  return (
    <section className="card flex flex-wrap items-center gap-x-8 gap-y-2 p-4" aria-labelledby="disk">
      <h2 id="disk" className="font-semibold">
        {t('disk.title')}
      </h2>
      <span className={`inline-flex items-center gap-2 ${colour}`}>
        <Icon name={icon} />
        {t(`disk.state.${disk.state}`)}
      </span>
      <meter
        className="h-4 w-40"
        min={0}
        max={100}
        low={85}
        high={95}
        optimum={0}
        value={disk.usedPercent}
        aria-label={t('disk.used', { percent: format.percent(disk.usedPercent) })}
      />
      <span>{t('disk.used', { percent: format.percent(disk.usedPercent) })}</span>
      <span>{t('disk.free', { free: format.bytes(disk.freeBytes), total: format.bytes(disk.totalBytes) })}</span>
      <span>
        {disk.daysLeft === null
          ? t('disk.daysUnknown')
          : disk.daysLeft > 366
            ? t('disk.daysMany')
            : t('disk.daysLeft', { count: Math.floor(disk.daysLeft) })}
      </span>
      <span className="log text-muted">{disk.path}</span>
    </section>
  );
}

/** The store came from a backup, and what collectors could not send again. */
function Restored({
  restored,
  losses,
}: {
  readonly restored: NonNullable<Ledger['restored']>;
  readonly losses: NonNullable<Ledger['losses']>;
}) {
  const t = useText();
  const format = useFormat();
  return (
    <Partial>
      {t('ledger.restored', { at: format.dateTime(restored.at), since: format.dateTime(restored.since) })}
      {losses.length > 0 && (
        <ul className="text-small">
          {losses.slice(0, 20).map(({ collector, source, events, to }) => (
            <li key={`${collector} ${source} ${to}`}>
              {t('ledger.lost', { count: events })} <Visible text={source} />
            </li>
          ))}
        </ul>
      )}
    </Partial>
  );
}

function Gaps({ gaps }: { readonly gaps: Ledger['gaps'] }) {
  const t = useText();
  const events = gaps.reduce((sum, gap) => sum + gap.events, 0);
  return (
    <Partial>
      {t('ledger.gaps', { count: events })}{' '}
      <span className="text-small text-muted">
        {gaps
          .slice(0, 10)
          .map(({ from, to }) => `${from}–${to}`)
          .join(', ')}
      </span>
    </Partial>
  );
}
