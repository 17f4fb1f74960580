import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { RuleDetail } from '../../server/rules/schema.ts';
import { deleteResource } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { KeyHint } from '../parts/key-hint.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { RuleEditor } from './rule-editor.tsx';
import { Yaml } from './yaml.tsx';

/** The text of a rule: read, changed, or taken back where it was written here. */
export function TextCard({ detail, mayEdit }: { readonly detail: RuleDetail; readonly mayEdit: boolean }) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const [edits, setEdits] = useState(false);
  const { error, run } = useAttempt();
  const takeBack = async (): Promise<void> => {
    await run(async () => {
      await deleteResource(`/rules/${encodeURIComponent(detail.rule.id)}`);
      go('/rules');
      toast({ text: t('rules.takenBack') });
      await queries.invalidateQueries({ queryKey: ['rules'] });
    });
  };
  return (
    <section className="card" aria-labelledby="text">
      <div className="flex flex-wrap items-center gap-3 px-4 pt-3 pb-2">
        <h2 id="text" className="font-semibold">
          {t('rules.text.title')}
          <KeyHint keys="e" />
        </h2>
        {mayEdit && (
          <button type="button" className="button" aria-pressed={edits} onClick={() => setEdits(!edits)}>
            {t(edits ? 'common.cancel' : 'rules.edit')}
          </button>
        )}
        {mayEdit && detail.inConsole && (
          <button type="button" className="button" onClick={() => void takeBack()}>
            {t('rules.takeBack')}
          </button>
        )}
      </div>
      {error !== undefined && (
        <div className="px-4 pb-3">
          <ProblemNotice error={error} />
        </div>
      )}
      {edits ? (
        <RuleEditor yaml={detail.yaml} saved={() => setEdits(false)} />
      ) : (
        <Yaml text={detail.yaml} label={t('rules.text.title')} />
      )}
    </section>
  );
}
