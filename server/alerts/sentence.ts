import type { Language, RuleHead } from '../../rules/rule.ts';
import type { AlertDetected } from '../store/record-kinds.ts';

/** Numbers as each language writes them. */
const NUMBERS: Readonly<Record<Language, Intl.NumberFormat>> = {
  vi: new Intl.NumberFormat('vi-VN'),
  en: new Intl.NumberFormat('en-GB'),
  km: new Intl.NumberFormat('km-KH'),
};

/** What stands where an alert has no value for a field. */
const UNKNOWN = '?';

/**
 * One sentence of what happened, from the rule's `haidang.sentence`: `{count}` and `{field.name}` filled in from the
 * alert's group and entities, several values as the first and `+N`. Undefined where the rule has none in this language.
 */
export function alertSentence(
  rule: Pick<RuleHead, 'extension'>,
  detected: Pick<AlertDetected, 'count' | 'group' | 'entities'>,
  language: Language,
): string | undefined {
  const sentence = rule.extension.sentences[language];
  if (sentence === undefined) return undefined;
  return sentence.replace(/\{([a-z0-9_@.-]+)\}/gi, (_, field: string) => {
    if (field === 'count') return NUMBERS[language].format(detected.count);
    return fieldValue(detected, field, language);
  });
}

function fieldValue(detected: Pick<AlertDetected, 'group' | 'entities'>, field: string, language: Language): string {
  const grouped = Object.hasOwn(detected.group, field) ? detected.group[field] : undefined;
  if (grouped) return grouped;
  const entity = Object.hasOwn(detected.entities, field) ? detected.entities[field] : undefined;
  const first = entity?.values[0];
  if (!entity || first === undefined) return UNKNOWN;
  return entity.total > 1 ? `${first} +${NUMBERS[language].format(entity.total - 1)}` : first;
}
