import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { CheckAnswer } from '../../server/rules/schema.ts';
import { isProblem, postJson, putJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { LogText } from '../parts/log-text.tsx';
import { ProblemNotice } from '../parts/states.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';
import { BacktestCard } from './backtest-card.tsx';

/** A text box for a rule: it can be checked at any time, and saved once it is right. */
export function RuleEditor({
  yaml,
  saved,
  mayDraft = false,
}: {
  readonly yaml: string;
  readonly saved: (id: string) => void;
  /** It is in force nowhere yet, and may be laid down as a draft. */
  readonly mayDraft?: boolean;
}) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const [text, setText] = useState(yaml);
  const { busy, error, run: attempt } = useAttempt();
  const [answer, setAnswer] = useState<CheckAnswer>();
  const [untested, setUntested] = useState('');
  const run = async (save?: 'draft' | 'in force'): Promise<void> => {
    await attempt(async () => {
      const checked = await postJson<CheckAnswer>('/rules/check', { yaml: text });
      setAnswer(checked);
      if (save && checked.id !== null && checked.problems.length + checked.failed.length === 0) {
        const reason = untested.trim();
        const more = save === 'draft' ? { draft: true } : reason === '' ? {} : { untested: reason };
        await putJson(`/rules/${encodeURIComponent(checked.id)}`, { yaml: text, ...more });
        toast({ text: t(save === 'draft' ? 'rules.savedDraft' : 'rules.saved') });
        await queries.invalidateQueries({ queryKey: ['rules'] });
        saved(checked.id);
      }
    });
  };
  return (
    <div className="space-y-3 p-4">
      <textarea
        className="field min-h-[28rem] w-full font-mono text-small"
        name="yaml"
        aria-label={t('rules.text.title')}
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {error !== undefined && <ProblemNotice error={error} />}
      {answer && <Checked answer={answer} />}
      {isProblem(error, 'HD_RULE_UNTESTED') && (
        <Field label={t('rules.untestedWhy')}>
          <input
            name="untested"
            className="field"
            maxLength={1000}
            value={untested}
            onChange={(event) => setUntested(event.target.value)}
          />
        </Field>
      )}
      {answer?.id && answer.problems.length === 0 && <BacktestCard rule={answer.id} yaml={text} />}
      <div className="flex flex-wrap gap-2">
        <button type="button" className="button" disabled={busy} onClick={() => void run()}>
          {t('rules.check')}
        </button>
        {mayDraft && (
          <button type="button" className="button" disabled={busy} onClick={() => void run('draft')}>
            {t('rules.saveDraft')}
          </button>
        )}
        <button
          type="button"
          name="save"
          className="button button-primary"
          disabled={busy}
          onClick={() => void run('in force')}
        >
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
