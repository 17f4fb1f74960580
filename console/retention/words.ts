import type { Translate } from '../i18n/messages.ts';

/** A day of the store (`YYYYMMDD`) or of a hold (`YYYY-MM-DD`) as `dd/MM/yyyy`. */
export function dayText(day: string): string {
  const [year, month, date] = day.includes('-') ? day.split('-') : [day.slice(0, 4), day.slice(4, 6), day.slice(6)];
  return `${date}/${month}/${year}`;
}

/** A rule of retention in the reader's language; the server names it in English. */
export function ruleText(t: Translate, rule: string): string {
  const [, least, level = ''] = /^(minimum of )?level ([1-5])$/.exec(rule) ?? [];
  if (level !== '') return t(least === undefined ? 'retention.rule.level' : 'retention.rule.minimum', { level });
  return t('retention.rule.source', { source: rule.replace(/^source /, '') });
}
