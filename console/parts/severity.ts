import type { AlertRow } from '../../server/alerts/schema.ts';
import type { TextKey } from '../i18n/messages.ts';

export type Severity = AlertRow['severity'];

/** How a severity looks: five shapes, words and colours, so that none of the three is needed alone. */
export interface SeverityLook {
  readonly word: TextKey;
  /** Path in a 16 × 16 box; `hollow` ones are drawn as a line. */
  readonly path: string;
  readonly hollow: boolean;
  /** Tailwind text colour. */
  readonly colour: string;
}

export const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'informational'];

export const SEVERITY_LOOKS: Readonly<Record<Severity, SeverityLook>> = {
  critical: {
    word: 'severity.critical',
    path: 'M5 1h6l4 4v6l-4 4H5l-4-4V5z M7.1 4v5h1.8V4z M7.1 10.4v1.8h1.8v-1.8z',
    hollow: false,
    colour: 'text-critical',
  },
  high: { word: 'severity.high', path: 'M8 2l7 12H1z', hollow: false, colour: 'text-high' },
  medium: { word: 'severity.medium', path: 'M8 1l7 7-7 7-7-7z', hollow: false, colour: 'text-medium' },
  low: { word: 'severity.low', path: 'M3 3h10v10H3z', hollow: true, colour: 'text-low' },
  informational: {
    word: 'severity.informational',
    path: 'M8 3a5 5 0 1 1 0 10 5 5 0 1 1 0-10z',
    hollow: true,
    colour: 'text-informational',
  },
};
