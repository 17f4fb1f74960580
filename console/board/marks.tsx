import type { BoardRow } from '../../server/national/schema.ts';
import { useText } from '../i18n/language.tsx';
import { Icon, SeverityMark } from '../parts/icons.tsx';
import { Time, useNow } from '../parts/time.tsx';

/** Whether the center has seen it: shape and word. */
export function SeenMark({ row: { acknowledgement: seen } }: { readonly row: BoardRow }) {
  const t = useText();
  const state = seen === null ? 'new' : seen.current ? 'seen' : 'later';
  const icon = { new: 'wait', seen: 'check', later: 'warning' } as const;
  return (
    <span
      data-seen={state}
      className={`inline-flex items-start gap-1.5 ${state === 'seen' ? 'text-good' : 'font-semibold'}`}
    >
      <Icon name={icon[state]} className="mt-0.5 size-3.5" />
      {t(`board.mark.${state}`)}
    </span>
  );
}

/** How grave a province calls it; it need not say. */
export function ReportedSeverity({ severity }: Pick<BoardRow, 'severity'>) {
  const t = useText();
  return severity === null ? (
    <span className="text-muted">{t('board.noSeverity')}</span>
  ) : (
    <SeverityMark severity={severity} wide />
  );
}

const INDICATOR_TYPES = ['network', 'domain', 'url', 'hash', 'email'] as const;

/** What kind of indicator it is, in words. */
export function IndicatorKind({ type }: { readonly type: string }) {
  const t = useText();
  const known = INDICATOR_TYPES.find((one) => one === type);
  return known === undefined ? type : t(`board.type.${known}`);
}

/** When something is due; what is late stands out by more than its colour. */
export function DueMark({ due }: { readonly due: string }) {
  const t = useText();
  const late = Date.parse(due) < useNow();
  return (
    <span className={late ? 'inline-flex items-start gap-1.5 font-semibold text-critical' : ''} data-late={late}>
      {late && <Icon name="warning" className="mt-0.5 size-3.5" />}
      <span>
        {t(late ? 'board.overdue' : 'incident.due')}: <Time at={due} as="relative" />
      </span>
    </span>
  );
}
