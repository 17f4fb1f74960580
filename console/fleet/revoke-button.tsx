import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { FleetCollector } from '../../server/fleet/schema.ts';
import { postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

/** Taking a certificate back cannot be undone: it is asked once more, with what it means. */
export function RevokeButton({ collector: { id, name } }: { readonly collector: FleetCollector }) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const { busy, error, run } = useAttempt();
  const revoke = async () => {
    await run(async () => {
      await postJson(`/collectors/${encodeURIComponent(id)}/revoke`, {});
      toast({ text: t('fleet.revoked', { name }) });
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ['fleet'] });
    });
  };
  return (
    <>
      <button
        type="button"
        className="button text-small"
        aria-label={t('fleet.revokeOne', { name })}
        onClick={() => setOpen(true)}
      >
        {t('fleet.revoke')}
      </button>
      {isOpen && (
        <Dialog title={t('fleet.revokeOne', { name })} close={() => setOpen(false)}>
          <p className="mb-4">{t('fleet.revokeExplain')}</p>
          {error !== undefined && <ProblemNotice error={error} />}
          <button type="button" className="button button-primary" disabled={busy} onClick={() => void revoke()}>
            {t('fleet.revoke')}
          </button>
        </Dialog>
      )}
    </>
  );
}
