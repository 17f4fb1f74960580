import { useState } from 'react';
import { Link } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import type { IncidentDetail } from '../../server/incidents/schema.ts';
import { ClockCard } from '../clocks/clock-card.tsx';
import { useText } from '../i18n/language.tsx';
import { Card } from '../parts/card.tsx';
import { Fact } from '../parts/fact.tsx';
import { Icon, SeverityMark } from '../parts/icons.tsx';
import { Visible } from '../parts/log-text.tsx';
import { RecordPage } from '../parts/record-page.tsx';
import { Partial, ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useKeys } from '../parts/use-keys.ts';
import { ReportsCard } from '../reports/reports-card.tsx';
import { RequestsCard } from '../requests/requests-card.tsx';
import { ShareCard } from '../sharing/share-card.tsx';
import { EditDialog } from './edit-dialog.tsx';
import { AgencyNames } from './incidents-page.tsx';
import { AlertsCard, IndicatorsCard, SystemsCard, TechniquesCard } from './lists.tsx';
import { MergeCard } from './merge-card.tsx';
import { MoveDialog } from './move-dialog.tsx';
import { type IncidentActs, useIncident, useIncidentActs } from './queries.ts';
import { rsitName } from './rsit-name.ts';
import { TasksCard } from './tasks-card.tsx';
import { IncidentTimeline } from './timeline.tsx';
import { CommentsCard, EvidenceCard } from './work.tsx';

/** `/incidents/:id`: everything about one case, and what to do with it. */
export function IncidentPage({ id, me }: { readonly id: string; readonly me: Session }) {
  const incident = useIncident(id);
  return (
    <RecordPage
      queryKey={['incident', id]}
      query={incident}
      title={incident.data?.incident.title}
      back={{ to: '/incidents', text: 'nav.incidents' }}
    >
      {incident.data && <IncidentBody detail={incident.data} me={me} />}
    </RecordPage>
  );
}

function IncidentBody({ detail, me }: { readonly detail: IncidentDetail; readonly me: Session }) {
  const t = useText();
  const { incident } = detail;
  const acts = useIncidentActs(incident.id);
  const mayAct = me.permissions.includes('incidents.work') && incident.mergedInto === undefined;
  const [dialog, setDialog] = useState<'edit' | IncidentDetail['moves'][number]>();
  useKeys({
    a: () => (mayAct ? acts.change({ version: incident.version, set: { owner: me.user } }) : false),
    e: () => (mayAct ? setDialog('edit') : false),
  });
  const parts = { detail, acts, mayAct };
  const open = incident.mergedInto === undefined;
  return (
    <article className="max-w-[104rem] px-4 pt-2 pb-6">
      <IncidentHead detail={detail} />
      {mayAct && <ActRow detail={detail} acts={acts} me={me} open={setDialog} />}
      {dialog === undefined && (acts.conflict || acts.error !== undefined) && (
        // Stays in sight: what was tried may stand many screens below.
        <div className="sticky top-2 z-10 mt-3 flex items-start gap-2 rounded-lg bg-surface shadow-lg" data-trouble>
          <div className="min-w-0 flex-1" {...(acts.conflict ? { role: 'alert' } : {})}>
            {acts.conflict && <Partial>{t('incident.conflict')}</Partial>}
            {acts.error !== undefined && <ProblemNotice error={acts.error} />}
          </div>
          <button type="button" className="button button-quiet" onClick={acts.forget} aria-label={t('common.close')}>
            <Icon name="close" />
          </button>
        </div>
      )}
      <div className="mt-3 grid gap-4 xl:grid-cols-[minmax(0,1fr)_26rem]">
        <div className="min-w-0 space-y-4">
          {incident.mergedInto !== undefined && (
            <Partial>
              {t('incident.partOf')}{' '}
              <Link href={`/incidents/${encodeURIComponent(incident.mergedInto)}`} className="link">
                {t('incident.partOfOpen')}
              </Link>
            </Partial>
          )}
          <Card title={t('incident.summary')}>
            <p className={`break-words whitespace-pre-wrap ${detail.summary === '' ? 'text-muted' : ''}`}>
              {detail.summary === '' ? t('incident.noSummary') : <Visible text={detail.summary} prose />}
            </p>
          </Card>
          {open && <ClockCard incident={incident.id} detectedAt={incident.detectedAt} me={me} />}
          <AlertsCard {...parts} />
          <TasksCard {...parts} />
          <RequestsCard
            about={{ incident: incident.id }}
            agencies={incident.agencies.map(({ agency }) => agency)}
            open={open}
            me={me}
          />
          <ReportsCard incident={incident.id} open={open} me={me} />
          <ShareCard incident={incident.id} open={open} me={me} />
          <CommentsCard {...parts} />
          <EvidenceCard {...parts} />
        </div>
        <div className="min-w-0 space-y-4">
          <IndicatorsCard {...parts} />
          <SystemsCard {...parts} />
          <TechniquesCard {...parts} />
          <MergeCard {...parts} />
          <Card title={t('incident.timeline')}>
            <IncidentTimeline detail={detail} />
          </Card>
        </div>
      </div>
      {dialog === 'edit' && <EditDialog detail={detail} acts={acts} close={() => setDialog(undefined)} />}
      {dialog !== undefined && dialog !== 'edit' && (
        <MoveDialog detail={detail} to={dialog} acts={acts} close={() => setDialog(undefined)} />
      )}
    </article>
  );
}

function ActRow({
  detail,
  acts,
  me,
  open,
}: {
  readonly detail: IncidentDetail;
  readonly acts: IncidentActs;
  readonly me: Session;
  readonly open: (dialog: 'edit' | IncidentDetail['moves'][number]) => void;
}) {
  const t = useText();
  const { incident, moves } = detail;
  return (
    <div role="toolbar" aria-label={t('act.bar')} className="mt-3 flex flex-wrap gap-2">
      <button
        type="button"
        className="button"
        disabled={acts.busy || incident.owner === me.user}
        aria-keyshortcuts="a"
        onClick={() => void acts.change({ version: incident.version, set: { owner: me.user } })}
      >
        {t('act.assignMe')}
      </button>
      <button type="button" className="button" aria-keyshortcuts="e" onClick={() => open('edit')}>
        {t('incident.edit')}
      </button>
      {moves.map((status) => (
        <button key={status} type="button" className="button" disabled={acts.busy} onClick={() => open(status)}>
          {t('incident.move', { status: t(`incident.status.${status}`) })}
        </button>
      ))}
    </div>
  );
}

function IncidentHead({ detail: { incident } }: { readonly detail: IncidentDetail }) {
  const t = useText();
  return (
    <header>
      <h1 className="text-title font-semibold break-words">
        <Visible text={incident.title} prose />
      </h1>
      <dl className="mt-2 flex flex-wrap gap-x-8 gap-y-2">
        <Fact name={t('alert.incident')}>{incident.id}</Fact>
        <Fact name={t('alert.severity')}>
          <SeverityMark severity={incident.severity} wide />
        </Fact>
        <Fact name={t('alert.status')}>
          {t(`incident.status.${incident.status}`)}
          {incident.outcome && ` · ${t(`incident.outcome.${incident.outcome}`)}`}
        </Fact>
        <Fact name={t('incident.owner')}>{incident.owner ?? t('alert.nobody')}</Fact>
        <Fact name={t('incident.tlp')}>TLP:{incident.tlp.toUpperCase()}</Fact>
        <Fact name={t('incident.rsit')}>
          {incident.rsit === null ? t('incident.rsitNone') : rsitName(t, incident.rsit)}
        </Fact>
        <Fact name={t('incident.agencies')}>
          <AgencyNames row={incident} />
        </Fact>
        <Fact name={t('incident.detected')}>
          <Time at={incident.detectedAt} />
        </Fact>
      </dl>
    </header>
  );
}
