import { type FormEvent, useState } from 'react';
import type { Session } from '../../server/accounts/schema.ts';
import type { SharingRow } from '../../server/sharing/schema.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time, useNow } from '../parts/time.tsx';
import { type SharedVersion, sharingPath, useSharingActs } from './queries.ts';

type Act = 'approve' | 'release' | 'refuse' | 'withdraw' | 'review' | 'resend' | 'receipt';

/** What this person may do with this version now. */
export function DecisionCard({
  share,
  version,
  me,
}: {
  readonly share: SharingRow;
  readonly version: SharedVersion;
  readonly me: Session;
}) {
  const t = useText();
  const now = useNow();
  const acts = useSharingActs();
  const [missing, setMissing] = useState(false);
  const may = (permission: Session['permissions'][number]) => me.permissions.includes(permission);
  const mine = version.requestedBy === me.user;
  const waits = version.state === 'requested';
  /** Whether the rule of two persons keeps this one from deciding. */
  const barred = share.twoPersons && mine;
  const mayRelease = share.aloneFrom !== null && Date.parse(share.aloneFrom) <= now;
  const carried = share.channel === 'archive' || share.channel === 'misp';
  const possible: readonly Act[] = [
    ...(waits && may('incidents.approve') && !barred ? (['approve', 'refuse'] as const) : []),
    // Who may approve needs no way around the rule of two persons.
    ...(waits && may('incidents.approve') && barred && mayRelease ? (['release'] as const) : []),
    ...(waits && may('incidents.work') && mine ? (['withdraw'] as const) : []),
    ...(version.review?.at === null &&
    may('incidents.approve') &&
    !(share.twoPersons && version.decision?.by === me.user)
      ? (['review'] as const)
      : []),
    ...(version.state === 'dead' && may('sharing.manage') ? (['resend'] as const) : []),
    ...(version.state === 'delivered' && carried && may('sharing.manage') ? (['receipt'] as const) : []),
  ];
  if (possible.length === 0)
    return waits ? (
      <section className="card p-4">
        <p>{t(barred ? 'sharing.needsAnother' : 'sharing.needsApprover')}</p>
        {share.aloneFrom !== null && (
          <p className="text-small text-muted">
            {t('sharing.aloneFrom')} <Time at={share.aloneFrom} />
          </p>
        )}
      </section>
    ) : null;
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    const act = (event.nativeEvent as SubmitEvent).submitter?.getAttribute('value') as Act;
    const text = String(new FormData(form).get('text') ?? '').trim();
    const needsText = act === 'refuse' || act === 'release' || act === 'withdraw' || act === 'receipt';
    setMissing(needsText && text === '');
    if (needsText && text === '') return;
    const path = sharingPath(share.incident, share.recipient, 'versions', String(version.number), act);
    if (await acts.send(path, bodyOf(act, version.sha256, text))) form.reset();
  };
  const asksText = possible.some((act) => act !== 'approve' && act !== 'resend');
  return (
    <section className="card p-4" data-decision>
      <h2 className="mb-2 font-semibold">{t('sharing.decide')}</h2>
      <form onSubmit={submit} className="space-y-3">
        {waits && barred && <p>{t('sharing.needsAnother')}</p>}
        {waits && !barred && <p className="text-small text-muted">{t('sharing.decideHint')}</p>}
        {asksText && (
          <Field label={t(possible.includes('receipt') ? 'sharing.receiptText' : 'sharing.reason')}>
            <textarea name="text" className="field min-h-16" maxLength={2_000} />
          </Field>
        )}
        {missing && <p role="alert">{t('sharing.reasonMissing')}</p>}
        {acts.error !== undefined && <ProblemNotice error={acts.error} />}
        <div className="flex flex-wrap gap-2">
          {possible.map((act) => (
            <button
              key={act}
              type="submit"
              name="act"
              value={act}
              className={`button ${act === 'approve' || act === 'resend' ? 'button-primary' : ''}`}
              disabled={acts.busy}
            >
              {t(`sharing.do.${act}`)}
            </button>
          ))}
        </div>
      </form>
    </section>
  );
}

function bodyOf(act: Act, sha256: string, text: string): object {
  switch (act) {
    case 'approve':
      return { sha256 };
    case 'release':
      return { sha256, reason: text };
    case 'refuse':
    case 'withdraw':
      return { reason: text };
    case 'review':
      return { note: text };
    case 'resend':
      return {};
    case 'receipt':
      return { text };
  }
}
