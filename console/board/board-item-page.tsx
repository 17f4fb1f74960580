import { useState } from 'react';
import type { Session } from '../../server/accounts/schema.ts';
import type { BoardDetail } from '../../server/national/schema.ts';
import { useText } from '../i18n/language.tsx';
import { Card } from '../parts/card.tsx';
import { Fact } from '../parts/fact.tsx';
import { KeyHint } from '../parts/key-hint.tsx';
import { Visible } from '../parts/log-text.tsx';
import { RecordPage } from '../parts/record-page.tsx';
import { Partial, ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useKeys } from '../parts/use-keys.ts';
import { AcknowledgeDialog, TaskDialog } from './dialogs.tsx';
import { ReportedSeverity, SeenMark } from './marks.tsx';
import { NationalOnly } from './national-only.tsx';
import { useBoardActs, useBoardItem } from './queries.ts';
import { IndicatorsCard, ObjectsCard, SystemsCard, VersionsCard } from './received.tsx';
import { TasksCard } from './tasks-card.tsx';

/** `/board/:id`: one incident of one province, what came with it, and what the center says about it. */
export function BoardItemPage({ id, me }: { readonly id: string; readonly me: Session }) {
  return (
    <NationalOnly>
      <BoardItem id={id} me={me} />
    </NationalOnly>
  );
}

function BoardItem({ id, me }: { readonly id: string; readonly me: Session }) {
  const item = useBoardItem(id);
  return (
    <RecordPage
      queryKey={['board-item', id]}
      query={item}
      title={item.data?.incident.title || undefined}
      back={{ to: '/board', text: 'nav.board' }}
    >
      {item.data && <ItemBody detail={item.data} me={me} />}
    </RecordPage>
  );
}

function ItemBody({ detail, me }: { readonly detail: BoardDetail; readonly me: Session }) {
  const t = useText();
  const { incident } = detail;
  const acts = useBoardActs(incident.id);
  const mayAct = me.permissions.includes('board.work');
  const [dialog, setDialog] = useState<'acknowledge' | 'task'>();
  const isSeen = incident.acknowledgement?.current === true;
  const close = (): void => setDialog(undefined);
  useKeys({
    a: () => (mayAct && !isSeen ? setDialog('acknowledge') : false),
    t: () => (mayAct ? setDialog('task') : false),
  });
  return (
    <article className="max-w-[104rem] px-4 pt-2 pb-6">
      <ItemHead detail={detail} />
      {mayAct && (
        <div role="toolbar" aria-label={t('act.bar')} className="mt-3 flex flex-wrap gap-2">
          <button
            type="button"
            className={isSeen ? 'button' : 'button button-primary'}
            aria-keyshortcuts="a"
            disabled={isSeen}
            onClick={() => setDialog('acknowledge')}
          >
            {t('board.acknowledge')}
            <KeyHint keys="a" />
          </button>
          <button type="button" className="button" aria-keyshortcuts="t" onClick={() => setDialog('task')}>
            {t('board.giveTask')}
            <KeyHint keys="t" />
          </button>
        </div>
      )}
      {dialog === undefined && acts.conflict && (
        <div className="mt-3" role="alert">
          <Partial>{t('board.conflict')}</Partial>
        </div>
      )}
      {dialog === undefined && acts.error !== undefined && (
        <div className="mt-3">
          <ProblemNotice error={acts.error} />
        </div>
      )}
      <div className="mt-3 grid gap-4 xl:grid-cols-[minmax(0,1fr)_26rem]">
        <div className="min-w-0 space-y-4">
          <AcknowledgementCard detail={detail} />
          <Card title={t('incident.summary')}>
            <p className={`break-words whitespace-pre-wrap ${detail.summary === '' ? 'text-muted' : ''}`}>
              {detail.summary === '' ? t('board.noSummary') : <Visible text={detail.summary} prose />}
            </p>
          </Card>
          <TasksCard detail={detail} acts={acts} mayAct={mayAct} />
          <IndicatorsCard detail={detail} />
        </div>
        <div className="min-w-0 space-y-4">
          <SystemsCard detail={detail} />
          <VersionsCard detail={detail} />
          <ObjectsCard detail={detail} />
        </div>
      </div>
      {dialog === 'acknowledge' && <AcknowledgeDialog detail={detail} acts={acts} close={close} />}
      {dialog === 'task' && <TaskDialog detail={detail} acts={acts} close={close} />}
    </article>
  );
}

/** What the center told the province about the version that it looked at. */
function AcknowledgementCard({ detail: { incident } }: { readonly detail: BoardDetail }) {
  const t = useText();
  const seen = incident.acknowledgement;
  if (seen === null) return null;
  return (
    <Card title={t('board.acknowledgement')}>
      {!seen.current && <Partial>{t('board.laterVersion')}</Partial>}
      <p className="text-small text-muted">
        {seen.by} · <Time at={seen.at} /> · {t(seen.sent ? 'board.sent' : 'board.notSent')}
      </p>
      {seen.text !== '' && (
        <p className="break-words whitespace-pre-wrap">
          <Visible text={seen.text} prose />
        </p>
      )}
    </Card>
  );
}

function ItemHead({ detail: { incident } }: { readonly detail: BoardDetail }) {
  const t = useText();
  return (
    <header>
      <h1 className="text-title font-semibold break-words">
        {incident.title === '' ? t('board.noTitle') : <Visible text={incident.title} prose />}
      </h1>
      <dl className="mt-2 flex flex-wrap gap-x-8 gap-y-2">
        <Fact name={t('board.province')}>
          <Visible text={incident.provinceName} prose />
        </Fact>
        <Fact name={t('board.reference')}>
          {incident.reference === null ? '–' : <Visible text={incident.reference} />}
        </Fact>
        <Fact name={t('alert.severity')}>
          <ReportedSeverity severity={incident.severity} />
        </Fact>
        <Fact name={t('alert.status')}>{t(`board.state.${incident.state}`)}</Fact>
        <Fact name={t('board.seen')}>
          <SeenMark row={incident} />
        </Fact>
        <Fact name={t('incident.tlp')}>{incident.tlp === null ? '–' : `TLP:${incident.tlp.toUpperCase()}`}</Fact>
        <Fact name={t('incident.rsit')}>{incident.rsit ?? t('incident.rsitNone')}</Fact>
        <Fact name={t('incident.detected')}>
          {incident.detectedAt === null ? '–' : <Time at={incident.detectedAt} />}
        </Fact>
        <Fact name={t('board.received')}>
          <Time at={incident.firstAt} />
        </Fact>
        {incident.closedAt !== null && (
          <Fact name={t('board.closedAt')}>
            <Time at={incident.closedAt} />
          </Fact>
        )}
      </dl>
    </header>
  );
}
