import type { BoardDetail, NationalIndicators } from '../../server/national/schema.ts';
import { useText } from '../i18n/language.tsx';
import { Card } from '../parts/card.tsx';
import { LogText, Visible } from '../parts/log-text.tsx';
import { Time, TimeSpan } from '../parts/time.tsx';
import { IndicatorKind } from './marks.tsx';

interface DetailProperties {
  readonly detail: BoardDetail;
}

/** Indicators that came with it, each with every province that met it. */
export function IndicatorsCard({ detail }: DetailProperties) {
  const t = useText();
  return (
    <Card title={t('incident.indicators')}>
      {detail.indicators.length === 0 && <p className="text-muted">{t('incident.noIndicators')}</p>}
      <ul className="divide-y divide-line">
        {detail.indicators.map(({ type, value, seen }) => (
          <li key={`${type} ${value}`} className="py-2" data-shared={seen.length > 1}>
            <p className="break-all">
              <LogText text={value} />{' '}
              <span className="text-small text-muted">
                <IndicatorKind type={type} />
              </span>
              {seen.length > 1 && (
                <span className="ml-2 text-small font-semibold">{t('board.seenBy', { count: seen.length })}</span>
              )}
            </p>
            <SeenBy seen={seen} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Who met an indicator and when, who met it first at the top. */
export function SeenBy({ seen }: Pick<NationalIndicators['indicators'][number], 'seen'>) {
  return (
    <ul className="text-small text-muted">
      {seen.map(({ province, provinceName, first, last }) => (
        <li key={province} className="break-words">
          <Visible text={provinceName} prose /> · <TimeSpan first={first} last={last} />
        </li>
      ))}
    </ul>
  );
}

/** Systems that the province names. */
export function SystemsCard({ detail }: DetailProperties) {
  const t = useText();
  return (
    <Card title={t('incident.systems')}>
      {detail.systems.length === 0 && <p className="text-muted">{t('incident.noSystems')}</p>}
      <ul>
        {detail.systems.map(({ name, level }, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a province may name one twice, and the list is drawn whole.
          <li key={place} className="break-words">
            <Visible text={name} prose />
            {level > 0 && <span className="text-small text-muted"> · {t('incident.levelOf', { level })}</span>}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** The versions as they came in. */
export function VersionsCard({ detail }: DetailProperties) {
  const t = useText();
  return (
    <Card title={t('board.versions')}>
      {detail.versions.length === 0 && <p className="text-muted">{t('board.noVersions')}</p>}
      <ol className="space-y-2">
        {detail.versions.map(({ version, at, title, severity, state }) => (
          <li key={version} data-version={version}>
            <p className="text-small text-muted">
              {t('board.received')} <Time at={at} />
            </p>
            <p className="break-words">
              {title === '' ? t('board.noTitle') : <Visible text={title} prose />}
              <span className="text-small text-muted">
                {severity !== null && ` · ${t(`severity.${severity}`)}`} · {t(`board.state.${state}`)}
              </span>
            </p>
          </li>
        ))}
      </ol>
    </Card>
  );
}

/** All objects around it, by kind. */
export function ObjectsCard({ detail }: DetailProperties) {
  const t = useText();
  return (
    <Card title={t('board.objects')}>
      {detail.objects.length === 0 && <p className="text-muted">{t('board.noObjects')}</p>}
      {detail.objects.length > 0 && (
        <details>
          <summary className="cursor-pointer">{t('board.objectCount', { count: detail.objects.length })}</summary>
          <ul className="mt-2 space-y-1 text-small">
            {detail.objects.map(({ id, type, name, tlp, revoked }) => (
              <li key={id} className="break-words" title={id}>
                <span className="log">{type}</span> <Visible text={name} prose />
                {tlp !== null && <span className="text-muted"> · TLP:{tlp.toUpperCase()}</span>}
                {revoked && <span className="font-semibold"> · {t('board.state.revoked')}</span>}
              </li>
            ))}
          </ul>
        </details>
      )}
    </Card>
  );
}
