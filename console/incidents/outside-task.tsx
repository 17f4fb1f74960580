import type { IncidentDetail } from '../../server/incidents/schema.ts';
import { postJson } from '../api/client.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Time } from '../parts/time.tsx';
import { AddForm } from './forms.tsx';
import type { IncidentActs } from './queries.ts';

type Task = IncidentDetail['tasks'][number];
/** As many characters as an answer may have. */
const MOST_ANSWER = 4_000;

/** A task that somebody outside gave: who and until when, what they wrote, and the answer, which is not ticked off but written. */
export function OutsideTask({
  task: { id, title, due, doneAt, request },
  incident,
  acts,
  mayAct,
}: {
  readonly task: Task & { readonly request: NonNullable<Task['request']> };
  readonly incident: string;
  readonly acts: IncidentActs;
  readonly mayAct: boolean;
}) {
  const t = useText();
  const format = useFormat();
  const { name, text, withdrawn, answer } = request;
  const path = `/incidents/${encodeURIComponent(incident)}/tasks/${encodeURIComponent(id)}/answer`;
  return (
    <div className="break-words">
      <p className={doneAt === null ? '' : 'text-muted line-through'}>
        <Visible text={title} prose />
      </p>
      <p className="text-small text-muted">
        {t('task.outside', { name })}
        {due && ` · ${t('incident.dueAt', { time: format.dateTime(due) })}`}
      </p>
      {text !== '' && text !== title && (
        <p className="mt-1 whitespace-pre-wrap">
          <Visible text={text} prose />
        </p>
      )}
      {withdrawn !== null && (
        <p className="text-small">
          <Visible text={t('task.withdrawn', { name, reason: withdrawn })} prose />
        </p>
      )}
      {answer && (
        <div className="mt-1 rounded-md bg-surface px-3 py-1">
          <p className="text-small text-muted">
            {t('task.answer', { by: answer.by })} · <Time at={answer.at} />
          </p>
          <p className="whitespace-pre-wrap">
            <Visible text={answer.text} prose />
          </p>
        </div>
      )}
      {mayAct && doneAt === null && withdrawn === null && (
        <>
          <AddForm
            long
            most={MOST_ANSWER}
            label={t('task.answerTo', { name })}
            button={t('task.send')}
            busy={acts.busy}
            send={(field) => acts.run(() => postJson<IncidentDetail>(path, { text: field('text') }))}
          />
          <p className="mt-1 text-small text-muted">{t('task.leaves')}</p>
        </>
      )}
    </div>
  );
}
