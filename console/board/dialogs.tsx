import type { FormEvent, ReactNode } from 'react';
import type { BoardDetail } from '../../server/national/schema.ts';
import { useText } from '../i18n/language.tsx';
import { Dialog, DialogButtons, Field } from '../parts/dialog.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { DueField, useDue } from '../requests/due-field.tsx';
import { type BoardActs, boardPath } from './queries.ts';

interface DialogProperties {
  readonly detail: BoardDetail;
  readonly acts: BoardActs;
  readonly close: () => void;
}

/** As many characters as the API takes. */
const MOST = { title: 300, text: 4_000, remark: 2_000 } as const;

const textOf = (form: FormData, name: string): string => String(form.get(name) ?? '').trim();

/** Tells the province that the version on the page was seen, with a remark where there is one. */
export function AcknowledgeDialog({ detail: { incident }, acts, close }: DialogProperties) {
  const t = useText();
  return (
    <ActDialog
      {...{ acts, close }}
      title={t('board.acknowledge')}
      button={t('board.acknowledge')}
      send={(form) =>
        acts.send(
          boardPath(incident.id, 'acknowledge'),
          { version: incident.version, text: textOf(form, 'text') },
          'board.acknowledged',
        )
      }
    >
      <p className="text-muted">{t('board.acknowledgeHint')}</p>
      <Field label={t('board.remark')}>
        <textarea name="text" className="field min-h-20" maxLength={MOST.remark} />
      </Field>
    </ActDialog>
  );
}

/** Asks the province to do something by a time. */
export function TaskDialog({ detail: { incident }, acts, close }: DialogProperties) {
  const t = useText();
  const dueOf = useDue();
  return (
    <ActDialog
      {...{ acts, close }}
      title={t('board.giveTask')}
      button={t('board.giveTask')}
      send={(form) =>
        acts.send(
          boardPath(incident.id, 'tasks'),
          { title: textOf(form, 'title'), text: textOf(form, 'text'), due: dueOf(form) || null },
          'board.taskGiven',
        )
      }
    >
      <p className="text-muted">{t('board.giveTaskHint')}</p>
      <Field label={t('board.taskTitle')}>
        <input name="title" className="field" required maxLength={MOST.title} autoComplete="off" />
      </Field>
      <Field label={t('board.taskText')}>
        <textarea name="text" className="field min-h-24" maxLength={MOST.text} />
      </Field>
      <DueField />
    </ActDialog>
  );
}

/** Takes a task back, with the reason that the province reads. */
export function WithdrawDialog({
  detail: { incident },
  task,
  acts,
  close,
}: DialogProperties & { readonly task: BoardDetail['tasks'][number] }) {
  const t = useText();
  return (
    <ActDialog
      {...{ acts, close }}
      title={t('board.withdrawOne', { title: task.title })}
      button={t('board.withdraw')}
      send={(form) =>
        acts.send(
          boardPath(incident.id, 'tasks', task.id, 'withdraw'),
          { reason: textOf(form, 'reason') },
          'board.withdrawnDone',
        )
      }
    >
      <Field label={t('incident.why')}>
        <textarea name="reason" className="field min-h-20" required maxLength={MOST.remark} />
      </Field>
    </ActDialog>
  );
}

function ActDialog({
  title,
  button,
  acts,
  close,
  send,
  children,
}: {
  readonly title: string;
  readonly button: string;
  readonly acts: BoardActs;
  readonly close: () => void;
  readonly send: (form: FormData) => Promise<boolean>;
  readonly children: ReactNode;
}) {
  const t = useText();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    if (await send(new FormData(event.currentTarget))) close();
  };
  return (
    <Dialog title={title} close={close}>
      <form onSubmit={submit} className="space-y-4">
        {children}
        {acts.error !== undefined && <ProblemNotice error={acts.error} />}
        {acts.conflict && <p role="alert">{t('board.conflict')}</p>}
        <DialogButtons busy={acts.busy} close={close} label={button} />
      </form>
    </Dialog>
  );
}
