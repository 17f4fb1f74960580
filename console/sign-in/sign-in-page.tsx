import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import type { Session, SignIn, SignInWays } from '../../server/accounts/schema.ts';
import { codeAlone, getJson, isProblem, postJson } from '../api/client.ts';
import { changeSession } from '../api/session.ts';
import { useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { Field } from '../parts/dialog.tsx';
import { CurrentPassword } from '../parts/password-fields.tsx';
import { PROBLEM_TEXTS } from '../parts/problems.ts';
import { LanguageSelect, ThemeSelect } from '../parts/settings.tsx';
import { ProblemNotice, Progress } from '../parts/states.tsx';

/** The quiet page around sign-in and set-up. */
export function DoorFrame({ title, children }: { readonly title: TextKey; readonly children: ReactNode }) {
  const t = useText();
  useEffect(() => {
    document.title = `${t(title)} · Hải Đăng`;
  }, [t, title]);
  return (
    <main className="flex min-h-full flex-col items-center justify-center gap-4 bg-surface p-4">
      <div className="flex items-center gap-3">
        <img src="/favicon.svg" alt="" className="size-10" />
        <div>
          <p className="text-title font-semibold" lang="vi">
            Hải Đăng
          </p>
          <p className="text-muted">{t('app.tagline')}</p>
        </div>
      </div>
      <div className="card w-full max-w-sm p-6">
        <h1 className="mb-4 text-title font-semibold">{t(title)}</h1>
        {children}
      </div>
      <div className="flex gap-2">
        <LanguageSelect />
        <ThemeSelect />
      </div>
    </main>
  );
}

/** Name and password; the page that was asked for comes after. */
export function SignInPage() {
  const t = useText();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [takesCode, setTakesCode] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const code = String(form.get('code') ?? '').trim();
    const body: SignIn = {
      user: String(form.get('user')).trim(),
      password: String(form.get('password')),
      ...(code === '' ? {} : { code }),
    };
    setBusy(true);
    setError(undefined);
    try {
      const session = await postJson<Session>('/session', body);
      changeSession(queries, session);
    } catch (problem) {
      const isAsking = isProblem(problem, 'HD_CODE_NEEDED');
      setTakesCode((before) => before || isAsking);
      setError(isAsking ? undefined : problem);
      setBusy(false);
    }
  };
  const provider = useQuery({
    queryKey: ['session', 'ways'],
    queryFn: ({ signal }) => getJson<SignInWays>('/sign-in', {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  }).data?.provider;
  // The way back from the provider brings a code alone; its words are this console's own.
  const [fromProvider] = useState(() => new URLSearchParams(location.search).get('problem'));
  return (
    <DoorFrame title="signIn.title">
      {fromProvider !== null && PROBLEM_TEXTS[fromProvider] !== undefined && (
        <div className="mb-4">
          <ProblemNotice error={codeAlone(fromProvider)} />
        </div>
      )}
      {provider && (
        <div className="mb-4 space-y-4">
          <a href="/api/v1/sign-in/start" className="button button-primary w-full">
            {t('signIn.byProvider', { label: provider.label })}
          </a>
          <p className="text-center text-small text-muted">{t('signIn.or')}</p>
        </div>
      )}
      <form onSubmit={submit} className="space-y-4">
        <Field label={t('signIn.user')}>
          <input name="user" className="field" autoComplete="username" autoCapitalize="none" required maxLength={64} />
        </Field>
        <CurrentPassword label={t('signIn.password')} />
        {takesCode && (
          <Field label={t('signIn.code')} hint={t('signIn.codeHint')}>
            <input
              name="code"
              className="field"
              autoComplete="one-time-code"
              autoCapitalize="none"
              // biome-ignore lint/a11y/noAutofocus: the field appears because the form was sent, and is what it waits for.
              autoFocus
              required
              minLength={6}
              maxLength={20}
            />
          </Field>
        )}
        {error !== undefined && <ProblemNotice error={error} />}
        <button type="submit" className="button button-primary w-full" disabled={busy}>
          {t('signIn.submit')}
        </button>
        <Progress busy={busy} />
      </form>
    </DoorFrame>
  );
}
