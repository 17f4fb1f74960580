import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { NewUser, User } from '../../server/accounts/schema.ts';
import { postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { PasswordFields } from '../parts/password-fields.tsx';
import { ProblemNotice, Progress } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { type Agencies, AgencyChoice } from './agency-choice.tsx';

export const ROLES = [
  'analyst',
  'lead',
  'viewer',
  'rule-author',
  'agency-officer',
  'auditor',
  'national-liaison',
  'administrator',
] as const satisfies readonly User['role'][];

/** Chooses a role, and says what it may do. */
export function RoleField({
  role,
  choose,
}: {
  readonly role: User['role'];
  readonly choose: (role: User['role']) => void;
}) {
  const t = useText();
  return (
    <Field label={t('users.role')} hint={t(`role.${role}.hint`)}>
      <select
        className="field"
        value={role}
        onChange={(event) => choose(ROLES.find((one) => one === event.target.value) ?? 'viewer')}
      >
        {ROLES.map((one) => (
          <option key={one} value={one}>
            {t(`role.${one}`)}
          </option>
        ))}
      </select>
    </Field>
  );
}

/** A new account, of the role given unless another one is chosen. */
export function NewUserForm({
  first = 'analyst',
  done,
}: {
  readonly first?: User['role'];
  readonly done?: () => void;
}) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const [role, setRole] = useState<User['role']>(first);
  const [agencies, setAgencies] = useState<Agencies>('all');
  const { busy, error, run } = useAttempt();
  const [differ, setDiffer] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    const password = String(form.get('password'));
    setDiffer(password !== form.get('again'));
    if (password !== form.get('again')) return;
    const user = String(form.get('user'));
    const displayName = String(form.get('displayName')).trim();
    const body: NewUser = { user, displayName, role, agencies, password };
    await run(async () => {
      await postJson('/users', body);
      element.reset();
      setRole(first);
      setAgencies('all');
      toast({ text: t('users.added', { name: displayName }) });
      await queries.invalidateQueries({ queryKey: ['users'] });
      done?.();
    });
  };
  return (
    <form onSubmit={submit} className="space-y-4" autoComplete="off">
      <Field label={t('signIn.user')} hint={t('setup.userHint')}>
        <input name="user" className="field" autoCapitalize="none" pattern="[a-z][a-z0-9._\-]{0,31}" required />
      </Field>
      <Field label={t('users.name')}>
        <input name="displayName" className="field" required maxLength={100} pattern=".*\S.*" />
      </Field>
      <RoleField role={role} choose={setRole} />
      <AgencyChoice chosen={agencies} choose={setAgencies} />
      <PasswordFields differ={differ} />
      {error !== undefined && <ProblemNotice error={error} />}
      <button type="submit" className="button button-primary" disabled={busy}>
        {t('users.add')}
      </button>
      {busy && <Progress busy />}
    </form>
  );
}
