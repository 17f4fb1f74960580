import type { LedgerRow } from '../../server/ledger/schema.ts';
import { useText } from '../i18n/language.tsx';
import type { TextKey } from '../i18n/messages.ts';
import { Icon, type IconName } from '../parts/icons.tsx';

type State = LedgerRow['state'];

const LOOKS: Readonly<Record<State, { readonly icon: IconName; readonly colour: string; readonly word: TextKey }>> = {
  ok: { icon: 'check', colour: 'text-good', word: 'ledger.state.ok' },
  waiting: { icon: 'wait', colour: 'text-low', word: 'ledger.state.waiting' },
  loss: { icon: 'warning', colour: 'text-high', word: 'ledger.state.loss' },
  broken: { icon: 'broken', colour: 'text-critical', word: 'ledger.state.broken' },
};

/** State of a source by shape, word and colour. */
export function StateMark({ state }: { readonly state: State }) {
  const t = useText();
  const { icon, colour, word } = LOOKS[state];
  return (
    <span className={`inline-flex items-start gap-2 ${colour}`}>
      <Icon name={icon} className="mt-0.5" />
      {t(word)}
    </span>
  );
}
