import type { SharePreview } from '../../server/sharing/schema.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import type { TextKey, Translate } from '../i18n/messages.ts';
import { Visible } from '../parts/log-text.tsx';

type Withheld = SharePreview['withheld'][number];

/** What people call a text of an incident by its place: `title`, `summary`, `systems[0].name`, `answers[0]`. */
export function textName(t: Translate, field: string): string {
  if (field === 'title') return t('incident.title');
  if (field === 'summary') return t('incident.summary');
  return t(field.startsWith('answers[') ? 'sharing.answer' : 'incident.system');
}

/** Where the cut is, in words: how many of what is counted, the text and the kind of what was found in it. */
function detailOf(t: Translate, { what, detail }: Withheld, number: (value: number) => string): string {
  if (what === 'people') return '';
  if (what === 'text') {
    const [field = '', kind] = detail.split(': ');
    const name = textName(t, field);
    return kind === undefined ? name : `${name} · ${t(`sharing.cut.${kind}` as TextKey)}`;
  }
  return /^\d+$/.test(detail) ? number(Number(detail)) : detail;
}

/** What stays here and why; the same thing twice is one line. */
export function WithheldList({ withheld }: { readonly withheld: readonly Withheld[] }) {
  const t = useText();
  const format = useFormat();
  const lines = new Map<string, { readonly one: Withheld; readonly times: number }>();
  for (const one of withheld) {
    const key = `${one.what} ${one.detail} ${one.why}`;
    lines.set(key, { one, times: (lines.get(key)?.times ?? 0) + 1 });
  }
  return (
    <ul className="space-y-1 text-small">
      {[...lines].map(([key, { one, times }]) => {
        const detail = detailOf(t, one, format.number);
        return (
          <li key={key} className="break-words">
            {t(`sharing.what.${one.what}`)}
            {detail !== '' && (
              <>
                : <Visible text={detail} prose />
              </>
            )}
            {times > 1 && ` ×${format.number(times)}`}{' '}
            <span className="text-muted">· {t(`sharing.why.${one.why}`)}</span>
          </li>
        );
      })}
    </ul>
  );
}
