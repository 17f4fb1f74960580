import type english from './en.json';

export type Language = 'vi' | 'en' | 'km';
/** Every text has a key; English names them all. */
export type TextKey = keyof typeof english;
/** A text, or its forms by plural category (`Intl.PluralRules`) of the placeholder `count`. */
export type Text = string | { readonly one?: string; readonly other: string };
export type Messages = Readonly<Record<TextKey, Text>>;
export type TextValues = Readonly<Record<string, string | number>>;
/** Gives a text in the reader's language, with `{name}` filled in; numbers are written as the language does. */
export type Translate = (key: TextKey, values?: TextValues) => string;

export const LANGUAGES: readonly { readonly id: Language; readonly name: string }[] = [
  { id: 'vi', name: 'Tiếng Việt' },
  { id: 'en', name: 'English' },
  { id: 'km', name: 'ភាសាខ្មែរ' },
];

/** The language to begin with: what was chosen, else what the browser asks for, else Vietnamese. */
export function firstLanguage(chosen: string | null, browser: readonly string[]): Language {
  for (const wanted of chosen === null ? browser : [chosen, ...browser]) {
    const found = LANGUAGES.find(({ id }) => id === wanted.toLowerCase().split('-')[0]);
    if (found) return found.id;
  }
  return 'vi';
}

/** Makes the `t()` of one language; a placeholder without a value stays visible as it is. */
export function makeTranslate(language: Language, messages: Messages): Translate {
  const plural = new Intl.PluralRules(language);
  const number = new Intl.NumberFormat(language);
  return (key, values = {}) => {
    const text = messages[key];
    let form: string;
    if (typeof text === 'string') form = text;
    else {
      const count = values['count'];
      const category = typeof count === 'number' ? plural.select(count) : 'other';
      form = (category === 'one' ? text.one : undefined) ?? text.other;
    }
    return form.replace(/\{(\w+)\}/g, (placeholder, name: string) => {
      const value = values[name];
      if (value === undefined) return placeholder;
      return typeof value === 'number' ? number.format(value) : value;
    });
  };
}

/** Picks the reader's language from texts by language, else English, else any; says which it is. */
export function pickText<T>(
  texts: Partial<Readonly<Record<Language, T>>>,
  language: Language,
): { readonly language: Language; readonly text: T } | undefined {
  for (const id of [language, 'en', 'vi', 'km'] as const) {
    const text = texts[id];
    if (text !== undefined) return { language: id, text };
  }
  return undefined;
}
