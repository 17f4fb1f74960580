import { useQueryClient } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import type { NewDecision, RuleDetail } from '../../server/rules/schema.ts';
import { isProblem, postJson } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';
import { Field } from '../parts/dialog.tsx';
import { KeyHint } from '../parts/key-hint.tsx';
import { Visible } from '../parts/log-text.tsx';
import { SEVERITIES } from '../parts/severity.ts';
import { ProblemNotice } from '../parts/states.tsx';
import { Time } from '../parts/time.tsx';
import { useToast } from '../parts/toasts.tsx';
import { useAttempt } from '../parts/use-attempt.ts';

const MINUTE = 60;

/** What people decide about a rule: on or off, its severity, how its alerts are put together, and why. */
export function DecisionCard({ detail: { rule, decision } }: { readonly detail: RuleDetail }) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const { error, run } = useAttempt();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    await run(async () => {
      await postJson(`/rules/${encodeURIComponent(rule.id)}/decision`, readDecision(form));
      toast({ text: t('rules.decided') });
      await queries.invalidateQueries({ queryKey: ['rules'] });
    });
  };
  const untested = isProblem(error, 'HD_RULE_UNTESTED');
  return (
    <section className="card" aria-labelledby="decision">
      <h2 id="decision" className="px-4 pt-3 pb-2 font-semibold">
        {t('rules.decide')}
        <KeyHint keys="d" />
      </h2>
      <form key={decision.updatedAt} className="space-y-3 px-4 pb-4" onSubmit={(event) => void submit(event)}>
        <label className="flex items-center gap-2">
          <input type="checkbox" name="enabled" defaultChecked={decision.enabled} />
          {t('rules.switchOn')}
        </label>
        <Field label={t('rules.level')}>
          <select name="level" className="field" defaultValue={decision.level ?? ''}>
            <option value="">{t('rules.levelOwn')}</option>
            {SEVERITIES.map((severity) => (
              <option key={severity} value={severity}>
                {t(`severity.${severity}`)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t('rules.groupBy')} hint={t('rules.groupByHint')}>
          <input
            name="groupBy"
            className="field font-mono"
            defaultValue={decision.groupBy?.join(', ') ?? ''}
            placeholder="host.name, source.ip"
            maxLength={1000}
          />
        </Field>
        <Field label={t('rules.gap')} hint={t('rules.gapHint')}>
          <input
            name="gap"
            type="number"
            className="field w-32"
            min={1}
            max={43200}
            defaultValue={decision.gapSeconds === null ? '' : Math.ceil(decision.gapSeconds / MINUTE)}
          />
        </Field>
        <Field label={t('rules.reason')}>
          <input name="reason" className="field" required minLength={3} maxLength={1000} />
        </Field>
        {decision.updatedAt !== '' && (
          <p className="text-small text-muted">
            <Visible text={decision.updatedBy} />, <Time at={decision.updatedAt} />:{' '}
            <Visible text={decision.reason} prose />
          </p>
        )}
        {error !== undefined && <ProblemNotice error={error} />}
        {untested && (
          <label className="flex items-start gap-2 text-critical">
            <input type="checkbox" name="untested" className="mt-1" />
            {t('rules.untested')}
          </label>
        )}
        <button type="submit" className="button">
          {t('rules.decide')}
        </button>
      </form>
    </section>
  );
}

function readDecision(form: FormData): NewDecision {
  const text = (name: string): string => String(form.get(name) ?? '').trim();
  const fields = text('groupBy')
    .split(/[\s,]+/)
    .filter((field) => field !== '');
  return {
    enabled: form.get('enabled') === 'on',
    level: text('level') === '' ? null : (text('level') as NonNullable<NewDecision['level']>),
    groupBy: fields.length === 0 ? null : fields,
    gapSeconds: text('gap') === '' ? null : Number(text('gap')) * MINUTE,
    ...(form.get('untested') === 'on' ? { untested: true } : {}),
    reason: text('reason'),
  };
}
