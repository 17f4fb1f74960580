import { useQuery } from '@tanstack/react-query';
import type { ApiToken, ApiTokens } from '../../server/accounts/schema.ts';
import { deleteResource, getJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useToldAttempt } from '../parts/use-attempt.ts';

/** Tokens of programs, each to be revoked: one's own, or as an administrator those of everybody. */
export function TokenList({ of }: { readonly of: 'me' | 'everybody' }) {
  const t = useText();
  const { busy, run } = useToldAttempt(['tokens']);
  const path = of === 'me' ? '/session/tokens' : '/tokens';
  const list = useQuery({
    queryKey: ['tokens', of],
    queryFn: ({ signal }) => getJson<ApiTokens>(path, {}, signal),
  });
  const revoke = ({ id, name }: ApiToken) => run(() => deleteResource(`${path}/${id}`), t('tokens.revoked', { name }));
  return (
    <>
      {list.isError && <ProblemNotice error={list.error} retry={() => list.refetch()} />}
      {list.data?.tokens.length === 0 && <p className="text-muted">{t('tokens.none')}</p>}
      <ul className="divide-y divide-line">
        {list.data?.tokens.map((token) => (
          <Row key={token.id} token={token} named={of === 'everybody'} busy={busy} revoke={() => revoke(token)} />
        ))}
      </ul>
    </>
  );
}

function Row({
  token,
  named,
  busy,
  revoke,
}: {
  readonly token: ApiToken;
  readonly named: boolean;
  readonly busy: boolean;
  readonly revoke: () => void;
}) {
  const t = useText();
  const { name, owner, permissions, agencies, expires, expired, lastUsedAt, lastAddress } = token;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-2" data-token={name}>
      <div className="min-w-0 flex-1 basis-56">
        <p className="break-words">
          <span className="font-medium">
            <Visible text={name} prose />
          </span>
          {named && (
            <span className="text-muted">
              {' · '}
              <Visible text={owner} />
            </span>
          )}
        </p>
        <p className="font-mono text-small break-words text-muted">{permissions.join(' ')}</p>
        <p className="text-small break-words text-muted">
          {agencies === 'all' ? t('queue.allAgencies') : <Visible text={agencies.join(', ')} />}
          {' · '}
          <span className={expired ? 'font-semibold text-high' : ''}>
            {t(expired ? 'tokens.expired' : 'tokens.expires')} <Time at={expires} as="brief" />
          </span>
          {' · '}
          {lastUsedAt === null ? (
            t('tokens.neverUsed')
          ) : (
            <>
              {t('tokens.lastUsed')} <Time at={lastUsedAt} as="relative" /> <Visible text={lastAddress ?? ''} />
            </>
          )}
        </p>
      </div>
      <button
        type="button"
        className="button text-small"
        disabled={busy}
        onClick={revoke}
        aria-label={t('tokens.revokeThis', { name })}
      >
        {t('tokens.revoke')}
      </button>
    </li>
  );
}
