/** Languages in which the collector speaks to the person at its machine. */
export const LANGUAGES = ['vi', 'en', 'km'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The language asked for, or that of the machine (`LC_ALL`, `LC_MESSAGES`, `LANG`); English where it is another. */
export function languageOf(asked: string | undefined, env: NodeJS.ProcessEnv = process.env): Language {
  const text = asked ?? (env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '');
  return LANGUAGES.find((one) => text.toLowerCase().startsWith(one)) ?? 'en';
}
