import { readFileSync } from 'node:fs';

declare const HAIDANG_VERSION: string | undefined;

/** Version of this program; a packaged one has it built in. */
export function programVersion(): string {
  if (typeof HAIDANG_VERSION === 'string') return HAIDANG_VERSION;
  try {
    const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return 'unknown';
  }
}
