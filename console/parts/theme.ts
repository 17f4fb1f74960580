export type Theme = 'system' | 'light' | 'dark';
export const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

const STORED_AS = 'haidang.theme';
const darkSystem = (): MediaQueryList => matchMedia('(prefers-color-scheme: dark)');

/** The theme chosen in this browser. */
export function storedTheme(): Theme {
  const stored = localStorage.getItem(STORED_AS);
  return THEMES.find((theme) => theme === stored) ?? 'system';
}

let unfollow: (() => void) | undefined;

/** Sets `data-theme` on the document; `system` goes on following the machine. */
export function applyTheme(theme: Theme): void {
  unfollow?.();
  unfollow = undefined;
  const set = (dark: boolean): void => {
    document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  };
  if (theme !== 'system') {
    set(theme === 'dark');
    return;
  }
  const system = darkSystem();
  const follow = (): void => set(system.matches);
  system.addEventListener('change', follow);
  unfollow = () => system.removeEventListener('change', follow);
  follow();
}

/** Chooses a theme and keeps it in this browser. */
export function chooseTheme(theme: Theme): void {
  localStorage.setItem(STORED_AS, theme);
  applyTheme(theme);
}
