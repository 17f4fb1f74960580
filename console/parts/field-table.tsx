import { useText } from '../i18n/language.tsx';
import { flatFields } from './fields.ts';
import { Icon } from './icons.tsx';
import { LogText } from './log-text.tsx';

/** An event as a table of fields; `matched` ones are marked, and a value can be made a filter. */
export function FieldTable({
  event,
  matched = [],
  filter,
}: {
  readonly event: unknown;
  readonly matched?: readonly string[];
  readonly filter?: (name: string, value: unknown, negate: boolean) => void;
}) {
  const t = useText();
  const marked = new Set(matched);
  const all = flatFields(event);
  // What matched comes first: it is why somebody looks.
  const fields = [...all.filter(({ name }) => marked.has(name)), ...all.filter(({ name }) => !marked.has(name))];
  const seen = new Map<string, number>();
  return (
    <table className="w-full table-fixed text-small">
      <caption className="sr-only">{t('event.fields')}</caption>
      <colgroup>
        <col className="w-2/5 sm:w-64" />
        <col />
      </colgroup>
      <tbody>
        {fields.map(({ name, value }) => {
          const nth = seen.get(name) ?? 0;
          seen.set(name, nth + 1);
          const isMarked = marked.has(name);
          return (
            <tr key={`${name} ${nth}`} className={`border-b border-line ${isMarked ? 'bg-mark text-mark-text' : ''}`}>
              <th scope="row" className="px-2 py-1 text-left align-top font-medium break-words" lang="und">
                <LogText text={name} />
                {isMarked && <span className="ml-2 font-semibold">← {t('event.matched')}</span>}
              </th>
              <td className="px-2 py-1 align-top">
                <div className="flex items-start gap-1">
                  <span className="min-w-0 flex-1">
                    {value === null ? <span className="text-muted">null</span> : <LogText text={String(value)} />}
                  </span>
                  {filter && value !== null && (
                    <span className="flex shrink-0">
                      <button
                        type="button"
                        className="rounded p-1 hover:bg-hover"
                        title={t('event.only')}
                        aria-label={`${t('event.only')}: ${name}`}
                        onClick={() => filter(name, value, false)}
                      >
                        <Icon name="plus" className="size-3" />
                      </button>
                      <button
                        type="button"
                        className="rounded p-1 hover:bg-hover"
                        title={t('event.without')}
                        aria-label={`${t('event.without')}: ${name}`}
                        onClick={() => filter(name, value, true)}
                      >
                        <Icon name="minus" className="size-3" />
                      </button>
                    </span>
                  )}
                </div>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
