import { Link } from 'wouter';
import type { RequestRow } from '../../server/requests/schema.ts';
import { useText } from '../i18n/language.tsx';
import { Icon } from '../parts/icons.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Time } from '../parts/time.tsx';

/** The state of a request; what is late stands out by more than its colour. */
export function RequestStateMark({ row }: { readonly row: RequestRow }) {
  const t = useText();
  return (
    <span className={row.state === 'overdue' ? 'inline-flex items-center gap-1 font-semibold' : ''}>
      {row.state === 'overdue' && <Icon name="warning" className="text-critical" />}
      {t(`request.state.${row.state}`)}
      {row.late && ` · ${t('request.late')}`}
    </span>
  );
}

/** One line of a list of requests, which leads to it. */
export function RequestLine({ row }: { readonly row: RequestRow }) {
  const t = useText();
  return (
    <li data-request={row.id} className="hover:bg-hover">
      <Link
        href={`/requests/${encodeURIComponent(row.id)}`}
        className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2"
      >
        <span className="min-w-0 flex-1 basis-64">
          <span className="block font-medium break-words">
            <Visible text={row.subject} prose />
          </span>
          <span className="block text-small text-muted">
            {row.id} · <Visible text={row.agencyName} prose />
          </span>
        </span>
        <span className="w-44 text-small">
          <RequestStateMark row={row} />
        </span>
        <span className="w-44 text-small">
          {row.state === 'closed' || row.state === 'answered' ? (
            <Time at={row.answeredAt ?? row.updatedAt} as="relative" />
          ) : (
            <>
              {t('request.due')}: <Time at={row.due} as="relative" />
            </>
          )}
        </span>
      </Link>
    </li>
  );
}
