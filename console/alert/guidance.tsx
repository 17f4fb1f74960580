import type { AlertDetail } from '../../server/alerts/schema.ts';
import { useLanguage } from '../i18n/language.tsx';
import { pickText } from '../i18n/messages.ts';
import { Partial } from '../parts/states.tsx';

/** What it means, what to check, what to do: from the rule, for somebody who is no specialist. */
export function GuidanceCard({ guidance }: { readonly guidance: AlertDetail['guidance'] }) {
  const { t, language } = useLanguage();
  const found = pickText(guidance, language);
  if (!found) return null;
  const { meaning, check, act, escalate, reviewed } = found.text;
  return (
    <section className="card p-4" aria-labelledby="guidance">
      <h2 id="guidance" className="mb-2 font-semibold">
        {t('guidance.title')}
      </h2>
      <div className="space-y-3" lang={found.language}>
        <p>{meaning}</p>
        <div className="grid gap-x-6 gap-y-3 md:grid-cols-2">
          {check.length > 0 && (
            <div>
              <h3 className="text-small font-semibold text-muted" lang={language}>
                {t('guidance.check')}
              </h3>
              <ol className="list-decimal space-y-1 pl-5">
                {check.map((step) => (
                  <li key={step}>{step}</li>
                ))}
              </ol>
            </div>
          )}
          <div className="space-y-3">
            {act !== '' && (
              <div>
                <h3 className="text-small font-semibold text-muted" lang={language}>
                  {t('guidance.act')}
                </h3>
                <p>{act}</p>
              </div>
            )}
            {escalate !== '' && (
              <div>
                <h3 className="text-small font-semibold text-muted" lang={language}>
                  {t('guidance.escalate')}
                </h3>
                <p>{escalate}</p>
              </div>
            )}
          </div>
        </div>
      </div>
      {!reviewed && (
        <div className="mt-3 text-small">
          <Partial>{t('guidance.notReviewed')}</Partial>
        </div>
      )}
    </section>
  );
}
