import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Emergencies, Emergency } from '../../server/accounts/schema.ts';
import type { AlertRow } from '../../server/alerts/schema.ts';
import { deleteResource, getJson } from '../api/client.ts';
import { useLiveAlerts } from '../api/live.tsx';
import { useSession } from '../api/queries.ts';
import { useText } from '../i18n/language.tsx';
import { Icon } from '../parts/icons.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Time } from '../parts/time.tsx';
import { useToldAttempt } from '../parts/use-attempt.ts';

const EVERY_MS = 15_000;

/** Says on every page, to everybody, that somebody has emergency access: whoever did not agree to it must see it. */
export function EmergencyBanner() {
  const queries = useQueryClient();
  const open = useQuery({
    queryKey: ['emergencies'],
    queryFn: ({ signal }) => getJson<Emergencies>('/emergencies', {}, signal),
    refetchInterval: EVERY_MS,
  });
  // It comes with a critical alert: who sees that one should not wait for the next look.
  const listener = useMemo(
    () => ({
      alert: ({ severity }: AlertRow) => {
        if (severity === 'critical') void queries.invalidateQueries({ queryKey: ['emergencies'] });
      },
      restart: () => {},
    }),
    [queries],
  );
  useLiveAlerts(listener);
  return (open.data?.emergencies ?? []).map((one) => <Notice key={one.user} emergency={one} />);
}

function Notice({ emergency: { user, displayName, reason, by, until } }: { readonly emergency: Emergency }) {
  const t = useText();
  // They may be one's own rights that are over.
  const { busy, run } = useToldAttempt(['emergencies', 'session']);
  const me = useSession().data;
  const end = () =>
    run(
      () => deleteResource(`/users/${encodeURIComponent(user)}/emergency`),
      t('emergency.closed', { name: displayName }),
    );
  return (
    <div
      role="alert"
      data-emergency={user}
      className="flex flex-wrap items-start gap-x-4 gap-y-1 border-b border-critical bg-critical-ground px-4 py-2"
    >
      <p className="flex min-w-0 flex-1 basis-64 items-start gap-2">
        <Icon name="warning" className="mt-0.5 text-critical" />
        <span className="min-w-0 break-words">
          <span className="font-semibold">{t('emergency.title', { name: displayName })}</span> {t('emergency.until')}{' '}
          <Time at={until} as="brief" />
          {reason !== '' && (
            <>
              {' · '}
              <Visible text={reason} prose />
            </>
          )}
          {by !== '' && (
            <>
              {' · '}
              {t('emergency.by')} <Visible text={by} />
            </>
          )}
        </span>
      </p>
      {me?.agencies === 'all' && me.permissions.includes('users.change') && (
        <button type="button" className="button text-small" disabled={busy} onClick={() => void end()}>
          {t('emergency.close')}
        </button>
      )}
    </div>
  );
}
