import { type FormEvent, useState } from 'react';
import type { OwnPassword, Session } from '../../server/accounts/schema.ts';
import { SessionList } from '../account/session-list.tsx';
import { putJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { Visible } from '../parts/log-text.tsx';
import { CurrentPassword } from '../parts/password-fields.tsx';
import { PageTitle, ProblemNotice, Progress } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { TokenForm } from '../tokens/token-form.tsx';
import { TokenList } from '../tokens/token-list.tsx';
import { SecondFactorCard } from './second-factor.tsx';

/** `/account`: who one is here, and one's own password. */
export function AccountPage({ me }: { readonly me: Session }) {
  const t = useText();
  const facts = [
    [t('users.name'), me.displayName],
    [t('signIn.user'), me.user],
    [t('users.role'), t(`role.${me.role}`)],
    [t('users.agencies'), me.agencies === 'all' ? t('queue.allAgencies') : me.agencies.join(', ')],
  ] as const;
  return (
    <>
      <PageTitle title="account.title" />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6">
        <div className="grid max-w-5xl gap-4 lg:grid-cols-[minmax(0,1fr)_24rem]">
          <div className="min-w-0 space-y-4">
            <dl className="card h-fit divide-y divide-line">
              {facts.map(([name, value]) => (
                <div key={name} className="flex flex-wrap gap-x-4 px-4 py-2">
                  <dt className="w-44 shrink-0 text-muted">{name}</dt>
                  <dd className="min-w-0 flex-1 break-words">
                    <Visible text={value} />
                  </dd>
                </div>
              ))}
            </dl>
            <section className="card p-4" aria-labelledby="own-sessions">
              <h2 id="own-sessions" className="mb-2 font-semibold">
                {t('sessions.title')}
              </h2>
              <SessionList of="me" />
            </section>
            <section className="card p-4" aria-labelledby="own-tokens">
              <h2 id="own-tokens" className="mb-2 font-semibold">
                {t('tokens.title')}
              </h2>
              <p className="mb-3 text-muted">{t('tokens.explain')}</p>
              <TokenList of="me" />
              <details className="mt-3">
                <summary className="link cursor-pointer">{t('tokens.new')}</summary>
                <div className="mt-3">
                  <TokenForm me={me} />
                </div>
              </details>
            </section>
          </div>
          <div className="space-y-4">
            <SecondFactorCard me={me} />
            <section className="card h-fit p-4" aria-labelledby="own-password">
              <h2 id="own-password" className="mb-3 font-semibold">
                {t('account.password')}
              </h2>
              <PasswordForm user={me.user} />
            </section>
          </div>
        </div>
      </div>
    </>
  );
}

type Wrong = 'setup.differ' | 'account.same';

function PasswordForm({ user }: { readonly user: string }) {
  const t = useText();
  const toast = useToast();
  const { busy, error, run, forget } = useAttempt();
  const [wrong, setWrong] = useState<Wrong>();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    const body: OwnPassword = { current: String(form.get('current')), password: String(form.get('password')) };
    const found = wrongOf(body, form.get('again'));
    setWrong(found);
    forget();
    if (found !== undefined) return;
    await run(async () => {
      await putJson('/session/password', body);
      element.reset();
      toast({ text: t('account.changed') });
    });
  };
  const fresh = { type: 'password', className: 'field', autoComplete: 'new-password', required: true } as const;
  return (
    <form onSubmit={submit} className="space-y-4">
      {/* For password keepers: which account this is. */}
      <input type="text" name="username" autoComplete="username" value={user} readOnly hidden />
      <CurrentPassword label={t('account.current')} name="current" />
      <Field label={t('account.new')} hint={t('setup.passwordHint')}>
        <input name="password" minLength={12} maxLength={256} aria-invalid={wrong === 'account.same'} {...fresh} />
      </Field>
      <Field label={t('setup.again')}>
        <input name="again" aria-invalid={wrong === 'setup.differ'} {...fresh} />
      </Field>
      {wrong && (
        <p role="alert" className="text-critical">
          {t(wrong)}
        </p>
      )}
      {error !== undefined && <ProblemNotice error={error} />}
      <p className="text-small text-muted">{t('account.hint')}</p>
      <button type="submit" className="button button-primary" disabled={busy}>
        {t('account.change')}
      </button>
      <Progress busy={busy} />
    </form>
  );
}

function wrongOf({ current, password }: OwnPassword, again: FormDataEntryValue | null): Wrong | undefined {
  if (password !== again) return 'setup.differ';
  return password === current ? 'account.same' : undefined;
}
