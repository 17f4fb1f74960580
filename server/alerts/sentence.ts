import type { Language, RuleHead } from '../../rules/rule.ts';
import type { AlertDetected } from './record.ts';

/** Numbers as each language writes them. */
const NUMBERS: Readonly<Record<Language, Intl.NumberFormat>> = {
  vi: new Intl.NumberFormat('vi-VN'),
  en: new Intl.NumberFormat('en-GB'),
  km: new Intl.NumberFormat('km-KH'),
};

const PLURALS: Readonly<Record<Language, Intl.PluralRules>> = {
  vi: new Intl.PluralRules('vi'),
  en: new Intl.PluralRules('en'),
  km: new Intl.PluralRules('km'),
};

/** What stands where an alert has no value for a field. */
const UNKNOWN = '?';

/**
 * One sentence of what happened, from the rule's `haidang.sentence`: `{count}` and `{field.name}` filled in from the
 * alert's group and entities, several values as the first and `+N`. `{count request|requests}` is the number with the word
 * that fits it, by the language's own plural rules. Undefined where the rule has none in this language.
 */
export function alertSentence(
  rule: Pick<RuleHead, 'extension'>,
  detected: Pick<AlertDetected, 'count' | 'group' | 'entities'>,
  language: Language,
): string | undefined {
  const sentence = rule.extension.sentences[language];
  if (sentence === undefined) return undefined;
  return sentence.replace(/\{([a-z0-9_@.-]+)(?: ([^{}]*))?\}/gi, (_, field: string, forms: string | undefined) => {
    if (field === 'count') return counted(detected.count, forms, language);
    return fieldValue(detected, field, language);
  });
}

/** The number, and after it the form for one or for others; a language without such forms has a single one. */
function counted(count: number, forms: string | undefined, language: Language): string {
  const number = NUMBERS[language].format(count);
  if (forms === undefined) return number;
  const [one = '', other = one] = forms.split('|');
  return `${number} ${PLURALS[language].select(count) === 'one' ? one : other}`;
}

function fieldValue(detected: Pick<AlertDetected, 'group' | 'entities'>, field: string, language: Language): string {
  const grouped = Object.hasOwn(detected.group, field) ? detected.group[field] : undefined;
  if (grouped) return grouped;
  const entity = Object.hasOwn(detected.entities, field) ? detected.entities[field] : undefined;
  const first = entity?.values[0];
  if (!entity || first === undefined) return UNKNOWN;
  return entity.total > 1 ? `${first} +${NUMBERS[language].format(entity.total - 1)}` : first;
}
