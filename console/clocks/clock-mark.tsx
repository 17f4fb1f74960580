import type { ClockRow } from '../../server/clocks/schema.ts';
import { useLanguage, useText } from '../i18n/language.tsx';
import { pickText } from '../i18n/messages.ts';
import { Icon, type IconName } from '../parts/icons.tsx';
import { Time } from '../parts/time.tsx';

type State = ClockRow['state'];

const LOOKS: Readonly<Record<State, { readonly colour: string; readonly icon: IconName }>> = {
  running: { colour: 'text-muted', icon: 'wait' },
  half: { colour: 'text-medium', icon: 'wait' },
  urgent: { colour: 'text-high', icon: 'warning' },
  overdue: { colour: 'text-critical', icon: 'warning' },
  met: { colour: 'text-good', icon: 'check' },
  'met-late': { colour: 'text-medium', icon: 'check' },
  waived: { colour: 'text-muted', icon: 'minus' },
  needless: { colour: 'text-muted', icon: 'minus' },
};

/** How a term stands: shape, word and colour. */
export function ClockMark({ state }: { readonly state: State }) {
  const t = useText();
  const { colour, icon } = LOOKS[state];
  return (
    <span className={`inline-flex items-center gap-1.5 font-semibold ${colour}`} data-clock-state={state}>
      <Icon name={icon} className="size-3.5" />
      {t(`clocks.state.${state}`)}
    </span>
  );
}

/** What people call a term, in the reader's language. */
export function ClockName({ name }: { readonly name: ClockRow['name'] }) {
  const { language } = useLanguage();
  const found = pickText(name, language);
  return <span lang={found?.language}>{found?.text}</span>;
}

/** Of an incident in a list: what is due next, and in how long. */
export function NextDue({ clock }: { readonly clock: Pick<ClockRow, 'state' | 'name' | 'due'> }) {
  const { colour, icon } = LOOKS[clock.state];
  const t = useText();
  const isOver = clock.state === 'overdue';
  return (
    <span className={`flex items-start gap-1.5 ${colour}`} data-due={clock.state}>
      <Icon name={icon} className="mt-0.5 size-3.5" />
      <span className="min-w-0">
        <span className="font-semibold">
          {isOver && `${t('clocks.state.overdue')}: `}
          <Time at={clock.due} as="relative" />
        </span>
        <span className="block text-muted">
          <ClockName name={clock.name} />
        </span>
      </span>
    </span>
  );
}
