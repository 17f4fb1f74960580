import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { User, UserChange } from '../../server/accounts/schema.ts';
import { putJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Dialog, Field } from '../parts/dialog.tsx';
import { PasswordFields } from '../parts/password-fields.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { AgencyChoice } from './agency-choice.tsx';
import { RoleField } from './user-form.tsx';

interface UserDialogProps {
  readonly user: User;
  readonly close: () => void;
}

/** All of an account that the API wants back with a change. */
function asItIs({ displayName, role, agencies = 'all', disabled }: User): UserChange {
  return { displayName, role, agencies, disabled };
}

/** Sends something about a user, says that it was done, and closes the dialog that asked for it. */
function useSending({ user, close }: UserDialogProps) {
  const toast = useToast();
  const queries = useQueryClient();
  const { busy, error, run } = useAttempt();
  const send = async (part: '' | '/password', body: object, done: string): Promise<void> => {
    await run(async () => {
      await putJson(`/users/${encodeURIComponent(user.user)}${part}`, body);
      toast({ text: done });
      close();
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['users'] }),
        // It may be one's own account.
        queries.invalidateQueries({ queryKey: ['session'] }),
      ]);
    });
  };
  return { busy, error, send };
}

function Form({
  submit,
  busy,
  error,
  label,
  children,
}: {
  readonly submit: (form: FormData) => void;
  readonly busy: boolean;
  readonly error: unknown;
  readonly label: string;
  readonly children: ReactNode;
}) {
  const onSubmit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    submit(new FormData(event.currentTarget));
  };
  return (
    <form onSubmit={onSubmit} className="space-y-4">
      {children}
      {error !== undefined && <ProblemNotice error={error} />}
      <button type="submit" className="button button-primary" disabled={busy}>
        {label}
      </button>
    </form>
  );
}

/** Name, role and agencies of an account. */
export function ChangeDialog({ user, close }: UserDialogProps) {
  const t = useText();
  const { busy, error, send } = useSending({ user, close });
  const [role, setRole] = useState(user.role);
  const [agencies, setAgencies] = useState(user.agencies ?? 'all');
  const submit = (form: FormData): void => {
    const displayName = String(form.get('displayName')).trim();
    const body: UserChange = { ...asItIs(user), displayName, role, agencies };
    void send('', body, t('users.changed', { name: displayName }));
  };
  return (
    <Dialog title={t('users.changeTitle', { name: user.displayName })} close={close}>
      <Form submit={submit} busy={busy} error={error} label={t('users.save')}>
        <Field label={t('users.name')}>
          <input
            name="displayName"
            className="field"
            defaultValue={user.displayName}
            required
            maxLength={100}
            pattern=".*\S.*"
          />
        </Field>
        <RoleField role={role} choose={setRole} />
        <AgencyChoice chosen={agencies} choose={setAgencies} />
      </Form>
    </Dialog>
  );
}

/** A new password for somebody who lost theirs. */
export function PasswordDialog({ user, close }: UserDialogProps) {
  const t = useText();
  const { busy, error, send } = useSending({ user, close });
  const [differ, setDiffer] = useState(false);
  const submit = (form: FormData): void => {
    const password = form.get('password');
    setDiffer(password !== form.get('again'));
    if (password !== form.get('again')) return;
    void send('/password', { password }, t('users.resetDone', { name: user.displayName }));
  };
  return (
    <Dialog title={t('users.resetTitle', { name: user.displayName })} close={close}>
      <Form submit={submit} busy={busy} error={error} label={t('users.resetNow')}>
        <p>{t('users.resetHint')}</p>
        <PasswordFields differ={differ} />
      </Form>
    </Dialog>
  );
}

/** Asks before somebody is locked out, or let in again. */
export function LockDialog({ user, close }: UserDialogProps) {
  const t = useText();
  const { busy, error, send } = useSending({ user, close });
  const { displayName: name, disabled } = user;
  const submit = (): void =>
    void send(
      '',
      { ...asItIs(user), disabled: !disabled },
      t(disabled ? 'users.unlockDone' : 'users.lockDone', { name }),
    );
  return (
    <Dialog title={t(disabled ? 'users.unlockTitle' : 'users.lockTitle', { name })} close={close}>
      <Form submit={submit} busy={busy} error={error} label={t(disabled ? 'users.unlockNow' : 'users.lockNow')}>
        <p>{t(disabled ? 'users.unlockText' : 'users.lockText')}</p>
      </Form>
    </Dialog>
  );
}
