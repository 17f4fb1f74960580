import { useEffect } from 'react';
import type { Session } from '../../server/accounts/schema.ts';
import type { VersionDetail } from '../../server/sharing/schema.ts';
import { apiAddress } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { LogText, Visible } from '../parts/log-text.tsx';
import { WayBack } from '../parts/record-page.tsx';
import { FirstFetch, Partial, ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { BodyView } from './body-view.tsx';
import { ContentView } from './content-view.tsx';
import { DecisionCard } from './decision-card.tsx';
import { sharingPath, useVersion } from './queries.ts';
import { isUnderWay, VersionLine } from './version-line.tsx';

interface PageProperties {
  readonly id: string;
  readonly recipient: string;
  readonly number: number;
  readonly me: Session;
}

/** `/incidents/:id/share/:recipient/:number`: frozen bytes, who decides, and the receipt. */
export function VersionPage({ id, recipient, number, me }: PageProperties) {
  const t = useText();
  const version = useVersion(id, recipient, number);
  const name = version.data?.share.recipientName ?? recipient;
  useEffect(() => {
    document.title = `${t('sharing.versionTitle', { number, name })} · Hải Đăng`;
  }, [t, name, number]);
  return (
    <div className="min-h-0 flex-1 overflow-auto" data-scroller="version">
      <WayBack to={`/incidents/${encodeURIComponent(id)}`}>{id}</WayBack>
      <div className="px-4 pb-6">
        <h1 className="mt-2 text-title font-semibold break-words">{t('sharing.versionTitle', { number, name })}</h1>
        <FirstFetch query={version} />
        {version.isError && <ProblemNotice error={version.error} retry={() => version.refetch()} />}
        {version.data && <VersionBody detail={version.data} me={me} />}
      </div>
    </div>
  );
}

function VersionBody({ detail, me }: { readonly detail: VersionDetail; readonly me: Session }) {
  const t = useText();
  const { share, version, receipts, signature, changedSince } = detail;
  const path = sharingPath(share.incident, share.recipient, 'versions', String(version.number));
  return (
    <div className="mt-3 grid gap-4 xl:grid-cols-2">
      <div className="min-w-0 space-y-4">
        <section className="card p-4">
          <p className="mb-2 break-words">
            <Visible text={share.title} prose />
          </p>
          <VersionLine share={share} version={version} />
          {version.note !== '' && (
            <p className="mt-2 break-words whitespace-pre-wrap">
              <Visible text={version.note} prose />
            </p>
          )}
          {share.deadline && isUnderWay(share, version) && (
            <p className="mt-2 text-small">
              {t('sharing.deadline')} <Time at={share.deadline} /> (<Time at={share.deadline} as="relative" />)
            </p>
          )}
        </section>
        {changedSince && version.state === 'requested' && <Partial>{t('sharing.changedSince')}</Partial>}
        <section className="card p-4">
          <h2 className="mb-2 font-semibold">{t('sharing.inWords')}</h2>
          <ContentView body={detail.body} />
        </section>
        <DecisionCard share={share} version={version} me={me} />
        <section className="card p-4" data-receipts>
          <h2 className="mb-2 font-semibold">{t('sharing.receipts')}</h2>
          {!receipts?.objects.length && <p className="text-muted">{t('sharing.noReceipts')}</p>}
          {receipts && receipts.objects.length > 0 && (
            <>
              <p className="text-small text-muted">
                <Time at={receipts.at} /> · <LogText text={receipts.references.join(', ')} />
              </p>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard. */}
              <ul tabIndex={0} aria-label={t('sharing.receipts')} className="mt-2 max-h-72 overflow-auto text-small">
                {receipts.objects.map(({ id, version: of, outcome, message }) => (
                  <li key={`${id} ${of}`} className="break-all">
                    <span className="font-medium">{t(`sharing.outcome.${outcome}`)}</span>{' '}
                    <span className="log">{id}</span> <span className="text-muted">{of}</span>
                    {message !== undefined && (
                      <>
                        {' '}
                        <Visible text={message} prose />
                      </>
                    )}
                  </li>
                ))}
              </ul>
            </>
          )}
        </section>
      </div>
      <section className="card min-w-0 self-start p-4">
        <h2 className="mb-2 font-semibold">{t('sharing.body')}</h2>
        <BodyView body={detail.body} sha256={version.sha256} />
        {signature !== null && (
          <details className="mt-2">
            <summary className="cursor-pointer text-small">{t('sharing.signature')}</summary>
            <p className="log mt-1 text-small break-all">{signature}</p>
          </details>
        )}
        {signature !== null && me.permissions.includes('sharing.manage') && (
          <a className="button mt-3 inline-flex" href={apiAddress(`${path}/archive`)} download>
            {t('sharing.archive')}
          </a>
        )}
      </section>
    </div>
  );
}
