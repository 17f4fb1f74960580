/** What a `User-Agent` header may take in a record. */
const LONGEST = 300;

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\/(\d+)/, 'Edge'],
  [/\bOPR\/(\d+)/, 'Opera'],
  [/\bcoc_coc_browser\/(\d+)/, 'Cốc Cốc'],
  [/\bSamsungBrowser\/(\d+)/, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, 'Firefox'],
  [/\b(?:Headless)?(?:Chrome|CriOS)\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+)[.\d]* .*Safari\//, 'Safari'],
  [/^curl\/(\d+)/, 'curl'],
];

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/Windows NT/, 'Windows'],
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Mac OS X/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
];

/**
 * The browser and system that a `User-Agent` header (RFC 9110 §10.1.5) names, as a person would say it: `Firefox 141 · Windows`. What is
 * not known stands there as it came, cut and without control characters; it is what the other side says of itself, and proves nothing.
 */
export function browserName(header: string | undefined): string {
  const text = (header ?? '').slice(0, LONGEST);
  const browser = BROWSERS.map(([pattern, name]) => {
    const found = pattern.exec(text);
    return found && `${name} ${found[1]}`;
  }).find((name) => name !== null);
  const system = SYSTEMS.find(([pattern]) => pattern.test(text))?.[1];
  const known = [browser, system].filter((part) => typeof part === 'string');
  if (browser !== undefined) return known.join(' · ');
  return text
    .replaceAll(/[^\u0020-\u007e]/g, ' ')
    .slice(0, 80)
    .trim();
}
