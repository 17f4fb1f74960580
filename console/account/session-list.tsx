import { useQuery } from '@tanstack/react-query';
import type { OpenSession, OpenSessions } from '../../server/accounts/schema.ts';
import { deleteResource, getJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Visible } from '../parts/log-text.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useToldAttempt } from '../parts/use-attempt.ts';

/** Open sessions, each to be ended: one's own (`/session/sessions`), or as an administrator those of everybody (`/sessions`). */
export function SessionList({ of }: { readonly of: 'me' | 'everybody' }) {
  const t = useText();
  const { busy, run } = useToldAttempt(['sessions']);
  const path = of === 'me' ? '/session/sessions' : '/sessions';
  const list = useQuery({
    queryKey: ['sessions', of],
    queryFn: ({ signal }) => getJson<OpenSessions>(path, {}, signal),
    refetchInterval: 60_000,
  });
  const end = (which: string, done: string) => run(() => deleteResource(which), done);
  const sessions = list.data?.sessions ?? [];
  const others = sessions.filter(({ current }) => !current);
  return (
    <div className="space-y-3">
      {list.isError && <ProblemNotice error={list.error} retry={() => list.refetch()} />}
      <ul className="divide-y divide-line">
        {sessions.map((session) => (
          <Row
            key={session.id}
            session={session}
            named={of === 'everybody'}
            busy={busy}
            end={() => end(`${path}/${session.id}`, t('sessions.ended'))}
          />
        ))}
      </ul>
      {of === 'me' && others.length > 0 && (
        <button type="button" className="button" disabled={busy} onClick={() => end(path, t('sessions.othersEnded'))}>
          {t('sessions.endOthers')}
        </button>
      )}
    </div>
  );
}

function Row({
  session: { user, address, browser, since, lastSeen, current },
  named,
  busy,
  end,
}: {
  readonly session: OpenSession;
  readonly named: boolean;
  readonly busy: boolean;
  readonly end: () => void;
}) {
  const t = useText();
  const where = browser === '' ? t('sessions.unknownBrowser') : browser;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-2" data-session={user}>
      <div className="min-w-0 flex-1 basis-56">
        <p className="break-words">
          {named && (
            <span className="font-medium">
              <Visible text={user} />{' '}
            </span>
          )}
          <Visible text={where} />
          {address !== '' && (
            <span className="text-muted">
              {' · '}
              <Visible text={address} />
            </span>
          )}
        </p>
        <p className="text-small text-muted">
          {t('sessions.since')} <Time at={since} as="brief" />
          {' · '}
          {t('sessions.lastSeen')} <Time at={lastSeen} as="relative" />
        </p>
      </div>
      {current ? (
        <span className="text-small font-semibold">{t('sessions.current')}</span>
      ) : (
        <button
          type="button"
          className="button text-small"
          disabled={busy}
          onClick={end}
          aria-label={t('sessions.endThis', { user, browser: where })}
        >
          {t('sessions.end')}
        </button>
      )}
    </li>
  );
}
