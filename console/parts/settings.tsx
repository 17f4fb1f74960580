import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Session } from '../../server/accounts/schema.ts';
import { deleteResource } from '../api/client.ts';
import { changeSession } from '../api/session.ts';
import { useLanguage, useText } from '../i18n/language.tsx';
import { LANGUAGES } from '../i18n/messages.ts';
import { chooseTheme, storedTheme, THEMES } from './theme.ts';
import { useToast } from './toasts.tsx';

/** Chooses the language; each is named in itself. */
export function LanguageSelect() {
  const { t, language, setLanguage } = useLanguage();
  return (
    <select
      aria-label={t('head.language')}
      className="field w-auto text-small"
      value={language}
      onChange={(event) => {
        const chosen = LANGUAGES.find(({ id }) => id === event.target.value);
        if (chosen) setLanguage(chosen.id);
      }}
    >
      {LANGUAGES.map(({ id, name }) => (
        <option key={id} value={id} lang={id}>
          {name}
        </option>
      ))}
    </select>
  );
}

/** Dark, light, or as the machine has it. */
export function ThemeSelect() {
  const t = useText();
  const [theme, setTheme] = useState(storedTheme);
  return (
    <select
      aria-label={t('head.theme')}
      className="field w-auto text-small"
      value={theme}
      onChange={(event) => {
        const chosen = THEMES.find((one) => one === event.target.value) ?? 'system';
        setTheme(chosen);
        chooseTheme(chosen);
      }}
    >
      {THEMES.map((one) => (
        <option key={one} value={one}>
          {t(`theme.${one}`)}
        </option>
      ))}
    </select>
  );
}

/** Who is signed in, with the way to their account, and the way out. */
export function Account({ session, opened }: { readonly session: Session; readonly opened?: () => void }) {
  const t = useText();
  const toast = useToast();
  const queries = useQueryClient();
  const leave = async (): Promise<void> => {
    try {
      await deleteResource('/session');
      changeSession(queries, null);
      if (session.signOutAddress !== undefined) location.assign(session.signOutAddress);
    } catch (error) {
      toast({ text: '', error });
    }
  };
  return (
    <div className="flex items-center gap-2">
      <Link
        href="/account"
        className="link max-w-40 truncate text-small"
        title={`${t('account.title')}: ${session.user} · ${t(`role.${session.role}`)}`}
        onClick={opened}
      >
        {session.displayName}
      </Link>
      <button type="button" className="button text-small" onClick={leave}>
        {t('head.signOut')}
      </button>
    </div>
  );
}
