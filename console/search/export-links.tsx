import type { HistogramAnswer } from '../../server/search/schema.ts';
import { apiAddress } from '../api/client.ts';
import { useText } from '../i18n/language.tsx';

/** The whole search as a file, as long as it is not larger than an export may be. */
export function ExportLinks({ kql, answer }: { readonly kql: string; readonly answer: HistogramAnswer }) {
  const t = useText();
  const { total, exportLimit } = answer;
  if (total === 0) return null;
  if (exportLimit !== undefined && total > exportLimit) {
    return <span className="text-small">{t('search.exportTooMany', { count: exportLimit })}</span>;
  }
  // The range as it was asked: `now` must not move between what is seen and what is taken.
  const address = (format: string) => apiAddress('/events/export', { kql, from: answer.from, to: answer.to, format });
  return (
    <>
      {(['csv', 'ndjson'] as const).map((format) => (
        <a key={format} className="button button-quiet text-small" href={address(format)} download>
          {t(format === 'csv' ? 'search.exportCsv' : 'search.exportNdjson')}
        </a>
      ))}
    </>
  );
}
