import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Session } from '../../server/accounts/schema.ts';
import type { FleetCollector, FleetCollectors } from '../../server/fleet/schema.ts';
import { getJson } from '../api/client.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Visible } from '../parts/log-text.tsx';
import { FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { FindingText } from './finding-text.tsx';
import { GroupForm } from './group-form.tsx';
import { GroupsCard } from './groups-card.tsx';
import { RevokeButton } from './revoke-button.tsx';
import { SilenceCard } from './silence-card.tsx';
import { TokenForm } from './token-form.tsx';

const REFRESH_MS = 10_000;
const STATES = ['broken', 'attention', 'well', 'revoked'] as const;

/** `/fleet`: how every collector is, what is wrong and what to do, and tokens for new ones. */
export function FleetPage({ me }: { readonly me: Session }) {
  const t = useText();
  const format = useFormat();
  const fleet = useQuery({
    queryKey: ['fleet', 'collectors'],
    queryFn: ({ signal }) => getJson<FleetCollectors>('/collectors', {}, signal),
    refetchInterval: REFRESH_MS,
  });
  const mayManage = me.permissions.includes('collectors.manage');
  const collectors = fleet.data?.collectors ?? [];
  return (
    <>
      <PageTitle title="nav.fleet" />
      <FirstFetch query={fleet} cancels={['fleet']} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6">
        {fleet.isError && <ProblemNotice error={fleet.error} retry={() => fleet.refetch()} />}
        {fleet.data && (
          <p className="mb-3 flex flex-wrap gap-x-6 gap-y-1">
            {STATES.map((state) => (
              <span key={state}>
                {t(`fleet.state.${state}`)}: {format.number(collectors.filter((one) => one.state === state).length)}
              </span>
            ))}
          </p>
        )}
        <div className="grid max-w-[96rem] gap-4 lg:grid-cols-[minmax(0,1fr)_24rem]">
          <section aria-labelledby="collectors" className="min-w-0">
            <h2 id="collectors" className="sr-only">
              {t('fleet.list')}
            </h2>
            {fleet.data && collectors.length === 0 && <p className="card p-4">{t('fleet.none')}</p>}
            {collectors.length > 0 && (
              <ul className="card divide-y divide-line">
                {collectors.map((one) => (
                  <CollectorRow
                    key={one.id}
                    collector={one}
                    mayManage={mayManage}
                    mayMove={mayManage && me.agencies === 'all'}
                  />
                ))}
              </ul>
            )}
          </section>
          <div className="min-w-0 space-y-4">
            {mayManage && (
              <section className="card h-fit p-4" aria-labelledby="new-collector">
                <h2 id="new-collector" className="mb-3 font-semibold">
                  {t('fleet.add')}
                </h2>
                <TokenForm />
              </section>
            )}
            <SilenceCard mayManage={mayManage && me.agencies === 'all'} />
          </div>
          {me.agencies === 'all' && (
            <div className="min-w-0 lg:col-span-2">
              <GroupsCard mayManage={mayManage} />
            </div>
          )}
        </div>
      </div>
    </>
  );
}

const MARK = { broken: '✕', attention: '!', well: '✓', revoked: '–' } as const;

function CollectorRow({
  collector,
  mayManage,
  mayMove,
}: {
  readonly collector: FleetCollector;
  readonly mayManage: boolean;
  readonly mayMove: boolean;
}) {
  const t = useText();
  const format = useFormat();
  const { id, name, agencyName, state, findings, lastSeenAt, version } = collector;
  return (
    <li className="px-4 py-3" data-collector={id}>
      <div className="flex flex-wrap items-start gap-x-6 gap-y-2">
        <div className="min-w-0 flex-1 basis-64">
          <h3 className="font-medium break-words">
            <span aria-hidden="true">{MARK[state]} </span>
            <Visible text={name} prose />
          </h3>
          <p className="text-small break-words text-muted">
            <Visible text={agencyName} prose /> · <code>{id}</code>
          </p>
        </div>
        <div className="basis-56 text-small">
          <p className="font-medium">{t(`fleet.state.${state}`)}</p>
          <p className="text-muted">
            {lastSeenAt === null ? t('fleet.neverSeen') : <Time at={lastSeenAt} as="relative" />}
            {version !== null && (
              <>
                {' · '}
                <Visible text={version} />
              </>
            )}
          </p>
        </div>
        {mayManage && state !== 'revoked' && <RevokeButton collector={collector} />}
      </div>
      {findings.length > 0 && (
        <ul className="mt-2 space-y-2">
          {findings.map((finding) => (
            <FindingText key={`${finding.what} ${finding.source}`} finding={finding} />
          ))}
        </ul>
      )}
      <details className="mt-2 text-small">
        <summary>{t('fleet.more')}</summary>
        <dl className="mt-2 grid grid-cols-[max-content_minmax(0,1fr)] gap-x-4 gap-y-1">
          <Fact
            label={t('fleet.waiting')}
            value={
              collector.waitingSince === null
                ? format.number(collector.waitingEvents)
                : `${format.number(collector.waitingEvents)} · ${format.dateTime(collector.waitingSince)}`
            }
          />
          <Fact label={t('fleet.quarantined')} value={format.number(collector.quarantined)} />
          <Fact
            label={t('fleet.server')}
            value={collector.server === null ? '–' : <Visible text={collector.server} />}
          />
          <Fact
            label={t('fleet.sending')}
            value={`${bytes(collector.sentPerSecond, format.bytes)} / ${
              collector.bandwidthLimit === null ? t('fleet.unbounded') : format.bytes(collector.bandwidthLimit)
            }`}
          />
          <Fact label={t('fleet.group')} value={collector.group} />
          <Fact
            label={t('fleet.policy')}
            value={[
              collector.policy.version === null
                ? t('fleet.own')
                : t('fleet.version', { version: collector.policy.version }),
              ...(collector.policy.trial ? [t('fleet.trial')] : []),
            ].join(' · ')}
          />
          <Fact label={t('fleet.cpu')} value={percent(collector.cpuPercent, format.percent)} />
          <Fact label={t('fleet.memory')} value={bytes(collector.rssBytes, format.bytes)} />
          <Fact
            label={t('fleet.spool')}
            value={`${bytes(collector.spoolBytes, format.bytes)} / ${bytes(collector.spoolMaxBytes, format.bytes)}`}
          />
          <Fact label={t('fleet.disk')} value={bytes(collector.diskFreeBytes, format.bytes)} />
          <Fact
            label={t('fleet.clock')}
            value={collector.clockOffsetMs === null ? '–' : `${format.number(collector.clockOffsetMs / 1000)} s`}
          />
          <Fact label={t('fleet.certificate')} value={format.dateTime(collector.certificateEnds)} />
        </dl>
        <ul className="mt-2 space-y-1">
          {collector.sources.map(({ source, lastReadAt, read, dropped, unparsed, error }) => (
            <li key={source} className="break-words">
              <Visible text={source} /> · {format.number(read)}
              {dropped > 0 && ` · ${t('fleet.sourceDropped', { count: format.number(dropped) })}`}
              {unparsed > 0 && ` · ${t('fleet.sourceUnparsed', { count: format.number(unparsed) })}`}
              {error !== null && (
                <span className="text-critical">
                  {' · '}
                  <Visible text={error} prose />
                </span>
              )}
              {lastReadAt !== null && (
                <>
                  {' · '}
                  <Time at={lastReadAt} as="relative" />
                </>
              )}
            </li>
          ))}
        </ul>
        {mayMove && state !== 'revoked' && <GroupForm collector={collector} />}
      </details>
    </li>
  );
}

function Fact({ label, value }: { readonly label: string; readonly value: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{label}</dt>
      <dd>{value}</dd>
    </>
  );
}

function bytes(value: number | null, format: (value: number) => string): string {
  return value === null ? '–' : format(value);
}

function percent(value: number | null, format: (value: number) => string): string {
  return value === null ? '–' : format(value);
}
