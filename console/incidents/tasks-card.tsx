import { type FormEvent, useState } from 'react';
import type { IncidentDetail } from '../../server/incidents/schema.ts';
import { OwnerOptions } from '../alerts/close-dialog.tsx';
import { fromLocalInput, toLocalInput } from '../i18n/format.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Card } from '../parts/card.tsx';
import { Dialog, DialogButtons, Field } from '../parts/dialog.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Partial, ProblemNotice } from '../parts/states.tsx';
import { AddForm } from './forms.tsx';
import { Via } from './lists.tsx';
import { OutsideTask } from './outside-task.tsx';
import type { IncidentActs } from './queries.ts';

type Task = IncidentDetail['tasks'][number];

interface WorkProperties {
  readonly detail: IncidentDetail;
  readonly acts: IncidentActs;
  readonly mayAct: boolean;
}

/** What must be done, by whom, until when. */
export function TasksCard({ detail, acts, mayAct }: WorkProperties) {
  const t = useText();
  const { timeZone } = useFormat();
  const [changing, setChanging] = useState<Task>();
  return (
    <Card title={t('incident.tasks')}>
      {detail.tasks.length === 0 && <p className="text-muted">{t('incident.noTasks')}</p>}
      <ul className="divide-y divide-line">
        {detail.tasks.map((task) => (
          <li key={task.id} className="py-1">
            {task.request ? (
              <OutsideTask
                task={{ ...task, request: task.request }}
                incident={detail.incident.id}
                acts={acts}
                mayAct={mayAct}
              />
            ) : (
              <OwnTask task={task} detail={detail} acts={acts} mayAct={mayAct} change={() => setChanging(task)} />
            )}
          </li>
        ))}
      </ul>
      {mayAct && (
        <AddForm
          label={t('incident.task')}
          button={t('incident.addTask')}
          busy={acts.busy}
          send={(field) => {
            const due = fromLocalInput(field('due'), timeZone) ?? null;
            return acts.change({ addTask: { title: field('text'), assignee: field('assignee') || null, due } });
          }}
        >
          <label className="block">
            <span className="mb-1 block text-small">{t('incident.assignee')}</span>
            <select name="assignee" className="field" defaultValue="">
              <option value="">{t('alert.nobody')}</option>
              <OwnerOptions keep="" />
            </select>
          </label>
          <label className="block">
            <span className="mb-1 block text-small">{t('incident.due')}</span>
            <input name="due" type="datetime-local" className="field" />
          </label>
        </AddForm>
      )}
      {changing && (
        <TaskDialog
          task={changing}
          version={detail.incident.version}
          acts={acts}
          close={() => setChanging(undefined)}
        />
      )}
    </Card>
  );
}

/** A task of one's own, which is ticked off. */
function OwnTask({
  task,
  detail,
  acts,
  mayAct,
  change,
}: WorkProperties & { readonly task: Task; readonly change: () => void }) {
  const t = useText();
  const format = useFormat();
  const { id, title, assignee, due, doneAt, doneBy, via } = task;
  const { version } = detail.incident;
  return (
    <div className="flex flex-wrap items-start gap-x-3">
      <label className="flex min-w-0 flex-1 basis-56 items-start gap-2">
        <input
          type="checkbox"
          className="mt-1 size-4"
          checked={doneAt !== null}
          disabled={!mayAct || acts.busy}
          onChange={() => void acts.change({ version, task: { id, done: doneAt === null } })}
        />
        <span className="min-w-0 break-words">
          <span className={doneAt === null ? '' : 'text-muted line-through'}>
            <Visible text={title} prose />
          </span>
          <span className="block text-small text-muted">
            {assignee ?? t('alert.nobody')}
            {due && ` · ${t('incident.dueAt', { time: format.dateTime(due) })}`}
            {doneBy && ` · ${t('incident.doneBy', { by: doneBy })}`}
            <Via via={via} />
          </span>
        </span>
      </label>
      {mayAct && doneAt === null && (
        <button
          type="button"
          className="button button-quiet text-small"
          aria-label={t('incident.editTaskOne', { what: title })}
          onClick={change}
        >
          {t('incident.edit')}
        </button>
      )}
    </div>
  );
}

/** A task's words, who does it and until when. */
function TaskDialog({
  task,
  version,
  acts,
  close,
}: {
  readonly task: Task;
  readonly version: number;
  readonly acts: IncidentActs;
  readonly close: () => void;
}) {
  const t = useText();
  const { timeZone } = useFormat();
  // What was seen when this was opened: what others change meanwhile is a conflict, and is shown before it is done again.
  const [seen, setSeen] = useState(version);
  const [assignee, setAssignee] = useState(task.assignee ?? '');
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const due = fromLocalInput(String(form.get('due') ?? ''), timeZone) ?? null;
    const changed = { id: task.id, title: String(form.get('title') ?? '').trim(), assignee: assignee || null, due };
    const done = await acts.decide({ version: seen, task: changed });
    if (done === 'done') close();
    else if (done !== 'failed') setSeen(done.incident.version);
  };
  return (
    <Dialog title={t('incident.editTask')} close={close}>
      <form onSubmit={submit} className="space-y-4">
        <Field label={t('incident.task')}>
          <input name="title" className="field" defaultValue={task.title} required maxLength={500} autoComplete="off" />
        </Field>
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t('incident.assignee')}>
            <select className="field" value={assignee} onChange={(event) => setAssignee(event.target.value)}>
              <option value="">{t('alert.nobody')}</option>
              <OwnerOptions keep={task.assignee ?? ''} />
            </select>
          </Field>
          <Field label={t('incident.due')}>
            <input
              name="due"
              type="datetime-local"
              className="field"
              defaultValue={task.due === null ? '' : toLocalInput(Date.parse(task.due), timeZone)}
            />
          </Field>
        </div>
        {acts.error !== undefined && <ProblemNotice error={acts.error} />}
        {acts.conflict && <Partial>{t('incident.conflict')}</Partial>}
        <DialogButtons busy={acts.busy} close={close} />
      </form>
    </Dialog>
  );
}
