import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { useOverview } from '../api/queries.ts';
import { type Format, makeFormat } from './format.ts';
import { firstLanguage, type Language, type Messages, makeTranslate, type Translate } from './messages.ts';

interface LanguageState {
  readonly language: Language;
  readonly setLanguage: (language: Language) => void;
  readonly t: Translate;
}

const LanguageContext = createContext<LanguageState | undefined>(undefined);
const FormatContext = createContext<Format | undefined>(undefined);
const STORED_AS = 'haidang.language';
const DEFAULT_ZONE = 'Asia/Ho_Chi_Minh';

const LOADERS: Readonly<Record<Language, () => Promise<{ readonly default: Messages }>>> = {
  vi: () => import('./vi.json', { with: { type: 'json' } }),
  en: () => import('./en.json', { with: { type: 'json' } }),
  km: () => import('./km.json', { with: { type: 'json' } }),
};

/** Loads the reader's language and keeps the choice in this browser. */
export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() =>
    firstLanguage(localStorage.getItem(STORED_AS), navigator.languages),
  );
  const [loaded, setLoaded] = useState<{ readonly language: Language; readonly messages: Messages }>();
  useEffect(() => {
    let wanted = true;
    LOADERS[language]().then(({ default: messages }) => {
      if (!wanted) return;
      document.documentElement.lang = language;
      setLoaded({ language, messages });
    });
    return () => {
      wanted = false;
    };
  }, [language]);
  const state = useMemo<LanguageState | undefined>(
    () =>
      loaded && {
        language: loaded.language,
        setLanguage: (chosen) => {
          localStorage.setItem(STORED_AS, chosen);
          setLanguage(chosen);
        },
        t: makeTranslate(loaded.language, loaded.messages),
      },
    [loaded],
  );
  if (!state) return null;
  return <LanguageContext value={state}>{children}</LanguageContext>;
}

/** Formats in the province's time zone, which the overview names. */
export function FormatProvider({ children }: { readonly children: ReactNode }) {
  const { language } = useLanguage();
  const zone = useOverview().data?.timeZone ?? DEFAULT_ZONE;
  const format = useMemo(() => makeFormat(language, zone), [language, zone]);
  return <FormatContext value={format}>{children}</FormatContext>;
}

/** The reader's language, how to change it, and `t()`. */
export function useLanguage(): LanguageState {
  const state = useContext(LanguageContext);
  if (!state) throw new Error('LanguageProvider is missing above this element.');
  return state;
}

/** `t()` alone. */
export function useText(): Translate {
  return useLanguage().t;
}

/** Dates and numbers for the reader. */
export function useFormat(): Format {
  const format = useContext(FormatContext);
  if (!format) throw new Error('FormatProvider is missing above this element.');
  return format;
}
