import { useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import type { Emergency, NewEmergency, User } from '../../server/accounts/schema.ts';
import { postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Dialog, Field } from '../parts/dialog.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

const MINUTES = [15, 30, 60, 120, 240, 480] as const;
const USUAL = 60;

/** Gives somebody the rights of an administrator of all agencies for a while, with a reason that everybody reads. */
export function EmergencyDialog({ user, close }: { readonly user: User; readonly close: () => void }) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const { busy, error, run } = useAttempt();
  const name = user.displayName;
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body: NewEmergency = { reason: String(form.get('reason')).trim(), minutes: Number(form.get('minutes')) };
    await run(async () => {
      await postJson<Emergency>(`/users/${encodeURIComponent(user.user)}/emergency`, body);
      toast({ text: t('emergency.opened', { name }) });
      close();
      await Promise.all([['emergencies'], ['session']].map((queryKey) => queries.invalidateQueries({ queryKey })));
    });
  };
  return (
    <Dialog title={t('emergency.openTitle', { name })} close={close}>
      <form onSubmit={(event) => void submit(event)} className="space-y-4">
        <p>{t('emergency.explain', { name })}</p>
        <Field label={t('emergency.reason')} hint={t('emergency.reasonHint')}>
          <input name="reason" className="field" required minLength={10} maxLength={500} pattern=".*\S.*" />
        </Field>
        <Field label={t('emergency.minutes')}>
          <select name="minutes" className="field" defaultValue={USUAL}>
            {MINUTES.map((minutes) => (
              <option key={minutes} value={minutes}>
                {t('emergency.minutesCount', { count: minutes })}
              </option>
            ))}
          </select>
        </Field>
        {error !== undefined && <ProblemNotice error={error} />}
        <button type="submit" className="button button-primary" disabled={busy}>
          {t('emergency.openNow')}
        </button>
      </form>
    </Dialog>
  );
}
