import { Link } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import { useText } from '../i18n/language.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useIncidentSharing } from './queries.ts';
import { VersionLine } from './version-line.tsx';

/** On an incident: to whom it went, with receipts, and the way to share it. */
export function ShareCard({
  incident,
  open,
  me,
}: {
  readonly incident: string;
  /** Not part of another incident; of what is, only what had left before is taken back. */
  readonly open: boolean;
  readonly me: Session;
}) {
  const t = useText();
  const maySee = me.permissions.includes('sharing.read') && me.agencies === 'all';
  const sharing = useIncidentSharing(incident, maySee);
  if (!maySee) return null;
  const { recipients = [], shares = [] } = sharing.data ?? {};
  return (
    <section className="card p-4" data-share-card>
      <h2 className="mb-2 font-semibold">{t('sharing.title')}</h2>
      {sharing.isError && <ProblemNotice error={sharing.error} retry={() => sharing.refetch()} />}
      {sharing.data && recipients.length === 0 && <p className="text-muted">{t('sharing.noRecipients')}</p>}
      <ul className="divide-y divide-line">
        {recipients.map(({ id, name, tlp }) => {
          const share = shares.find(({ recipient }) => recipient === id);
          return (
            <li key={id} className="py-2">
              <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
                <p className="min-w-0 flex-1 break-words">
                  <span className="font-medium">{name}</span>
                  <span className="text-small text-muted">
                    {' '}
                    · {t('sharing.upTo', { tlp: `TLP:${tlp.toUpperCase()}` })}
                  </span>
                </p>
                {(open || share !== undefined) && (
                  <Link
                    href={`/incidents/${encodeURIComponent(incident)}/share/${encodeURIComponent(id)}`}
                    className="button"
                    aria-label={t('sharing.prepareFor', { name })}
                  >
                    {t('sharing.prepare')}
                  </Link>
                )}
              </div>
              {share?.deadline && share.versions.some(({ state }) => state === 'requested') && (
                <p className="text-small">
                  {t('sharing.deadline')} <Time at={share.deadline} />
                </p>
              )}
              <ul className="mt-1 space-y-2">
                {[...(share?.versions ?? [])].reverse().map((version) => (
                  <li key={version.number}>{share && <VersionLine share={share} version={version} />}</li>
                ))}
              </ul>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
