import { useState } from 'react';
import type { ParserDetail } from '../../server/parsers/schema.ts';
import { useText } from '../i18n/language.tsx';
import { Visible } from '../parts/log-text.tsx';
import { Time } from '../parts/time.tsx';
import { Difference } from '../rule-list/versions-card.tsx';

type Version = ParserDetail['versions'][number];

/** Every wording of a parser: who wrote it, what it changed, and taking it up again. */
export function WordingsCard({
  versions,
  takeUp,
}: {
  readonly versions: readonly Version[];
  /** Undefined for those who may not write. */
  readonly takeUp: ((yaml: string) => void) | undefined;
}) {
  const t = useText();
  const [open, setOpen] = useState<number>();
  return (
    <section className="card" aria-labelledby="parser-versions">
      <h2 id="parser-versions" className="px-4 pt-3 pb-2 font-semibold">
        {t('rules.versions')}
      </h2>
      <ol className="divide-y divide-line">
        {versions.map(({ version, yaml, at, by }, place) => (
          <li key={version} data-version={version}>
            <div className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2">
              <p className="min-w-0 flex-1 basis-60">
                {version} · <Visible text={by} /> · <Time at={at} />
                {place === 0 && <span className="ml-2 font-semibold text-good">{t('rules.nowWording')}</span>}
              </p>
              <button
                type="button"
                className="button text-small"
                aria-expanded={open === version}
                onClick={() => setOpen(open === version ? undefined : version)}
              >
                {t('rules.diff.show')}
              </button>
              {takeUp && place > 0 && (
                <button type="button" className="button text-small" onClick={() => takeUp(yaml)}>
                  {t('parsers.takeUp')}
                </button>
              )}
            </div>
            {open === version && <Difference from={versions[place + 1]?.yaml ?? ''} to={yaml} label={`${version}`} />}
          </li>
        ))}
      </ol>
    </section>
  );
}
