import { useState } from 'react';
import type { BoardDetail } from '../../server/national/schema.ts';
import { useText } from '../i18n/language.tsx';
import { Card } from '../parts/card.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Time } from '../parts/time.tsx';
import { WithdrawDialog } from './dialogs.tsx';
import { DueMark } from './marks.tsx';
import type { BoardActs } from './queries.ts';

type Task = BoardDetail['tasks'][number];

interface TasksProperties {
  readonly detail: BoardDetail;
  readonly acts: BoardActs;
  readonly mayAct: boolean;
}

/** What the center asked of the province, and what it answered; the last one first. */
export function TasksCard({ detail, acts, mayAct }: TasksProperties) {
  const t = useText();
  const [withdrawing, setWithdrawing] = useState<Task>();
  return (
    <Card title={t('board.tasks')}>
      {detail.tasks.length === 0 && <p className="text-muted">{t('board.noTasks')}</p>}
      <ul className="divide-y divide-line">
        {[...detail.tasks].reverse().map((task) => (
          <TaskLine
            key={task.id}
            task={task}
            province={detail.incident.provinceName}
            withdraw={mayAct ? () => setWithdrawing(task) : undefined}
          />
        ))}
      </ul>
      {withdrawing && (
        <WithdrawDialog detail={detail} task={withdrawing} acts={acts} close={() => setWithdrawing(undefined)} />
      )}
    </Card>
  );
}

function stateOf({ answer, withdrawn }: Task): 'open' | 'answered' | 'withdrawn' {
  if (withdrawn !== null) return 'withdrawn';
  return answer === null ? 'open' : 'answered';
}

function TaskLine({
  task,
  province,
  withdraw,
}: {
  readonly task: Task;
  readonly province: string;
  readonly withdraw: (() => void) | undefined;
}) {
  const t = useText();
  const state = stateOf(task);
  const { title, text, by, at, due, sent, answer, withdrawn } = task;
  return (
    <li className="py-2" data-national-task={state}>
      <div className="flex flex-wrap items-start gap-x-4 gap-y-1">
        <p className="min-w-0 flex-1 basis-56 font-medium break-words">
          <Visible text={title} prose />
        </p>
        <p className="flex flex-wrap items-start gap-x-2 text-small">
          {state === 'open' && due !== null ? (
            <>
              <DueMark due={due} /> (<Time at={due} />)
            </>
          ) : (
            t(`tasks.state.${state}`)
          )}
        </p>
        {state === 'open' && withdraw && (
          <button
            type="button"
            className="button text-small"
            aria-label={t('board.withdrawOne', { title })}
            onClick={withdraw}
          >
            {t('board.withdraw')}
          </button>
        )}
      </div>
      <p className="text-small text-muted">
        {by} · <Time at={at} /> · {t(sent ? 'board.sent' : 'board.notSent')}
      </p>
      {text !== '' && (
        <p className="mt-1 break-words whitespace-pre-wrap">
          <Visible text={text} prose />
        </p>
      )}
      {answer !== null && (
        <div className="mt-1 border-l-4 border-l-accent pl-3">
          <p className="text-small text-muted">
            <Visible text={t('board.answerOf', { name: province })} prose /> · <Time at={answer.at} />
          </p>
          <p className="break-words whitespace-pre-wrap">
            <Visible text={answer.text} prose />
          </p>
        </div>
      )}
      {withdrawn !== null && (
        <p className="mt-1 text-small break-words">
          <Visible text={t('task.withdrawn', { name: withdrawn.by, reason: withdrawn.reason })} prose /> ·{' '}
          <Time at={withdrawn.at} />
        </p>
      )}
    </li>
  );
}
