import { useState } from 'react';
import type { Session, User } from '../../server/accounts/schema.ts';
import { SessionList } from '../account/session-list.tsx';
import { useAgencies, useUsers } from '../api/queries.ts';
import { useText } from '../i18n/language.tsx';
import { Icon } from '../parts/icons.tsx';
import { Visible } from '../parts/log-text.tsx';
import { FirstFetch, PageTitle, ProblemNotice } from '../parts/states.tsx';
import { TokenList } from '../tokens/token-list.tsx';
import { EmergencyDialog } from './emergency-dialog.tsx';
import { ChangeDialog, LockDialog, PasswordDialog } from './user-dialogs.tsx';
import { NewUserForm } from './user-form.tsx';

const DIALOGS = {
  change: ChangeDialog,
  password: PasswordDialog,
  lock: LockDialog,
  emergency: EmergencyDialog,
} as const;

/** `/users`, for administrators: who may sign in, and what each may see and do. */
export function UsersPage({ me }: { readonly me: Session }) {
  const t = useText();
  const users = useUsers();
  const [asked, setAsked] = useState<{ readonly what: keyof typeof DIALOGS; readonly user: User }>();
  const Asked = asked && DIALOGS[asked.what];
  return (
    <>
      <PageTitle title="nav.users" />
      <FirstFetch query={users} cancels={['users']} />
      <div className="min-h-0 flex-1 overflow-auto px-4 pb-6">
        <div className="grid max-w-[88rem] gap-4 lg:grid-cols-[minmax(0,1fr)_24rem]">
          <section aria-labelledby="users" className="min-w-0">
            <h2 id="users" className="sr-only">
              {t('users.list')}
            </h2>
            {users.isError && <ProblemNotice error={users.error} retry={() => users.refetch()} />}
            {users.data && (
              <ul className="card mb-4 divide-y divide-line">
                {users.data.users.map((user) => (
                  <UserRow
                    key={user.user}
                    user={user}
                    isMe={user.user === me.user}
                    mayElevate={me.agencies === 'all'}
                    ask={(what) => setAsked({ what, user })}
                  />
                ))}
              </ul>
            )}
            {me.permissions.includes('sessions.manage') && (
              <section className="card mb-4 p-4" aria-labelledby="all-sessions">
                <h2 id="all-sessions" className="mb-2 font-semibold">
                  {t('sessions.all')}
                </h2>
                <SessionList of="everybody" />
              </section>
            )}
            {me.permissions.includes('tokens.manage') && (
              <section className="card p-4" aria-labelledby="all-tokens">
                <h2 id="all-tokens" className="mb-2 font-semibold">
                  {t('tokens.title')}
                </h2>
                <TokenList of="everybody" />
              </section>
            )}
          </section>
          <section className="card h-fit p-4" aria-labelledby="new-user">
            <h2 id="new-user" className="mb-3 font-semibold">
              {t('users.add')}
            </h2>
            <NewUserForm />
          </section>
        </div>
      </div>
      {asked && Asked && <Asked user={asked.user} close={() => setAsked(undefined)} />}
    </>
  );
}

function UserRow({
  user,
  isMe,
  mayElevate,
  ask,
}: {
  readonly user: User;
  readonly isMe: boolean;
  readonly mayElevate: boolean;
  readonly ask: (what: keyof typeof DIALOGS) => void;
}) {
  const t = useText();
  const names = new Map(useAgencies().data?.agencies.map(({ id, name }) => [id, name]));
  const { agencies = 'all' } = user;
  const named = agencies === 'all' ? [] : agencies.slice(0, 3).map((id) => names.get(id) ?? id);
  return (
    <li className="flex flex-wrap items-center gap-x-6 gap-y-2 px-4 py-3" data-user={user.user}>
      <div className="min-w-0 flex-1 basis-64">
        <h3 className={`font-medium break-words ${user.disabled ? 'text-muted' : ''}`}>
          <Visible text={user.displayName} prose />
          {isMe && <span className="font-normal text-muted"> · {t('users.you')}</span>}
        </h3>
        <p className="text-small text-muted">{user.user}</p>
      </div>
      <div className="min-w-0 flex-1 basis-56 text-small">
        <p className="flex flex-wrap items-center gap-x-3">
          <span>{t(`role.${user.role}`)}</span>
          {user.disabled && (
            <span className="inline-flex items-center gap-1 font-semibold text-high">
              <Icon name="broken" className="size-3" />
              {t('users.locked')}
            </span>
          )}
        </p>
        <p className="break-words text-muted">
          {agencies === 'all' ? t('queue.allAgencies') : <Visible text={named.join(', ')} prose />}
          {agencies.length > named.length && agencies !== 'all' && (
            <> {t('common.andMore', { count: agencies.length - named.length })}</>
          )}
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        <button type="button" className="button text-small" onClick={() => ask('change')}>
          {t('act.edit')}
        </button>
        <button type="button" className="button text-small" onClick={() => ask('password')}>
          {t('users.reset')}
        </button>
        <button type="button" className="button text-small" onClick={() => ask('lock')}>
          {t(user.disabled ? 'users.unlock' : 'users.lock')}
        </button>
        {mayElevate && !user.disabled && !(user.role === 'administrator' && agencies === 'all') && (
          <button type="button" className="button text-small" onClick={() => ask('emergency')}>
            {t('emergency.open')}
          </button>
        )}
      </div>
    </li>
  );
}
