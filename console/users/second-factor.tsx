import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { NewSecondFactor, RecoveryCodes, Session } from '../../server/accounts/schema.ts';
import { postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { CurrentPassword } from '../parts/password-fields.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

/** Sets up the code of an authenticator application beside the password: password, secret, first code, recovery codes. */
export function SecondFactorCard({ me, done }: { readonly me: Session; readonly done?: () => void }) {
  const t = useText();
  const queries = useQueryClient();
  const { busy, error, run } = useAttempt();
  const [begun, setBegun] = useState<NewSecondFactor>();
  const [codes, setCodes] = useState<readonly string[]>();
  const { on = false, due = null, lost = false } = me.secondFactor ?? {};
  const begin = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget).get('password'));
    void run(async () => setBegun(await postJson<NewSecondFactor>('/session/second-factor', { password })));
  };
  const confirm = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const code = String(new FormData(event.currentTarget).get('code')).trim();
    void run(async () => {
      const made = await postJson<RecoveryCodes>('/session/second-factor/confirm', { code });
      setCodes(made.recoveryCodes);
      setBegun(undefined);
      await queries.invalidateQueries({ queryKey: ['session'] });
      done?.();
    });
  };
  return (
    <section className="card h-fit p-4" aria-labelledby="second-factor">
      <h2 id="second-factor" className="mb-3 font-semibold">
        {t('factor.title')}
      </h2>
      <div className="space-y-4">
        {lost ? <p className="text-critical">{t('factor.lost')}</p> : <p>{t(on ? 'factor.on' : 'factor.off')}</p>}
        {due !== null && !lost && (
          <p className="text-critical">
            {t('factor.due')} <Time at={due} />
          </p>
        )}
        {codes && <Codes codes={codes} />}
        {!begun && (
          <form onSubmit={begin} className="space-y-4">
            <input type="text" name="username" autoComplete="username" value={me.user} readOnly hidden />
            <CurrentPassword label={t('account.current')} />
            <button type="submit" className="button" disabled={busy}>
              {t(on ? 'factor.replace' : 'factor.begin')}
            </button>
          </form>
        )}
        {begun && (
          <form onSubmit={confirm} className="space-y-4">
            <p>{t('factor.enter')}</p>
            <p className="rounded-md border border-line p-3 font-mono break-all" data-secret>
              {(begun.secret.match(/.{1,4}/g) ?? []).join(' ')}
            </p>
            <a href={begun.uri} className="link">
              {t('factor.open')}
            </a>
            <Field label={t('factor.code')}>
              <input
                name="code"
                className="field"
                inputMode="numeric"
                autoComplete="one-time-code"
                pattern="\d{6}"
                required
                maxLength={6}
              />
            </Field>
            <button type="submit" className="button button-primary" disabled={busy}>
              {t('factor.confirm')}
            </button>
          </form>
        )}
        {error !== undefined && <ProblemNotice error={error} />}
      </div>
    </section>
  );
}

function Codes({ codes }: { readonly codes: readonly string[] }) {
  const t = useText();
  return (
    <div role="status" className="rounded-lg border border-accent p-3">
      <p className="font-semibold">{t('factor.recovery')}</p>
      <p className="mb-2">{t('factor.recoveryHint')}</p>
      <ul className="grid grid-cols-2 gap-x-4 font-mono">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
    </div>
  );
}
