import { csvField, csvHeading } from '../search/csv.ts';
import type { Feed } from './schema.ts';

const FIGURE_COLUMNS = ['at', 'figure', 'of', 'value', 'withheld'] as const;
const SERVICE_COLUMNS = [
  'at',
  'service',
  'state',
  'checkedAt',
  'checksLastDay',
  'availabilityLastDay',
  'certificateDays',
] as const;

type Value = string | number | null;

/** All figures, one a line: its name as in the JSON, what it is of, its value; RFC 4180, safe in spreadsheets. */
export function figuresCsv({ at, posture, incidents, alerts, coverage }: Feed): string {
  const rows: Value[][] = [];
  const add = (figure: string, of: string, value: Value) =>
    rows.push([at, figure, of, value, value === null ? 'yes' : 'no']);
  add('posture.level', '', posture.level);
  for (const reason of posture.reasons) add('posture.reasons', reason, 1);
  /** Numbers under their names, one level below by what they are of. */
  const addAll = (name: string, figures: Readonly<Record<string, unknown>>) => {
    for (const [field, value] of Object.entries(figures)) {
      if (value === null || typeof value === 'number') add(`${name}.${field}`, '', value);
      else if (typeof value === 'object' && !Array.isArray(value))
        for (const [of, count] of Object.entries(value)) add(`${name}.${field}`, of, count as Value);
    }
  };
  addAll('incidents', incidents);
  addAll('alerts', alerts);
  addAll('coverage', coverage);
  for (const { level, agencies, covered } of coverage.bySecurityLevel) {
    add('coverage.bySecurityLevel.agencies', String(level), agencies);
    add('coverage.bySecurityLevel.covered', String(level), covered);
  }
  return textOf(FIGURE_COLUMNS, rows);
}

/** The services, one a line; RFC 4180, safe in spreadsheets. */
export function servicesCsv({ at, services }: Feed): string {
  const rows = services.map((one) => [
    at,
    one.service,
    one.state,
    one.checkedAt,
    one.checksLastDay,
    one.availabilityLastDay,
    one.certificateDays,
  ]);
  return textOf(SERVICE_COLUMNS, rows);
}

function textOf(columns: readonly string[], rows: readonly (readonly Value[])[]): string {
  return csvHeading(columns) + rows.map((row) => `${row.map(csvField).join(',')}\r\n`).join('');
}
