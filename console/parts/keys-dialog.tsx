import { useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import type { NavigationEntry } from '../routes.ts';
import { Dialog } from './dialog.tsx';

const QUEUE_KEYS: readonly (readonly [string, TextKey])[] = [
  ['j k', 'keys.move'],
  ['x', 'keys.select'],
  ['Shift + j k', 'keys.range'],
  ['Enter', 'keys.open'],
  ['a', 'keys.assign'],
  ['e', 'keys.close'],
  ['i', 'keys.incident'],
  ['n', 'keys.showNew'],
  ['Esc', 'keys.clear'],
  ['/', 'keys.search'],
  ['f', 'keys.fields'],
  ['o', 'keys.saved'],
  ['a', 'keys.acknowledge'],
  ['t', 'keys.giveTask'],
  ['d', 'keys.decide'],
  ['x', 'keys.except'],
  ['b', 'keys.backtest'],
  ['v', 'keys.versions'],
  ['l', 'keys.parserLines'],
  ['?', 'keys.title'],
];

function Key({ keys }: { readonly keys: string }) {
  return (
    <span className="flex flex-wrap gap-1">
      {keys.split(' ').map((key) => (
        <kbd key={key} className={key === '' || key === '+' ? '' : 'rounded border border-line-strong px-2 text-small'}>
          {key}
        </kbd>
      ))}
    </span>
  );
}

/** All keys of the console. */
export function KeysDialog({
  pages,
  close,
}: {
  readonly pages: readonly NavigationEntry[];
  readonly close: () => void;
}) {
  const t = useText();
  const rows: readonly (readonly [string, string])[] = [
    ...QUEUE_KEYS.map(([keys, text]) => [keys, t(text)] as const),
    ...pages.map(({ key, label }) => [`g ${key}`, t('keys.go', { page: t(label) })] as const),
  ];
  return (
    <Dialog title={t('keys.title')} close={close}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2">
        {rows.map(([keys, text]) => (
          <div key={text} className="contents">
            <dt>
              <Key keys={keys} />
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
