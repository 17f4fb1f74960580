import type { Severity } from '../../rules/rule.ts';

/** A list of indicators; its contents are a file of the data folder (`server/indicators/list-files.ts`). */
export interface IndicatorListRecord {
  readonly name: string;
  /** Who made it: an organization, a feed. */
  readonly source: string;
  /** Traffic Light Protocol 2.0: the strictest mark of the list and of what it holds. */
  readonly tlp: 'clear' | 'green' | 'amber' | 'amber+strict' | 'red';
  readonly severity: Severity;
  readonly format: 'stix' | 'misp' | 'csv';
  readonly count: number;
  /** What could not be read, and what was left out on purpose. */
  readonly refused: number;
  readonly skipped: number;
  /** When the last of its indicators ends, ISO 8601; `null` where one never does. */
  readonly expires: string | null;
  /** Twelve hexadecimal digits of its contents: part of the file's name. */
  readonly content: string;
  readonly at: string;
  readonly by: string;
}
