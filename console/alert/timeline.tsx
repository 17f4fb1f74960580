import type { AlertDetail } from '../../server/alerts/schema.ts';
import { STATUSES } from '../alerts/filter.ts';
import { useText } from '../i18n/language.tsx';
import type { Translate } from '../i18n/messages.ts';
import { Visible } from '../parts/log-text.tsx';
import { Time } from '../parts/time.tsx';

type Step = AlertDetail['timeline'][number];

function word(t: Translate, value: string | null | undefined): string {
  if (value === null || value === undefined || value === '') return t('alert.nobody');
  const status = STATUSES.find((one) => one === value);
  return status ? t(`status.${status}`) : value;
}

function sentence(t: Translate, step: Step): string {
  if (step.act === 'created') return t('timeline.created');
  if (step.act === 'note') return t('timeline.note', { by: step.by });
  if (step.act === 'merged') {
    return step.from ? t('timeline.mergedFrom', { from: step.from }) : t('timeline.mergedTo', { to: step.to ?? '' });
  }
  if (step.act === 'incident') {
    return step.to
      ? t('timeline.incidentIn', { by: step.by, to: step.to })
      : t('timeline.incidentOut', { by: step.by, from: step.from ?? '' });
  }
  const values = { by: step.by, from: word(t, step.from), to: word(t, step.to) };
  if (step.act === 'owner') return t('timeline.owner', values);
  const verdict = step.verdict ? ` · ${t(`verdict.${step.verdict}`)}` : '';
  return t('timeline.status', values) + verdict;
}

/** What people and the engine did with an alert, oldest first. */
export function Timeline({ steps }: { readonly steps: readonly Step[] }) {
  const t = useText();
  return (
    <ol className="space-y-2 border-l-2 border-line pl-4">
      {steps.map((step, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: steps are only ever added at the end.
        <li key={place}>
          <p className="flex flex-wrap gap-x-3">
            <span className="text-muted">
              <Time at={step.at} />
            </span>
            <span className="min-w-0 break-words">
              <Visible text={sentence(t, step)} prose />
            </span>
          </p>
          {step.note && (
            <p className="mt-1 rounded-md bg-surface px-3 py-2 break-words whitespace-pre-wrap">
              <Visible text={step.note} prose />
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}
