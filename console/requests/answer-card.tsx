import { type FormEvent, useState } from 'react';
import type { RequestDetail } from '../../server/requests/schema.ts';
import { postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Card } from '../parts/card.tsx';
import { Dialog, DialogButtons, Field } from '../parts/dialog.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { DueField, useDue } from './due-field.tsx';
import { requestPath, useRequestActs } from './queries.ts';

/** Where the answer is written. */
export function AnswerCard({ detail: { request } }: { readonly detail: RequestDetail }) {
  const t = useText();
  const acts = useRequestActs();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    const text = String(new FormData(form).get('text') ?? '').trim();
    const send = () => postJson<RequestDetail>(requestPath(request.id, 'answer'), { text });
    if (await acts.run(send, 'request.answered')) form.reset();
  };
  return (
    <Card title={t('request.answer')}>
      <form onSubmit={submit} className="space-y-3">
        <Field label={t('request.answerText')} {...(request.side === 'asker' ? { hint: t('request.byHand') } : {})}>
          <textarea name="text" className="field min-h-32" required maxLength={10_000} />
        </Field>
        {acts.error !== undefined && <ProblemNotice error={acts.error} />}
        <button type="submit" className="button button-primary" disabled={acts.busy}>
          {t(request.side === 'asker' ? 'request.answerWrite' : 'request.answerSend')}
        </button>
      </form>
    </Card>
  );
}

/** What whoever asked decides: to ask on, or that it is enough. */
export function AskerCard({ detail }: { readonly detail: RequestDetail }) {
  const t = useText();
  const [dialog, setDialog] = useState<'again' | 'close'>();
  return (
    <div className="flex flex-wrap gap-2">
      <button type="button" className="button" onClick={() => setDialog('again')}>
        {t('request.again')}
      </button>
      {detail.request.state !== 'closed' && (
        <button type="button" className="button" onClick={() => setDialog('close')}>
          {t('request.close')}
        </button>
      )}
      {dialog && <AskerDialog id={detail.request.id} act={dialog} close={() => setDialog(undefined)} />}
    </div>
  );
}

function AskerDialog({
  id,
  act,
  close,
}: {
  readonly id: string;
  readonly act: 'again' | 'close';
  readonly close: () => void;
}) {
  const t = useText();
  const due = useDue();
  const acts = useRequestActs();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = String(form.get('text') ?? '').trim();
    const body = act === 'again' ? { text, due: due(form) } : { note: text };
    const done = act === 'again' ? 'request.sent' : 'request.closed';
    if (await acts.run(() => postJson<RequestDetail>(requestPath(id, act), body), done)) close();
  };
  return (
    <Dialog title={t(`request.${act}`)} close={close}>
      <form onSubmit={submit} className="space-y-4">
        <Field label={t(act === 'again' ? 'request.text' : 'request.closeNote')}>
          <textarea name="text" className="field min-h-24" required={act === 'again'} maxLength={4_000} />
        </Field>
        {act === 'again' && <DueField />}
        {acts.error !== undefined && <ProblemNotice error={acts.error} />}
        <DialogButtons busy={acts.busy} close={close} label={t(act === 'again' ? 'request.send' : 'request.close')} />
      </form>
    </Dialog>
  );
}
