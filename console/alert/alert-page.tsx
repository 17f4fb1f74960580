import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { AlertDetail, AlertRow } from '../../server/alerts/schema.ts';
import { ActBar } from '../alerts/act-bar.tsx';
import { ActDialog } from '../alerts/close-dialog.tsx';
import { ConflictDialog } from '../alerts/conflict-dialog.tsx';
import { MOST_ROWS, useActs } from '../alerts/use-acts.ts';
import { useLiveAlerts } from '../api/live.tsx';
import { useAlert } from '../api/queries.ts';
import { useLanguage } from '../i18n/language.tsx';
import { pickText } from '../i18n/messages.ts';
import { MakeIncident } from '../incidents/make-incident.tsx';
import { Visible } from '../parts/log-text.tsx';
import { RecordPage } from '../parts/record-page.tsx';
import { Partial } from '../parts/states.tsx';
import { useKeys } from '../parts/use-keys.ts';
import { RequestsCard } from '../requests/requests-card.tsx';
import { AlertEventList } from './alert-events.tsx';
import { AlertHead } from './alert-head.tsx';
import { GuidanceCard } from './guidance.tsx';
import { ContactCard, EntityCard, RuleCard, TechniqueCard } from './side-cards.tsx';
import { Timeline } from './timeline.tsx';

const REFRESHED_AFTER_MS = 1_000;

/** Fetches the alert again when the live feed says that it changed; many changes at once cost one fetch. */
function useFresh(id: string): void {
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const refresh = useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      queries.invalidateQueries({ queryKey: ['alert', id] });
      queries.invalidateQueries({ queryKey: ['alert-events', id] });
    }, REFRESHED_AFTER_MS);
  }, [queries, id]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const listener = useMemo(
    () => ({
      alert: (row: AlertRow) => {
        if (row.id === id) refresh();
      },
      restart: refresh,
    }),
    [id, refresh],
  );
  useLiveAlerts(listener);
}

/** `/alerts/:id`: why it fired, what to do, and everything to judge it by. */
export function AlertPage({ id, me }: { readonly id: string; readonly me: Session }) {
  const { t, language } = useLanguage();
  const alert = useAlert(id);
  useFresh(id);
  return (
    <>
      <RecordPage
        queryKey={['alert', id]}
        query={alert}
        title={alert.data && pickText(alert.data.alert.title, language)?.text}
        back={{ to: '/alerts', text: 'nav.alerts', label: 'alert.way' }}
      >
        {alert.isPending && alert.fetchStatus === 'idle' && (
          <p className="p-4">
            {t('common.cancelled')}{' '}
            <button type="button" className="link" onClick={() => alert.refetch()}>
              {t('common.retry')}
            </button>
          </p>
        )}
        {alert.data && <AlertBody detail={alert.data} me={me} />}
      </RecordPage>
      {alert.data && me.permissions.includes('alerts.triage') && alert.data.alert.mergedInto === undefined && (
        <AlertActs detail={alert.data} me={me} />
      )}
    </>
  );
}

function AlertBody({ detail, me }: { readonly detail: AlertDetail; readonly me: Session }) {
  const showsEvents = me.permissions.includes('events.read');
  const { t, language } = useLanguage();
  const { mergedInto } = detail.alert;
  const sentence = pickText(detail.sentence, language);
  return (
    <article className="max-w-[104rem] px-4 pt-2 pb-6">
      <AlertHead alert={detail.alert} />
      <div className="mt-3 grid gap-4 xl:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="min-w-0 space-y-4">
          {mergedInto !== undefined && (
            <Partial>
              {t('alert.merged')}{' '}
              <Link href={`/alerts/${encodeURIComponent(mergedInto)}`} className="link">
                {t('alert.mergedOpen')}
              </Link>
            </Partial>
          )}
          {sentence && (
            <p className="card border-l-4 border-l-accent p-4 text-title break-words" lang={sentence.language}>
              <Visible text={sentence.text} prose />
            </p>
          )}
          <GuidanceCard guidance={detail.guidance} />
          {showsEvents && <AlertEventList alert={detail.alert} />}
          <RequestsCard
            about={{ alert: detail.alert.id }}
            agencies={detail.alert.agency === '*' ? [] : [detail.alert.agency]}
            me={me}
          />
          <RuleCard rule={detail.rule} />
        </div>
        <aside className="min-w-0 space-y-4" aria-label={t('alert.aside')}>
          <section className="card p-4">
            <h2 className="mb-2 font-semibold">{t('alert.timeline')}</h2>
            <Timeline steps={detail.timeline} />
          </section>
          <EntityCard alert={detail.alert} />
          <ContactCard contact={detail.contact} name={detail.alert.agencyName} />
          <TechniqueCard rule={detail.rule} />
        </aside>
      </div>
    </article>
  );
}

function AlertActs({ detail, me }: { readonly detail: AlertDetail; readonly me: Session }) {
  const queries = useQueryClient();
  const { id } = detail.alert;
  const [closing, setClosing] = useState<boolean>();
  const [raising, setRaising] = useState(false);
  const acts = useActs((rows) => {
    const row = rows.find((one) => one.id === id);
    if (!row) return;
    queries.setQueryData<AlertDetail>(['alert', id], (before) => before && { ...before, alert: row });
  });
  const rows = [detail.alert];
  useKeys({ a: () => acts.assign(rows, me.user), e: () => setClosing(true), i: () => setRaising(true) });
  return (
    <div className="border-t border-line bg-surface">
      <ActBar
        count={1}
        most={MOST_ROWS}
        busy={acts.busy}
        assign={() => acts.assign(rows, me.user)}
        edit={() => setClosing(false)}
        finish={() => setClosing(true)}
        incident={() => setRaising(true)}
      />
      {raising && <MakeIncident rows={rows} close={() => setRaising(false)} made={() => setRaising(false)} />}
      {closing !== undefined && (
        <ActDialog
          rows={rows}
          closing={closing}
          busy={acts.busy}
          error={acts.error}
          close={() => setClosing(undefined)}
          send={async (act) => {
            if ((await acts.act(rows, act)) !== 'failed') setClosing(undefined);
          }}
        />
      )}
      {acts.conflict && <ConflictDialog conflict={acts.conflict} acts={acts} />}
    </div>
  );
}
