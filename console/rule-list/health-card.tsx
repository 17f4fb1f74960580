import type { RuleDetail } from '../../server/rules/schema.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Time } from '../parts/time.tsx';

/** How a rule fares: its self-test, its log source, what it found, what it costs. */
export function HealthCard({ detail: { rule } }: { readonly detail: RuleDetail }) {
  const t = useText();
  const format = useFormat();
  const { health } = rule;
  if (!health) return null;
  const { selfTest } = health;
  const tested = selfTest && (
    <>
      {t(selfTest.passed ? 'rules.selfTest.passed' : 'rules.selfTest.failed')} · <Time at={selfTest.at} as="relative" />
    </>
  );
  const cost = health.nanosecondsPerEvent;
  const facts = [
    [t('rules.lastMatch'), health.lastMatch ? <Time key="m" at={health.lastMatch} /> : t('rules.never')],
    [t('rules.matches'), format.number(health.matches)],
    [t('rules.selfTest'), tested ?? t('rules.selfTest.none')],
    [t('rules.sourceSeen'), health.sourceSeen ? <Time key="s" at={health.sourceSeen} /> : t('rules.never')],
    [t('rules.fieldsNeverSeen'), health.fieldsNeverSeen.join(', ') || '–'],
    [t('rules.cost'), cost === null ? '–' : format.number(cost / 1_000)],
  ] as const;
  return (
    <section className="card h-fit" aria-labelledby="health">
      <h2 id="health" className="px-4 pt-3 pb-2 font-semibold">
        {t('rules.health')}
      </h2>
      {health.reasons.length > 0 && (
        <ul className="list-inside list-disc px-4 pb-2 text-high">
          {health.reasons.map((reason) => (
            <li key={reason}>{t(`rules.reason.${reason}`)}</li>
          ))}
        </ul>
      )}
      <dl className="divide-y divide-line border-t border-line">
        {facts.map(([name, value]) => (
          <div key={name} className="flex flex-wrap gap-x-4 px-4 py-1.5">
            <dt className="w-56 shrink-0 text-muted">{name}</dt>
            <dd className="min-w-0 flex-1 break-words">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
