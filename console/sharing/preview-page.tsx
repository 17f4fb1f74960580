import { type FormEvent, useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { SharePreview } from '../../server/sharing/schema.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { Visible } from '../parts/log-text.tsx';
import { WayBack } from '../parts/record-page.tsx';
import { Partial, ProblemNotice, Progress } from '../parts/states.tsx';
import { BodyView } from './body-view.tsx';
import { ContentView } from './content-view.tsx';
import { MarkedText } from './marked-text.tsx';
import { sharingPath, usePreview, useSharingActs, useSharingSetup } from './queries.ts';
import { versionAddress } from './version-line.tsx';
import { textName, WithheldList } from './withheld-list.tsx';

/** `/incidents/:id/share/:recipient`: what would leave, byte for byte, what is cut and why; and asking for it. */
export function PreviewPage({
  id,
  recipient,
  me,
}: {
  readonly id: string;
  readonly recipient: string;
  readonly me: Session;
}) {
  const t = useText();
  const [minimal, setMinimal] = useState(false);
  const setup = useSharingSetup();
  const preview = usePreview(id, recipient, minimal);
  const name = setup.data?.recipients.find((one) => one.id === recipient)?.name ?? recipient;
  useEffect(() => {
    document.title = `${t('sharing.previewTitle', { name })} · Hải Đăng`;
  }, [t, name]);
  return (
    <div className="min-h-0 flex-1 overflow-auto" data-scroller="preview">
      <WayBack to={`/incidents/${encodeURIComponent(id)}`}>{id}</WayBack>
      <div className="px-4 pb-6">
        <h1 className="mt-2 text-title font-semibold break-words">{t('sharing.previewTitle', { name })}</h1>
        <p className="max-w-3xl text-muted">{t('sharing.previewText')}</p>
        {setup.data?.preauthorised && (
          <label className="mt-2 flex max-w-3xl items-start gap-2">
            <input
              type="checkbox"
              className="mt-1 size-4"
              checked={minimal}
              onChange={(event) => setMinimal(event.target.checked)}
            />
            <span>{t('sharing.minimalChoice')}</span>
          </label>
        )}
        <Progress busy={preview.isFetching} />
        {preview.isError && <ProblemNotice error={preview.error} retry={() => preview.refetch()} />}
        {preview.data && (
          <PreviewBody
            key={preview.data.sha256}
            id={id}
            recipient={recipient}
            me={me}
            seen={preview.data}
            again={() => void preview.refetch()}
          />
        )}
      </div>
    </div>
  );
}

function PreviewBody({
  id,
  recipient,
  me,
  seen,
  again,
}: {
  readonly id: string;
  readonly recipient: string;
  readonly me: Session;
  readonly seen: SharePreview;
  readonly again: () => void;
}) {
  const t = useText();
  const [, go] = useLocation();
  const acts = useSharingActs();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const { version, sha256, minimal } = seen;
    const note = String(form.get('note') ?? '').trim();
    const asked = { recipient, version, sha256, minimal, textsRead: form.get('read') === 'on', note };
    const row = await acts.send(sharingPath(id), asked);
    const number = row?.versions.at(-1)?.number;
    if (row && number !== undefined) go(versionAddress(row, number));
  };
  return (
    <div className="mt-3 grid gap-4 xl:grid-cols-2">
      <div className="min-w-0 space-y-4">
        {seen.blocked && <Partial>{t(`sharing.blocked.${seen.blocked}`)}</Partial>}
        <section className="card p-4">
          <h2 className="mb-2 font-semibold">{t('sharing.inWords')}</h2>
          <ContentView body={seen.body} />
        </section>
        {seen.texts.length > 0 && (
          <section className="card p-4">
            <h2 className="mb-2 font-semibold">{t('sharing.texts')}</h2>
            <p className="mb-2 text-small text-muted">{t('sharing.textsHint')}</p>
            <dl className="space-y-3">
              {seen.texts.map((text) => (
                <div key={text.field}>
                  <dt className="text-small text-muted">{textName(t, text.field)}</dt>
                  <dd>
                    <MarkedText text={text} />
                    {text.cuts.length > 0 && (
                      <p className="mt-1 text-small break-words">
                        {t('sharing.leavesAs')} <Visible text={text.text} prose />
                      </p>
                    )}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        )}
        <section className="card p-4">
          <h2 className="mb-2 font-semibold">{t('sharing.withheld')}</h2>
          <WithheldList withheld={seen.withheld} />
        </section>
        {me.permissions.includes('incidents.work') && seen.blocked === null && (
          <form onSubmit={submit} className="card space-y-3 p-4" data-share-form>
            {!seen.minimal && (
              <label className="flex items-start gap-2">
                <input type="checkbox" name="read" required className="mt-1 size-4" />
                <span>{t('sharing.read')}</span>
              </label>
            )}
            <Field label={t('sharing.note')}>
              <textarea name="note" className="field min-h-16" maxLength={2_000} />
            </Field>
            {acts.error !== undefined && <ProblemNotice error={acts.error} retry={again} />}
            <button type="submit" className="button button-primary" disabled={acts.busy}>
              {t(seen.minimal ? 'sharing.sendNow' : 'sharing.ask')}
            </button>
          </form>
        )}
      </div>
      <section className="card min-w-0 self-start p-4">
        <h2 className="mb-2 font-semibold">{t('sharing.body')}</h2>
        <BodyView body={seen.body} sha256={seen.sha256} />
      </section>
    </div>
  );
}
