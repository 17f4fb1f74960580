import { useQuery } from '@tanstack/react-query';
import type { Emergencies } from '../../server/accounts/schema.ts';
import { getJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Icon } from '../parts/icons.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Time } from '../parts/time.tsx';

const EVERY_MS = 15_000;

/** Says on every page, to everybody, that somebody has emergency access: whoever did not agree to it must see it. */
export function EmergencyBanner() {
  const t = useText();
  const open = useQuery({
    queryKey: ['emergencies'],
    queryFn: ({ signal }) => getJson<Emergencies>('/emergencies', {}, signal),
    refetchInterval: EVERY_MS,
  });
  return (open.data?.emergencies ?? []).map(({ user, displayName, reason, until }) => (
    <p
      key={user}
      role="alert"
      data-emergency={user}
      className="flex items-start gap-2 border-b border-critical bg-critical-ground px-4 py-2"
    >
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
      </span>
    </p>
  ));
}
