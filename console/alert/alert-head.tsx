import { Link } from 'wouter';
import type { AlertRow } from '../../server/alerts/schema.ts';
import { useFormat, useLanguage } from '../i18n/language.tsx';
import { pickText } from '../i18n/messages.ts';
import { Fact } from '../parts/fact.tsx';
import { SeverityMark } from '../parts/icons.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Time } from '../parts/time.tsx';

/** Title and the facts that every alert has. */
export function AlertHead({ alert }: { readonly alert: AlertRow }) {
  const { t, language } = useLanguage();
  const format = useFormat();
  const title = pickText(alert.title, language);
  return (
    <header>
      <h1 className="text-title font-semibold break-words" lang={title?.language}>
        <Visible text={title?.text ?? alert.rule} prose />
      </h1>
      <dl className="mt-2 flex flex-wrap gap-x-8 gap-y-2">
        <Fact name={t('alert.severity')}>
          <SeverityMark severity={alert.severity} wide />
          {alert.ruleLevel && alert.asset && (
            <span className="block text-small text-muted">
              {t(alert.asset.value === undefined ? 'alert.weighedAgency' : 'alert.weighed', {
                from: t(`severity.${alert.ruleLevel}`),
                level: alert.asset.level,
                value: alert.asset.value ?? '',
              })}
            </span>
          )}
        </Fact>
        <Fact name={t('alert.status')}>
          {t(`status.${alert.status}`)}
          {alert.verdict && ` · ${t(`verdict.${alert.verdict}`)}`}
        </Fact>
        <Fact name={t('alert.owner')}>{alert.owner ?? t('alert.nobody')}</Fact>
        {alert.agencies ? (
          <Fact name={t('alert.agencies')}>
            <ul>
              {alert.agencies.map(({ agency, name, count }) => (
                <li key={agency}>
                  <Visible text={name} prose />: {format.number(count)}
                </li>
              ))}
            </ul>
          </Fact>
        ) : (
          <Fact name={t('alert.agency')}>
            <Visible text={alert.agencyName} prose />
          </Fact>
        )}
        {alert.scope === 'province' && (
          <Fact name={t('alert.scope')}>{t(alert.agencies ? 'alert.scope.province' : 'alert.scope.part')}</Fact>
        )}
        {alert.incident !== undefined && (
          <Fact name={t('alert.incident')}>
            <Link className="link" href={`/incidents/${encodeURIComponent(alert.incident)}`}>
              {alert.incident}
            </Link>
          </Fact>
        )}
        <Fact name={t('alert.count')}>
          {format.number(alert.count)}
          {alert.countSinceClose > 0 && (
            <span className="text-high"> · {t('queue.sinceClose', { count: alert.countSinceClose })}</span>
          )}
        </Fact>
        <Fact name={t('alert.first')}>
          <Time at={alert.first} />
        </Fact>
        <Fact name={t('alert.last')}>
          <Time at={alert.last} />
        </Fact>
      </dl>
    </header>
  );
}
