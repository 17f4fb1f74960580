import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import type { Session, Setup, SetupState } from '../../server/accounts/schema.ts';
import { getJson, postJson } from '../api/client.ts';
import { changeSession } from '../api/session.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { PasswordFields } from '../parts/password-fields.tsx';
import { Partial, ProblemNotice, Progress } from '../parts/states.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { DoorFrame } from './sign-in-page.tsx';

/** `/setup?token=…`: the first administrator chooses a name and a password. */
export function SetupPage() {
  const t = useText();
  const token = new URLSearchParams(useSearch()).get('token') ?? '';
  const state = useQuery({
    queryKey: ['setup', token],
    queryFn: ({ signal }) => getJson<SetupState>('/setup', { token }, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <DoorFrame title="setup.title">
      {state.isPending && <Progress busy />}
      {state.isError && <ProblemNotice error={state.error} retry={() => state.refetch()} />}
      {state.data && !state.data.valid && (
        <div className="space-y-4">
          <Partial>{t(state.data.needed ? 'setup.linkInvalid' : 'setup.done')}</Partial>
          <Link href="/alerts" className="button w-full">
            {t('signIn.title')}
          </Link>
        </div>
      )}
      {state.data?.valid && <SetupForm token={token} />}
    </DoorFrame>
  );
}

function SetupForm({ token }: { readonly token: string }) {
  const t = useText();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const { busy, error, run } = useAttempt();
  const [differ, setDiffer] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const password = String(form.get('password'));
    setDiffer(password !== form.get('again'));
    if (password !== form.get('again')) return;
    const body: Setup = {
      token,
      user: String(form.get('user')),
      displayName: String(form.get('displayName')).trim(),
      password,
    };
    await run(async () => {
      const session = await postJson<Session>('/setup', body);
      changeSession(queries, session);
      go('/first-run', { replace: true });
    });
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <p className="text-muted">{t('setup.intro')}</p>
      <Field label={t('signIn.user')} hint={t('setup.userHint')}>
        <input
          name="user"
          className="field"
          autoComplete="username"
          autoCapitalize="none"
          defaultValue="admin"
          pattern="[a-z][a-z0-9._\-]{0,31}"
          required
        />
      </Field>
      <Field label={t('setup.displayName')}>
        <input name="displayName" className="field" autoComplete="name" required maxLength={100} />
      </Field>
      <PasswordFields differ={differ} />
      {error !== undefined && <ProblemNotice error={error} />}
      <button type="submit" className="button button-primary w-full" disabled={busy}>
        {t('setup.submit')}
      </button>
      <Progress busy={busy} />
    </form>
  );
}
