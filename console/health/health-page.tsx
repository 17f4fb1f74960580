import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { HealthCertificate, SystemHealth } from '../../server/health/schema.ts';
import { getJson } from '../api/client.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Icon } from '../parts/icons.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ScrollRegion } from '../parts/scroll-region.tsx';
import { PageTitle, Partial, ProblemNotice, Progress } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';

const EVERY_MS = 10_000;
const GIB = 1024 ** 3;

/** `/health`, for who runs the server: its parts, what waits, the disk, certificates, the last backup. */
export function HealthPage() {
  const t = useText();
  const queries = useQueryClient();
  const health = useQuery({
    queryKey: ['health'],
    queryFn: ({ signal }) => getJson<SystemHealth>('/health', {}, signal),
    refetchInterval: EVERY_MS,
  });
  return (
    <>
      <PageTitle title="nav.health">
        {health.data && (
          <span className="text-muted">
            {t('ledger.asOf')} <Time at={health.data.at} />
          </span>
        )}
      </PageTitle>
      <Progress busy={health.isPending} cancel={() => queries.cancelQueries({ queryKey: ['health'] })} />
      <ScrollRegion className="min-h-0 flex-1 overflow-auto px-4 pb-6" label={t('nav.health')}>
        {health.isError && <ProblemNotice error={health.error} retry={() => health.refetch()} />}
        {health.isError && health.data && <Partial>{t('common.stale')}</Partial>}
        {health.data && (
          <div className="grid max-w-[88rem] gap-4 lg:grid-cols-2">
            <Parts health={health.data} />
            <Queues health={health.data} />
            <Workers list={health.data.workers} />
            <Space health={health.data} />
            <Certificates list={health.data.certificates} />
            <Backup health={health.data} />
          </div>
        )}
      </ScrollRegion>
    </>
  );
}

function Card({ id, title, children }: { readonly id: string; readonly title: string; readonly children: ReactNode }) {
  return (
    <section className="card h-fit p-4" aria-labelledby={id}>
      <h2 id={id} className="mb-2 font-semibold">
        {title}
      </h2>
      {children}
    </section>
  );
}

function Facts({ facts }: { readonly facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="divide-y divide-line">
      {facts.map(([name, value], place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two collectors may have one name, and the list is drawn whole.
        <div key={`${place} ${name}`} className="flex flex-wrap justify-between gap-x-4 py-1.5">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 break-words tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Mark({ ok, children }: { readonly ok: boolean; readonly children: ReactNode }) {
  return (
    <span className={`inline-flex items-center gap-1 ${ok ? 'text-good' : 'font-semibold text-critical'}`}>
      <Icon name={ok ? 'check' : 'broken'} className="size-3" />
      {children}
    </span>
  );
}

function Parts({ health: { parts, version, startedAt, memoryBytes } }: { readonly health: SystemHealth }) {
  const t = useText();
  const format = useFormat();
  const states = parts.map(({ name, state }) => {
    const ok = state === 'ok';
    return [
      name,
      <Mark key={name} ok={ok}>
        {ok ? t('health.ok') : <Visible text={state} />}
      </Mark>,
    ] as const;
  });
  return (
    <Card id="parts" title={t('health.parts')}>
      <Facts
        facts={[
          ...states,
          [t('health.version'), version],
          [t('health.started'), <Time key="started" at={startedAt} as="brief" />],
          [t('health.memory'), `${format.number(Math.round(memoryBytes / 1024 ** 2))} MiB`],
        ]}
      />
    </Card>
  );
}

function Queues({ health: { queues } }: { readonly health: SystemHealth }) {
  const t = useText();
  const format = useFormat();
  return (
    <Card id="queues" title={t('health.queues')}>
      <Facts
        facts={[
          [t('health.detection'), format.number(queues.detection)],
          [t('health.collectors'), format.number(queues.collectors)],
          [t('health.deadLettered'), format.number(queues.deadLettered)],
          [t('health.consoles'), format.number(queues.consoles)],
        ]}
      />
      {queues.trouble !== null && (
        <p className="mt-2">
          <Mark ok={false}>
            <Visible text={queues.trouble} />
          </Mark>
        </p>
      )}
    </Card>
  );
}

/** The threads by the names that the log gives them. */
function Workers({ list }: { readonly list: SystemHealth['workers'] }) {
  const t = useText();
  return (
    <Card id="workers" title={t('health.workers')}>
      <Facts
        facts={list.map(({ name, state, deaths, calls }) => [
          name,
          <Mark key={name} ok={state === 'runs'}>
            {t(`health.worker.${state}`)}
            {calls !== null && ` · ${t('health.worker.calls', { count: calls })}`}
            {deaths > 0 && ` · ${t('health.worker.deaths', { count: deaths })}`}
          </Mark>,
        ])}
      />
    </Card>
  );
}

function Space({ health: { disk, store } }: { readonly health: SystemHealth }) {
  const t = useText();
  const format = useFormat();
  const gib = (bytes: number): string => `${format.number(Math.round((bytes / GIB) * 10) / 10)} GiB`;
  return (
    <Card id="space" title={t('health.store')}>
      <Facts
        facts={[
          [t('health.events'), format.number(store.events)],
          [t('health.days'), format.number(store.days)],
          [
            t('health.disk'),
            <Mark key="disk" ok={disk.state === 'ok'}>
              {t('health.used', { percent: Math.round(disk.usedPercent) })}
            </Mark>,
          ],
          [t('health.free'), gib(disk.freeBytes)],
          [
            t('health.forecast'),
            disk.daysLeft === null ? t('health.unknown') : t('disk.daysLeft', { count: Math.floor(disk.daysLeft) }),
          ],
        ]}
      />
    </Card>
  );
}

function Certificates({ list }: { readonly list: readonly HealthCertificate[] }) {
  const t = useText();
  return (
    <Card id="certificates" title={t('health.certificates')}>
      <Facts
        facts={list.map(({ what, name, notAfter, state }) => [
          `${t(`health.certificate.${what}`)}${name === '' ? '' : ` · ${name}`}`,
          <Mark key={`${what} ${name}`} ok={state === 'ok'}>
            {t(state === 'over' ? 'health.ended' : 'health.ends')} <Time at={notAfter} as="brief" />
          </Mark>,
        ])}
      />
    </Card>
  );
}

function Backup({ health: { backup, restoredAt } }: { readonly health: SystemHealth }) {
  const t = useText();
  return (
    <Card id="backup" title={t('health.backup')}>
      <Facts
        facts={[
          [
            t('health.lastBackup'),
            backup === null ? (
              t('health.noBackup')
            ) : (
              <Mark key="backup" ok={backup.state !== 'failed'}>
                {t(`health.backup.${backup.state}`)} <Time at={backup.startedAt} as="brief" />
              </Mark>
            ),
          ],
          [
            t('health.restored'),
            restoredAt === null ? t('health.neverRestored') : <Time key="restored" at={restoredAt} as="brief" />,
          ],
        ]}
      />
      {backup?.error && (
        <p className="mt-2 break-words">
          <Visible text={backup.error} />
        </p>
      )}
      <p className="mt-2 text-small text-muted">{t('health.backupHow')}</p>
    </Card>
  );
}
