import { useState } from 'react';
import type { Session } from '../../server/accounts/schema.ts';
import { useText } from '../i18n/language.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { AskDialog } from './ask-dialog.tsx';
import { useRequests } from './queries.ts';
import { RequestLine } from './request-line.tsx';

/** On an incident or an alert: which agencies were asked, what they said, and the way to ask one. */
export function RequestsCard({
  about,
  agencies,
  open = true,
  me,
}: {
  readonly about: { readonly incident: string } | { readonly alert: string };
  readonly agencies: readonly string[];
  /** Whether anything is still to be asked: not of what became part of another incident. */
  readonly open?: boolean;
  readonly me: Session;
}) {
  const t = useText();
  const requests = useRequests(about);
  const [asking, setAsking] = useState(false);
  const rows = requests.data?.requests ?? [];
  const mayAsk = open && me.permissions.includes('requests.ask');
  return (
    <section className="card p-4" data-requests-card>
      <div className="mb-2 flex flex-wrap items-center gap-2">
        <h2 className="flex-1 font-semibold">{t('request.title')}</h2>
        {mayAsk && (
          <button type="button" className="button" onClick={() => setAsking(true)}>
            {t('request.ask')}
          </button>
        )}
      </div>
      {requests.isError && <ProblemNotice error={requests.error} retry={() => requests.refetch()} />}
      {requests.data && rows.length === 0 && <p className="text-muted">{t('request.cardNone')}</p>}
      {rows.length > 0 && (
        <ul className="-mx-4 divide-y divide-line">
          {rows.map((row) => (
            <RequestLine key={row.id} row={row} />
          ))}
        </ul>
      )}
      {asking && (
        <AskDialog
          about={about}
          agency={agencies.length === 1 ? agencies[0] : undefined}
          close={() => setAsking(false)}
        />
      )}
    </section>
  );
}
