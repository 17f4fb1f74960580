import { Link } from 'wouter';
import type { AlertDetail, AlertRow } from '../../server/alerts/schema.ts';
import { entityFields } from '../alerts/entities.ts';
import { useSession } from '../api/queries.ts';
import { useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { LogText, Visible } from '../parts/log-text.tsx';
import { kqlClause, searchAddress } from '../search/kql.ts';

const FIELD_NAMES: Readonly<Record<string, TextKey>> = {
  'source.ip': 'entity.source.ip',
  'destination.ip': 'entity.destination.ip',
  'user.name': 'entity.user.name',
  'user.effective.name': 'entity.user.effective.name',
  'host.name': 'entity.host.name',
  'url.path': 'entity.url.path',
  'process.name': 'entity.process.name',
};

const DAY_MS = 86_400_000;

/** The last 24 hours; for an alert whose events are older, the 24 hours up to its last event, where there is something to see. */
function usualRange(alert: AlertRow): readonly [from: string, to: string] {
  const last = Date.parse(alert.last);
  if (!(Date.now() - last > DAY_MS)) return ['now-24h', 'now'];
  // The search leaves out its end: one second on, so that the last event itself is found.
  return [new Date(last - DAY_MS).toISOString(), new Date(last + 1_000).toISOString()];
}

/** Who and what took part; each value leads to everything about it in a day. */
export function EntityCard({ alert }: { readonly alert: AlertRow }) {
  const t = useText();
  const [from, to] = usualRange(alert);
  const fields = entityFields(alert);
  return (
    <section className="card p-4">
      <h2 className="font-semibold">{t('alert.entities')}</h2>
      <p className="mb-2 text-small text-muted">{t(to === 'now' ? 'entity.hint' : 'entity.hintThen')}</p>
      <dl className="space-y-2">
        {fields.map((field) => {
          const entity = alert.entities[field];
          if (!entity) return null;
          const name = FIELD_NAMES[field];
          return (
            <div key={field}>
              <dt className="text-small text-muted" title={field}>
                {name ? t(name) : field}
              </dt>
              {entity.values.slice(0, 10).map((value) => (
                <dd key={value}>
                  <Link href={searchAddress(kqlClause(field, value), from, to)} className="link">
                    <LogText text={value} />
                  </Link>
                </dd>
              ))}
              {entity.total > Math.min(10, entity.values.length) && (
                <dd className="text-small text-muted">
                  {t('common.andMore', { count: entity.total - Math.min(10, entity.values.length) })}
                </dd>
              )}
            </div>
          );
        })}
        <div>
          <dt className="text-small text-muted">{t('alert.agency')}</dt>
          {(alert.agencies ?? [{ agency: alert.agency, name: alert.agencyName }])
            .slice(0, 10)
            .map(({ agency, name }) => (
              <dd key={agency}>
                <Link href={searchAddress(kqlClause('organization.id', agency), from, to)} className="link">
                  <Visible text={name} prose />
                </Link>
              </dd>
            ))}
        </div>
      </dl>
      <ExceptionLink alert={alert} />
    </section>
  );
}

/** From an alert that is none to the exception that would keep the rule silent about it, for those who may make one. */
function ExceptionLink({ alert }: { readonly alert: AlertRow }) {
  const t = useText();
  const me = useSession().data;
  const [field] = entityFields(alert);
  const value = field && alert.entities[field]?.values[0];
  if (!value || me?.agencies !== 'all' || !me.permissions.includes('rules.except')) return null;
  const except = new URLSearchParams({ except: kqlClause(field, value) });
  return (
    <p className="mt-3 border-t border-line pt-2">
      <Link href={`/rules/${encodeURIComponent(alert.rule)}?${except}`} className="link">
        {t('entity.except')}
      </Link>
    </p>
  );
}

/** Whom to call at the agency. */
export function ContactCard({ contact, name }: { readonly contact: AlertDetail['contact']; readonly name: string }) {
  const t = useText();
  const blank =
    !contact || [contact.person, contact.phone, contact.email, contact.address].every((text) => text === '');
  return (
    <section className="card p-4">
      <h2 className="font-semibold">{t('contact.title')}</h2>
      <p className="mb-2 break-words">
        <Visible text={name} prose />
      </p>
      {blank && <p className="text-muted">{t('contact.none')}</p>}
      {contact && !blank && (
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 break-words">
          {contact.person !== '' && (
            <>
              <dt className="text-muted">{t('contact.person')}</dt>
              <dd>{contact.person}</dd>
            </>
          )}
          {contact.phone !== '' && (
            <>
              <dt className="text-muted">{t('contact.phone')}</dt>
              <dd>
                <a className="link" href={`tel:${contact.phone.replace(/[^\d+]/g, '')}`}>
                  {contact.phone}
                </a>
              </dd>
            </>
          )}
          {contact.email !== '' && (
            <>
              <dt className="text-muted">{t('contact.email')}</dt>
              <dd>
                <a className="link" href={`mailto:${encodeURIComponent(contact.email).replace('%40', '@')}`}>
                  {contact.email}
                </a>
              </dd>
            </>
          )}
          {contact.address !== '' && (
            <>
              <dt className="text-muted">{t('contact.address')}</dt>
              <dd>{contact.address}</dd>
            </>
          )}
        </dl>
      )}
    </section>
  );
}

/** The ATT&CK tactics and techniques that the rule names. */
export function TechniqueCard({ rule }: { readonly rule: AlertDetail['rule'] }) {
  const t = useText();
  if (rule.techniques.length === 0 && rule.tactics.length === 0) return null;
  return (
    <section className="card p-4">
      <h2 className="mb-2 font-semibold">MITRE ATT&CK</h2>
      {rule.tactics.length > 0 && <p className="mb-2 text-small text-muted">{rule.tactics.join(', ')}</p>}
      <ul className="space-y-1">
        {rule.techniques.map(({ id, name }) => (
          <li key={id} lang="en">
            <a
              className="link"
              href={`https://attack.mitre.org/techniques/${encodeURIComponent(id.replace('.', '/')).replace('%2F', '/')}/`}
              target="_blank"
              rel="noreferrer"
              title={t('technique.outside')}
            >
              {id}
            </a>{' '}
            {name}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The rule itself: description, known harmless causes, and the YAML on opening. */
export function RuleCard({ rule }: { readonly rule: AlertDetail['rule'] }) {
  const t = useText();
  return (
    <section className="card p-4">
      <h2 className="mb-2 font-semibold">{t('rule.title')}</h2>
      {rule.description !== '' && (
        <p className="break-words" lang="en">
          {rule.description}
        </p>
      )}
      {rule.falsepositives.length > 0 && (
        <>
          <h3 className="mt-3 text-small font-semibold text-muted">{t('rule.falsePositives')}</h3>
          <ul className="list-disc pl-5" lang="en">
            {rule.falsepositives.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </>
      )}
      {rule.references.length > 0 && (
        <>
          <h3 className="mt-3 text-small font-semibold text-muted">{t('rule.references')}</h3>
          <ul className="list-disc pl-5">
            {rule.references.map((address) => (
              <li key={address} className="break-all">
                {/^https?:\/\//.test(address) ? (
                  <a href={address} className="link" target="_blank" rel="noreferrer">
                    {address}
                  </a>
                ) : (
                  address
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      <details className="mt-3">
        <summary className="link">{t('rule.yaml')}</summary>
        <p className="text-small">
          <Link href={`/rules/${encodeURIComponent(rule.id)}`} className="link">
            {t('rules.rule')}
          </Link>
          {rule.versions.length > 0 && (
            <>
              {' · '}
              {t('rules.version')} <code className="break-words">{rule.versions.join(', ')}</code>
            </>
          )}
        </p>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key. */}
        <pre className="mt-2 max-h-[32rem] overflow-auto rounded-md bg-surface p-3" tabIndex={0}>
          <LogText text={rule.yaml} />
        </pre>
      </details>
    </section>
  );
}
