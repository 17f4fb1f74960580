import type { Deletion } from '../../server/retention/schema.ts';
import { useAgencies } from '../api/queries.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Time } from '../parts/time.tsx';
import { dayText, ruleText } from './words.ts';

/** Who deleted where nobody asked: the nightly job. */
const JOB = 'retention';

/** The log of deletions: which day, when, by whom, by which rule, and what it held. */
export function Deleted({
  deletions,
  more,
}: {
  readonly deletions: readonly Deletion[];
  readonly more: (() => void) | undefined;
}) {
  const t = useText();
  return (
    <section className="card p-4" aria-labelledby="deleted">
      <h2 id="deleted" className="font-semibold">
        {t('deleted.title')}
      </h2>
      {deletions.length === 0 && <p className="mt-2">{t('deleted.none')}</p>}
      <ul className="mt-2 divide-y divide-line">
        {deletions.map((deletion) => (
          <Entry key={deletion.id} deletion={deletion} />
        ))}
      </ul>
      {more && (
        <button type="button" className="button mt-2" onClick={more}>
          {t('common.loadMore')}
        </button>
      )}
    </section>
  );
}

function Entry({ deletion }: { readonly deletion: Deletion }) {
  const t = useText();
  const format = useFormat();
  const names = new Map((useAgencies().data?.agencies ?? []).map(({ id, name }) => [id, name]));
  const { day, events, bytes, by, rules, sources, begunAt, deletedAt } = deletion;
  const [rule] = rules;
  return (
    <li className="py-1.5">
      <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
        <span className="w-24 font-medium">{dayText(day)}</span>
        <span>{t('days.events', { count: events })}</span>
        <span>{format.bytes(bytes)}</span>
        <span className="text-muted">
          <Time at={deletedAt ?? begunAt} /> · {by === JOB ? t('deleted.job') : by}
        </span>
        {rule && (
          <span className="text-muted break-all">
            <Visible text={ruleText(t, rule.rule)} prose /> · {t('retention.days', { count: rule.days })}
          </span>
        )}
      </div>
      <details>
        <summary className="link text-small">{t('deleted.sources', { count: sources.length })}</summary>
        <ul className="mt-1 space-y-0.5 text-small">
          {sources.map(({ agency, collector, source, stored, deadLettered, missing }) => (
            <li key={`${agency} ${collector} ${source}`} className="flex flex-wrap gap-x-3">
              <span className="break-words">
                <Visible text={names.get(agency) ?? agency} prose />
              </span>
              <span className="break-all">
                <Visible text={source} />
              </span>
              <span>{t('days.events', { count: stored })}</span>
              {deadLettered > 0 && <span>{t('deleted.deadLettered', { count: deadLettered })}</span>}
              {missing > 0 && <span className="text-critical">{t('deleted.missing', { count: missing })}</span>}
            </li>
          ))}
        </ul>
      </details>
    </li>
  );
}
