import { useText } from '../i18n/language.tsx';
import { Field } from './dialog.tsx';

/** A new password twice. `differ` says that the two are not the same. */
export function PasswordFields({ differ }: { readonly differ: boolean }) {
  const t = useText();
  const rest = { type: 'password', className: 'field', autoComplete: 'new-password', required: true } as const;
  return (
    <>
      <Field label={t('signIn.password')} hint={t('setup.passwordHint')}>
        <input name="password" minLength={12} maxLength={256} {...rest} />
      </Field>
      <Field label={t('setup.again')}>
        <input name="again" aria-invalid={differ} {...rest} />
      </Field>
      {differ && (
        <p role="alert" className="text-critical">
          {t('setup.differ')}
        </p>
      )}
    </>
  );
}

/** The password that one has. */
export function CurrentPassword({ label, name = 'password' }: { readonly label: string; readonly name?: string }) {
  return (
    <Field label={label}>
      <input name={name} type="password" className="field" autoComplete="current-password" required maxLength={256} />
    </Field>
  );
}
