import type { TriedLine } from '../../server/parsers/schema.ts';
import { useText } from '../i18n/language.tsx';
import { flatFields } from '../parts/fields.ts';
import { Icon } from '../parts/icons.tsx';
import { LogText } from '../parts/log-text.tsx';

/** What the line itself and the collector give every event: nothing that the parser found. */
const EVERY_EVENT = new Set(['event.kind', 'event.original', 'event.module', 'message']);

/** What became of each line. */
export function LineResults({ lines }: { readonly lines: readonly TriedLine[] }) {
  const t = useText();
  const read = lines.filter(({ event }) => event !== null).length;
  return (
    <>
      <p role="status" className="text-small text-muted">
        {t('parsers.read', { count: read, all: lines.length })}
      </p>
      <ol className="space-y-3">
        {lines.map((line, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same line may come twice; their order is theirs.
          <li key={place} className="card p-3" data-read={line.event !== null}>
            <Result line={line} />
          </li>
        ))}
      </ol>
    </>
  );
}

function Result({ line: { line, event, why, stopsAt, left } }: { readonly line: TriedLine }) {
  const t = useText();
  if (event === null)
    return (
      <div className="space-y-1">
        <p className="flex items-start gap-2">
          <Icon name="warning" className="mt-0.5 shrink-0 text-critical" />
          <span className="min-w-0">
            <span className="font-medium">{t('parsers.notRead')}</span> <span lang="en">{why}</span>
          </span>
        </p>
        {stopsAt === null ? <LogText text={line} /> : <Stop line={line} stopsAt={stopsAt} />}
      </div>
    );
  const fields = flatFields(event).filter(({ name }) => !EVERY_EVENT.has(name));
  return (
    <div className="space-y-2">
      <LogText text={line} className="text-muted" />
      <table className="w-full table-fixed text-small">
        <caption className="sr-only">{t('event.fields')}</caption>
        <tbody>
          {fields.map(({ name, value }, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a list has several leaves of one name.
            <tr key={`${name} ${place}`} className="border-t border-line">
              <th scope="row" className="w-1/2 py-1 pr-2 text-left align-top font-medium break-words" lang="und">
                {name}
              </th>
              <td className="py-1 align-top">
                <LogText text={String(value)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {left.map(({ name, field, why: reason }) => (
        <p key={`${name} ${field}`} className="text-small">
          {t('parsers.left', { name, field })} <span lang="en">{reason}.</span>
        </p>
      ))}
    </div>
  );
}

/** The line with the place where it ends to fit. */
function Stop({ line, stopsAt }: { readonly line: string; readonly stopsAt: NonNullable<TriedLine['stopsAt']> }) {
  const t = useText();
  const at = stopsAt.column - 1;
  return (
    <>
      <p className="break-all">
        <LogText text={line.slice(0, at)} />
        <mark className="bg-mark text-mark-text">
          <LogText text={line.slice(at) || ' '} />
        </mark>
      </p>
      <p className="text-small">
        {stopsAt.part === ''
          ? t('parsers.stopsEnd', { column: stopsAt.column })
          : t('parsers.stops', { column: stopsAt.column })}{' '}
        {stopsAt.part !== '' && <LogText text={stopsAt.part} />}
      </p>
    </>
  );
}
