import { Link } from 'wouter';
import type { IncidentDetail } from '../../server/incidents/schema.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Card } from '../parts/card.tsx';
import { SeverityMark } from '../parts/icons.tsx';
import { LogText, Visible } from '../parts/log-text.tsx';
import { TimeSpan } from '../parts/time.tsx';
import { AddForm } from './forms.tsx';
import type { IncidentActs } from './queries.ts';

interface ListProperties {
  readonly detail: IncidentDetail;
  readonly acts: IncidentActs;
  readonly mayAct: boolean;
}

/** Where an item came from that another incident brought along. */
export function Via({ via }: { readonly via: readonly string[] | undefined }) {
  const t = useText();
  const id = via?.at(-1);
  return id === undefined ? null : <span className="text-small text-muted"> · {t('incident.via', { id })}</span>;
}

function TakeOut({ what, busy, act }: { readonly what: string; readonly busy: boolean; readonly act: () => void }) {
  const t = useText();
  return (
    <button
      type="button"
      className="button button-quiet text-small"
      aria-label={t('incident.takeOutOne', { what })}
      disabled={busy}
      onClick={act}
    >
      {t('incident.takeOut')}
    </button>
  );
}

/** The alerts behind the incident. */
export function AlertsCard({ detail, acts, mayAct }: ListProperties) {
  const t = useText();
  const format = useFormat();
  const { version } = detail.incident;
  return (
    <Card title={t('incident.alerts')}>
      {detail.alerts.length === 0 && <p className="text-muted">{t('incident.noAlerts')}</p>}
      <ul className="divide-y divide-line">
        {detail.alerts.map(({ id, title, alert, via }) => (
          <li key={id} className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2">
            {alert && (
              <span className="w-28 text-small">
                <SeverityMark severity={alert.severity} wide />
              </span>
            )}
            <span className="min-w-0 flex-1 basis-64 break-words">
              <Link href={`/alerts/${encodeURIComponent(id)}`} className="link">
                <Visible text={title} prose />
              </Link>
              <Via via={via} />
              {alert && (
                <span className="block text-small text-muted">
                  <Visible text={alert.agencyName} prose /> · ×{format.number(alert.count)} ·{' '}
                  <TimeSpan first={alert.first} last={alert.last} />
                </span>
              )}
            </span>
            {mayAct && via === undefined && (
              <TakeOut what={title} busy={acts.busy} act={() => void acts.change({ version, removeAlert: id })} />
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** What others should look for; spelled so that nobody opens it by a click. */
export function IndicatorsCard({ detail, acts, mayAct }: ListProperties) {
  const t = useText();
  const { version } = detail.incident;
  return (
    <Card title={t('incident.indicators')}>
      {detail.indicators.length === 0 && <p className="text-muted">{t('incident.noIndicators')}</p>}
      <ul className="divide-y divide-line">
        {detail.indicators.map(({ id, type, defanged, via }) => (
          <li key={id} className="flex flex-wrap items-center gap-x-3 py-1">
            <span className="w-16 text-small text-muted">{type}</span>
            <span className="min-w-0 flex-1 break-all">
              <LogText text={defanged} />
              <Via via={via} />
            </span>
            {mayAct && (
              <TakeOut
                what={defanged}
                busy={acts.busy}
                act={() => void acts.change({ version, removeIndicator: id })}
              />
            )}
          </li>
        ))}
      </ul>
      {mayAct && (
        <AddForm
          label={t('incident.indicator')}
          button={t('incident.addIndicator')}
          busy={acts.busy}
          send={(fields) => acts.change({ addIndicator: fields('text') })}
        />
      )}
    </Card>
  );
}

/** Systems that are affected, with their security level by law. */
export function SystemsCard({ detail, acts, mayAct }: ListProperties) {
  const t = useText();
  const { version } = detail.incident;
  return (
    <Card title={t('incident.systems')}>
      {detail.systems.length === 0 && <p className="text-muted">{t('incident.noSystems')}</p>}
      <ul className="divide-y divide-line">
        {detail.systems.map(({ id, name, level, via }) => (
          <li key={id} className="flex flex-wrap items-center gap-x-3 py-1">
            <span className="min-w-0 flex-1 break-words">
              <Visible text={name} prose />
              <span className="text-small text-muted"> · {t('incident.levelOf', { level })}</span>
              <Via via={via} />
            </span>
            {mayAct && (
              <TakeOut what={name} busy={acts.busy} act={() => void acts.change({ version, removeSystem: id })} />
            )}
          </li>
        ))}
      </ul>
      {mayAct && (
        <AddForm
          label={t('incident.system')}
          button={t('incident.addSystem')}
          busy={acts.busy}
          send={(fields) =>
            acts.change({ addSystem: { name: fields('text'), agency: null, level: Number(fields('level')) } })
          }
        >
          <label className="block">
            <span className="mb-1 block text-small">{t('incident.level')}</span>
            <select name="level" className="field" defaultValue="3">
              {[1, 2, 3, 4, 5].map((level) => (
                <option key={level} value={level}>
                  {level}
                </option>
              ))}
            </select>
          </label>
        </AddForm>
      )}
    </Card>
  );
}

/** ATT&CK techniques that the alerts name. */
export function TechniquesCard({ detail, acts, mayAct }: ListProperties) {
  const t = useText();
  const { version } = detail.incident;
  return (
    <Card title={t('incident.techniques')}>
      {detail.techniques.length === 0 && <p className="text-muted">{t('incident.noTechniques')}</p>}
      <ul>
        {detail.techniques.map(({ id, technique, name, via }) => (
          <li key={id} className="flex flex-wrap items-center gap-x-3">
            <span className="min-w-0 flex-1 break-words">
              <span className="log">{technique}</span> {name !== technique && <span lang="en">{name}</span>}
              <Via via={via} />
            </span>
            {mayAct && (
              <TakeOut
                what={technique}
                busy={acts.busy}
                act={() => void acts.change({ version, removeTechnique: id })}
              />
            )}
          </li>
        ))}
      </ul>
      {mayAct && (
        <AddForm
          label={t('incident.technique')}
          button={t('incident.addTechnique')}
          busy={acts.busy}
          form={{ pattern: '[Tt][0-9]{4}([.][0-9]{3})?', hint: t('incident.techniqueHint') }}
          send={(field) => acts.change({ addTechnique: field('text').toUpperCase() })}
        />
      )}
    </Card>
  );
}
