import { useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import type { FleetCollector } from '../../server/fleet/schema.ts';
import { putJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

/** Puts a collector into another group, whose policy it takes then. */
export function GroupForm({ collector: { id, name, group } }: { readonly collector: FleetCollector }) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const { busy, error, run } = useAttempt();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const chosen = String(new FormData(event.currentTarget).get('group') ?? '');
    await run(async () => {
      await putJson(`/collectors/${encodeURIComponent(id)}/group`, { group: chosen });
      toast({ text: t('fleet.groupChanged', { name, group: chosen }) });
      await queries.invalidateQueries({ queryKey: ['fleet'] });
    });
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="mt-3 flex flex-wrap items-end gap-2">
      <Field label={t('fleet.changeGroup')}>
        <input
          name="group"
          className="field"
          required
          pattern="[a-z0-9][a-z0-9\-]{0,31}"
          defaultValue={group}
          autoComplete="off"
          spellCheck={false}
        />
      </Field>
      <button type="submit" className="button text-small" disabled={busy}>
        {t('fleet.changeGroup')}
      </button>
      {error !== undefined && <ProblemNotice error={error} />}
    </form>
  );
}
