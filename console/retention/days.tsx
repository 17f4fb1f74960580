import type { RetentionDay } from '../../server/retention/schema.ts';
import { useFormat, useText } from '../i18n/language.tsx';
import { Icon } from '../parts/icons.tsx';
import { Visible } from '../parts/log-text.tsx';
import { dayText, ruleText } from './words.ts';

/** Kept days that are shown, those due first. */
const KEPT_SHOWN = 10;
const MARK = { kept: 'check', due: 'warning', held: 'warning', waiting: 'warning', damaged: 'broken' } as const;
const COLOUR = {
  kept: 'text-good',
  due: 'text-medium',
  held: 'text-high',
  waiting: 'text-medium',
  damaged: 'text-critical',
} as const;

/** Days that are due or cannot be deleted, then the next ones to be due. */
export function Days({ days }: { readonly days: readonly RetentionDay[] }) {
  const t = useText();
  const format = useFormat();
  const kept = days.filter(({ state }) => state === 'kept').sort((a, b) => (a.dueAt < b.dueAt ? -1 : 1));
  const shown = [...days.filter(({ state }) => state !== 'kept'), ...kept.slice(0, KEPT_SHOWN)];
  const bytes = days.reduce((sum, day) => sum + day.bytes, 0);
  return (
    <section className="card p-4" aria-labelledby="days">
      <div className="flex flex-wrap items-baseline gap-x-4">
        <h2 id="days" className="font-semibold">
          {t('days.title')}
        </h2>
        <span className="text-muted">{t('days.sum', { count: days.length, size: format.bytes(bytes) })}</span>
      </div>
      {days.length === 0 && <p className="mt-2">{t('days.none')}</p>}
      {days.length > 0 && (
        <ul className="mt-2 divide-y divide-line">
          {shown.map((day) => (
            <Day key={`${day.day} ${day.state}`} day={day} />
          ))}
        </ul>
      )}
      {kept.length > KEPT_SHOWN && (
        <p className="mt-2 text-muted">{t('days.others', { count: kept.length - KEPT_SHOWN })}</p>
      )}
    </section>
  );
}

function Day({ day }: { readonly day: RetentionDay }) {
  const t = useText();
  const format = useFormat();
  const [rule] = day.rules;
  const due = dayText(day.dueAt.slice(0, 10));
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 py-1.5">
      <span className="w-24 font-medium">{dayText(day.day)}</span>
      <span className={`inline-flex items-center gap-2 ${COLOUR[day.state]}`}>
        <Icon name={MARK[day.state]} />
        {t(`day.state.${day.state}`)}
      </span>
      <span>{t('days.events', { count: day.events })}</span>
      <span>{format.bytes(day.bytes)}</span>
      <span className="text-muted">{t(rule ? 'days.due' : 'days.dueEarliest', { day: due })}</span>
      {rule && (
        <span className="text-muted break-all">
          <Visible text={ruleText(t, rule.rule)} prose /> · {t('retention.days', { count: rule.days })}
        </span>
      )}
      {day.holds.length > 0 && <span className="text-high">{t('days.holds', { count: day.holds.length })}</span>}
    </li>
  );
}
