import { useText } from '../i18n/language.tsx';
import { kqlErrorColumn } from './kql.ts';

/** Shows where in the query the server stopped understanding. */
export function WrongQuery({ kql, detail }: { readonly kql: string; readonly detail: string }) {
  const t = useText();
  const column = kqlErrorColumn(detail);
  if (column === undefined) return null;
  return (
    <p className="mt-2" lang="und">
      <span className="sr-only">{t('search.wrongAt', { column })}</span>
      <code className="log">
        {kql.slice(0, column - 1)}
        <mark className="rounded-sm bg-critical-ground px-0.5 text-critical underline decoration-wavy">
          {kql.slice(column - 1) || '␣'}
        </mark>
      </code>
    </p>
  );
}
