import { useText } from '../i18n/language.tsx';
import { SEVERITY_LOOKS, type Severity } from './severity.ts';

const PATHS = {
  menu: 'M2 4h12M2 8h12M2 12h12',
  close: 'M3 3l10 10M13 3L3 13',
  check: 'M2.5 8.5l3.5 3.5 7.5-8',
  search: 'M7 2a5 5 0 1 1 0 10A5 5 0 0 1 7 2zM11 11l3.5 3.5',
  bell: 'M3 11h10l-1.5-2V6.5a3.5 3.5 0 0 0-7 0V9zM6.5 13.5h3',
  bellOff: 'M3 11h10l-1.5-2V6.5a3.5 3.5 0 0 0-7 0V9zM6.5 13.5h3M2 2l12 12',
  mail: 'M2 3.5h12v9H2zM2 4l6 5 6-5',
  wait: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 4.5V8l2.5 2',
  warning: 'M8 2l6.5 12h-13zM8 6v4M8 11.5v1',
  broken: 'M5 1.5h6L14.5 5v6L11 14.5H5L1.5 11V5zM5.5 5.5l5 5M10.5 5.5l-5 5',
  down: 'M4 6l4 4 4-4',
  right: 'M6 4l4 4-4 4',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  copy: 'M5 5h8v9H5zM3 11V2h8',
  back: 'M10 3L5 8l5 5',
} as const;

export type IconName = keyof typeof PATHS;

/** A 16 px line drawing; the words beside it carry the meaning. */
export function Icon({ name, className = '' }: { readonly name: IconName; readonly className?: string }) {
  return (
    <svg viewBox="0 0 16 16" className={`size-4 shrink-0 ${className}`} aria-hidden="true">
      <path d={PATHS[name]} fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
    </svg>
  );
}

/** Shape, word and colour of a severity; `wordless` only where the word stands right beside it. */
export function SeverityMark({ severity, wide = false }: { readonly severity: Severity; readonly wide?: boolean }) {
  const t = useText();
  const look = SEVERITY_LOOKS[severity];
  return (
    <span className={`inline-flex items-center gap-2 whitespace-nowrap ${look.colour} ${wide ? 'font-semibold' : ''}`}>
      <svg viewBox="0 0 16 16" className="size-3.5 shrink-0" aria-hidden="true">
        <path
          d={look.path}
          fill={look.hollow ? 'none' : 'currentColor'}
          fillRule="evenodd"
          stroke={look.hollow ? 'currentColor' : 'none'}
          strokeWidth="2"
        />
      </svg>
      <span>{t(look.word)}</span>
    </span>
  );
}
