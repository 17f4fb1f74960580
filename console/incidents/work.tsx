import { type ChangeEvent, useState } from 'react';
import type { IncidentDetail } from '../../server/incidents/schema.ts';
import { OwnerOptions } from '../alerts/close-dialog.tsx';
import { apiAddress, postFile } from '../api/client.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { Visible } from '../parts/log-text.tsx';
import { Partial } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { AddForm } from './forms.tsx';
import { Card, Via } from './lists.tsx';
import { OutsideTask } from './outside-task.tsx';
import type { IncidentActs } from './queries.ts';

interface WorkProperties {
  readonly detail: IncidentDetail;
  readonly acts: IncidentActs;
  readonly mayAct: boolean;
}

/** What must be done, by whom, until when. */
export function TasksCard({ detail, acts, mayAct }: WorkProperties) {
  const t = useText();
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
              <OwnTask task={task} detail={detail} acts={acts} mayAct={mayAct} />
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
            const due = field('due') === '' ? null : new Date(field('due')).toISOString();
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
    </Card>
  );
}

/** A task of one's own, which is ticked off. */
function OwnTask({ task, detail, acts, mayAct }: WorkProperties & { readonly task: IncidentDetail['tasks'][number] }) {
  const t = useText();
  const format = useFormat();
  const { id, title, assignee, due, doneAt, doneBy, via } = task;
  const { version } = detail.incident;
  return (
    <label className="flex items-start gap-2">
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
  );
}

/** What people say about it. */
export function CommentsCard({ detail, acts, mayAct }: WorkProperties) {
  const t = useText();
  return (
    <Card title={t('incident.comments')}>
      <ul className="space-y-3">
        {detail.comments.map(({ id, at, by, text, via }) => (
          <li key={id}>
            <p className="text-small text-muted">
              {by} · <Time at={at} />
              <Via via={via} />
            </p>
            <p className="break-words whitespace-pre-wrap">
              <Visible text={text} prose />
            </p>
          </li>
        ))}
      </ul>
      {mayAct && (
        <AddForm
          long
          label={t('incident.comment')}
          button={t('incident.addComment')}
          busy={acts.busy}
          send={(field) => acts.change({ comment: field('text') })}
        />
      )}
    </Card>
  );
}

/** Files and snapshots of events, each with who had it in hand. */
export function EvidenceCard({ detail, acts, mayAct }: WorkProperties) {
  const t = useText();
  const format = useFormat();
  const [chosen, setChosen] = useState(0);
  const path = `/incidents/${encodeURIComponent(detail.incident.id)}/evidence`;
  const add = async (event: ChangeEvent<HTMLInputElement>): Promise<void> => {
    const file = event.currentTarget.files?.[0];
    if (!file) return;
    await acts.run(() => postFile<IncidentDetail>(path, { name: file.name.slice(0, 255) }, file));
    // A new element, so that the same file can be chosen again.
    setChosen((count) => count + 1);
  };
  return (
    <Card title={t('incident.evidence')}>
      {detail.evidence.length === 0 && <p className="text-muted">{t('incident.noEvidence')}</p>}
      <ul className="divide-y divide-line">
        {detail.evidence.map((piece) => (
          <li key={piece.id} className="py-2">
            <p className="break-words">
              <Visible text={piece.name} prose />
              <span className="text-small text-muted">
                {' '}
                · {format.number(piece.bytes)} B
                {piece.events !== undefined && ` · ${t('incident.snapshot', { count: piece.events })}`}
              </span>
              <Via via={piece.via} />{' '}
              {mayAct && (
                <a className="link text-small" href={apiAddress(`${path}/${encodeURIComponent(piece.id)}`)} download>
                  {t('incident.download')}
                </a>
              )}
            </p>
            <p className="log text-small break-all text-muted">SHA-256 {piece.sha256}</p>
            {!piece.custodyHolds && <Partial>{t('incident.custodyBroken')}</Partial>}
            <details>
              <summary className="cursor-pointer text-small text-muted">
                {t('incident.custody', { count: piece.custody.length })}
              </summary>
              <ul className="text-small">
                {piece.custody.map(({ at, by, act, note, mark }) => (
                  <li key={mark}>
                    <Time at={at} /> · {t(`incident.custody.${act}` as TextKey, { by })}
                    {note !== '' && ` · ${note}`}
                  </li>
                ))}
              </ul>
            </details>
          </li>
        ))}
      </ul>
      {mayAct && (
        <label className="mt-3 block">
          <span className="mb-1 block text-small">{t('incident.addFile')}</span>
          <input
            key={chosen}
            type="file"
            className="field"
            disabled={acts.busy}
            onChange={(event) => void add(event)}
          />
        </label>
      )}
    </Card>
  );
}
