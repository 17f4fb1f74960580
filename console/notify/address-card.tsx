import type { FormEvent } from 'react';
import type { NoticeAddress } from '../../server/notify/schema.ts';
import { postJson, putJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { LANGUAGES } from '../i18n/messages.ts';
import { Field } from '../parts/dialog.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useNoticeActs, useNoticeAddress } from './queries.ts';

const LEVELS = ['info', 'warning', 'critical'] as const;

/** How one hears of notices besides the console. */
export function AddressCard() {
  const t = useText();
  const address = useNoticeAddress();
  return (
    <section className="card h-fit p-4" aria-labelledby="notice-address">
      <h2 id="notice-address" className="mb-3 font-semibold">
        {t('notices.address')}
      </h2>
      {address.isError && <ProblemNotice error={address.error} retry={() => address.refetch()} />}
      {address.data && <AddressForm address={address.data} />}
    </section>
  );
}

function AddressForm({ address }: { readonly address: NoticeAddress }) {
  const t = useText();
  const toast = useToast();
  const acts = useNoticeActs();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const email = String(fields.get('email') ?? '').trim();
    const body: NoticeAddress = {
      email: email === '' ? null : email,
      language: LANGUAGES.find(({ id }) => id === fields.get('language'))?.id ?? 'vi',
      mailFrom: LEVELS.find((level) => level === fields.get('mailFrom')) ?? 'warning',
    };
    if (await acts.run(() => putJson('/session/notices/address', body))) toast({ text: t('notices.saved') });
  };
  const tryIt = async (): Promise<void> => {
    if (await acts.run(() => postJson('/session/notices/test', {}))) toast({ text: t('notices.tested') });
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <Field label={t('notices.email')} hint={t('notices.emailHint')}>
        <input
          name="email"
          type="email"
          className="field"
          defaultValue={address.email ?? ''}
          maxLength={254}
          autoComplete="email"
        />
      </Field>
      <Field label={t('head.language')}>
        <select name="language" className="field" defaultValue={address.language}>
          {LANGUAGES.map(({ id, name }) => (
            <option key={id} value={id} lang={id}>
              {name}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t('notices.mailFrom')}>
        <select name="mailFrom" className="field" defaultValue={address.mailFrom}>
          {LEVELS.map((level) => (
            <option key={level} value={level}>
              {t(`notices.from.${level}`)}
            </option>
          ))}
        </select>
      </Field>
      {acts.error !== undefined && <ProblemNotice error={acts.error} />}
      <div className="flex flex-wrap gap-2">
        <button type="submit" className="button button-primary" disabled={acts.busy}>
          {t('incident.save')}
        </button>
        <button type="button" className="button" disabled={acts.busy} onClick={tryIt}>
          {t('notices.test')}
        </button>
      </div>
    </form>
  );
}
