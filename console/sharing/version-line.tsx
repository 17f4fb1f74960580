import { Link } from 'wouter';
import type { SharingRow } from '../../server/sharing/schema.ts';
import { useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { Visible } from '../parts/log-text.tsx';
import { Time } from '../parts/time.tsx';
import type { SharedVersion } from './queries.ts';

/** Address of a frozen version. */
export function versionAddress(
  { incident, recipient }: Pick<SharingRow, 'incident' | 'recipient'>,
  number: number,
): string {
  return `/incidents/${encodeURIComponent(incident)}/share/${encodeURIComponent(recipient)}/${number}`;
}

/** Whether a version still has a way before it: a file is carried by hand, and arrives with its receipt. */
export function isUnderWay({ channel }: Pick<SharingRow, 'channel'>, { state, handReceipt }: SharedVersion): boolean {
  if (state === 'delivered') return isFile(channel) && handReceipt === null;
  return state === 'requested' || state === 'approved' || state === 'dead';
}

function isFile(channel: SharingRow['channel']): boolean {
  return channel === 'archive' || channel === 'misp';
}

function receiptText({ channel }: Pick<SharingRow, 'channel'>, refused: number): TextKey {
  if (isFile(channel)) return 'sharing.written';
  return refused > 0 ? 'sharing.receiptPartly' : 'sharing.receipt';
}

/** One version in a line: its state, who let it leave, its receipt or what stands in the way. */
export function VersionLine({ share, version }: { readonly share: SharingRow; readonly version: SharedVersion }) {
  const t = useText();
  const { number, state, decision, delivered, problem, requestedBy, requestedAt, attempts, review, refusal } = version;
  return (
    <div data-share-state={state}>
      <p className="break-words">
        <Link href={versionAddress(share, number)} className="link">
          {t('sharing.version', { number })}
        </Link>{' '}
        <span className="font-medium">{t(`sharing.state.${state}`)}</span>
        {version.minimal && <span className="text-muted"> · {t('sharing.minimal')}</span>}
      </p>
      <p className="text-small break-words text-muted">
        {t('sharing.askedBy', { by: requestedBy })} <Time at={requestedAt} />
        {decision && ` · ${t(`sharing.how.${decision.how}`, { by: decision.by })}`}
        {decision && decision.reason !== '' && (
          <>
            : <Visible text={decision.reason} prose />
          </>
        )}
        {refusal && (
          <>
            {' '}
            · {refusal.by}: <Visible text={refusal.reason} prose />
          </>
        )}
      </p>
      {delivered && (
        <p className="text-small">
          {t(receiptText(share, delivered.refused), {
            accepted: delivered.accepted,
            refused: delivered.refused,
          })}{' '}
          <Time at={delivered.at} />
          {version.handReceipt && (
            <>
              {' · '}
              {t('sharing.handReceipt')}: <Visible text={version.handReceipt.text} prose />
            </>
          )}
        </p>
      )}
      {problem !== null && state !== 'delivered' && (
        <p className="text-small break-words">
          {t('sharing.problem', { count: attempts })} <Visible text={problem} prose />
        </p>
      )}
      {review && review.at !== null && (
        <p className="text-small break-words">
          {t('sharing.reviewed', { by: review.by ?? '' })} <Time at={review.at} />
          {review.note !== '' && (
            <>
              {': '}
              <Visible text={review.note} prose />
            </>
          )}
        </p>
      )}
      {review && review.at === null && (
        <p className="text-small">
          {t('sharing.reviewDue')} <Time at={review.due} />
        </p>
      )}
    </div>
  );
}
