import type { AlertRow } from '../../server/alerts/schema.ts';
import { SEVERITIES, type Severity } from '../parts/severity.ts';

export type Status = AlertRow['status'];
/** Those that a person can set and filter by; what was merged into another alert is in no list. */
export const STATUSES = ['new', 'in_progress', 'closed'] as const satisfies readonly Status[];
const OPEN: readonly Status[] = ['new', 'in_progress'];

/** What the queue shows; it lives in the URL. */
export interface QueueFilter {
  /** Empty means all. */
  readonly status: readonly Status[];
  readonly severity: readonly Severity[];
  readonly agency: string;
  readonly owner: string;
  readonly rule: string;
  /** Words in title, agency or entities, looked for in the rows that are loaded. */
  readonly text: string;
}

function listed<T extends string>(text: string | null, known: readonly T[]): T[] {
  const wanted = (text ?? '').split(',');
  return known.filter((value) => wanted.includes(value));
}

/** Reads the filter of an address; without `status` open alerts are shown, `status=all` shows all. */
export function readFilter(parameters: URLSearchParams): QueueFilter {
  const status = parameters.get('status');
  return {
    status: status === null ? OPEN : listed(status, STATUSES),
    severity: listed(parameters.get('severity'), SEVERITIES),
    agency: parameters.get('agency') ?? '',
    owner: parameters.get('owner') ?? '',
    rule: parameters.get('rule') ?? '',
    text: parameters.get('text') ?? '',
  };
}

/** Writes a filter as query parameters; what is the default is left out. */
export function writeFilter(filter: QueueFilter): URLSearchParams {
  const parameters = new URLSearchParams();
  if (filter.status.length === 0 || filter.status.length === STATUSES.length) parameters.set('status', 'all');
  else if (filter.status.join() !== OPEN.join()) parameters.set('status', filter.status.join());
  if (filter.severity.length > 0) parameters.set('severity', filter.severity.join());
  for (const name of ['agency', 'owner', 'rule', 'text'] as const) {
    if (filter[name] !== '') parameters.set(name, filter[name]);
  }
  return parameters;
}

/** The part that the server answers, as parameters of `GET /api/v1/alerts`. */
export function serverFilter(filter: QueueFilter): Readonly<Record<string, string | undefined>> {
  return {
    status: filter.status.length === 0 ? undefined : filter.status.join(),
    severity: filter.severity.length === 0 ? undefined : filter.severity.join(),
    agency: filter.agency || undefined,
    owner: filter.owner || undefined,
    rule: filter.rule || undefined,
  };
}

/** Whether the server's part of the filter lets a live row in. */
export function passesServerFilter(filter: QueueFilter, row: AlertRow): boolean {
  if (filter.status.length > 0 && !filter.status.includes(row.status)) return false;
  if (filter.severity.length > 0 && !filter.severity.includes(row.severity)) return false;
  if (filter.agency !== '' && row.agency !== filter.agency) return false;
  if (filter.owner !== '' && row.owner !== filter.owner) return false;
  return filter.rule === '' || row.rule === filter.rule;
}

/** Whether every word of the filter's text is somewhere in a row's titles, agency, owner or entities. */
export function passesText(text: string, row: AlertRow): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const entities = Object.values(row.entities).flatMap(({ values }) => values);
  const where = [...Object.values(row.title), row.rule, row.agency, row.agencyName, row.owner ?? '', ...entities]
    .join('\n')
    .toLowerCase();
  return words.every((word) => where.includes(word));
}
