import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { CheckAnswer } from '../../server/rules/schema.ts';
import { postJson, putJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { LogText } from '../parts/log-text.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';

/** A text box for a rule: it can be checked at any time, and saved once it is right. */
export function RuleEditor({ yaml, saved }: { readonly yaml: string; readonly saved: (id: string) => void }) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const [text, setText] = useState(yaml);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [answer, setAnswer] = useState<CheckAnswer>();
  const run = async (save: boolean): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const checked = await postJson<CheckAnswer>('/rules/check', { yaml: text });
      setAnswer(checked);
      if (save && checked.id !== null && checked.problems.length + checked.failed.length === 0) {
        await putJson(`/rules/${encodeURIComponent(checked.id)}`, { yaml: text });
        toast({ text: t('rules.saved') });
        await queries.invalidateQueries({ queryKey: ['rules'] });
        saved(checked.id);
      }
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  return (
    <div className="space-y-3 p-4">
      <textarea
        className="field min-h-[28rem] w-full font-mono text-small"
        aria-label={t('rules.text.title')}
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {error !== undefined && <ProblemNotice error={error} />}
      {answer && <Checked answer={answer} />}
      <div className="flex flex-wrap gap-2">
        <button type="button" className="button" disabled={busy} onClick={() => void run(false)}>
          {t('rules.check')}
        </button>
        <button type="button" className="button button-primary" disabled={busy} onClick={() => void run(true)}>
          {t('rules.save')}
        </button>
      </div>
    </div>
  );
}

function Checked({ answer: { problems, failed, samples, lastWeek } }: { readonly answer: CheckAnswer }) {
  const t = useText();
  if (problems.length + failed.length === 0)
    return (
      <p role="status">
        {t('rules.checked', { count: samples })}{' '}
        {lastWeek && t(lastWeek.complete ? 'rules.lastWeek' : 'rules.lastWeekPart', { count: lastWeek.count })}
      </p>
    );
  return (
    <ul role="alert" className="space-y-1 text-critical">
      {problems.map(({ line, column, code, message }) => (
        <li key={`${line}:${column}:${code}:${message}`} lang="en">
          <LogText text={`${line}:${column}`} /> {message}
        </li>
      ))}
      {failed.map(({ rule, expected, sample }) => (
        <li key={`${rule}:${expected}:${sample}`}>{t('rules.sampleFailed', { sample, expected })}</li>
      ))}
    </ul>
  );
}
