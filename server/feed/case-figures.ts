import { RSIT } from '../../ecs/rsit.ts';
import type { Severity } from '../../rules/rule.ts';
import { countShown } from '../alerts/seen.ts';
import { SYSTEM } from '../identity.ts';
import type { IncidentRecord } from '../incidents/record.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { AlertFigures, IncidentFigures } from './schema.ts';
import { withholdSmall } from './withhold.ts';

const DAY_MS = 86_400_000;
const MONTH_MS = 30 * DAY_MS;
const HOUR_MS = 3_600_000;
const PAGE = 500;
/** Incidents looked at for one answer: far more than a province has in a month. */
const MOST_PAGES = 100;
const OPEN = ['open', 'investigating', 'contained'] as const;
const SEVERITIES = ['critical', 'high', 'medium', 'low', 'informational'] as const satisfies readonly Severity[];

/** Incidents of the province in figures; `now` in milliseconds. */
export async function incidentFigures(records: RecordStore, now: number, smallest: number): Promise<IncidentFigures> {
  const openBySeverity = zeros(SEVERITIES);
  const openByStatus = zeros(OPEN);
  for await (const { status, severity } of incidentsOf(records, { where: { status: OPEN } })) {
    openBySeverity[severity] += 1;
    if (status === 'open' || status === 'investigating' || status === 'contained') openByStatus[status] += 1;
  }
  const since = (span: number) => new Date(now - span).toISOString();
  const [day, week, month] = [since(DAY_MS), since(7 * DAY_MS), since(MONTH_MS)];
  const classes = zeros([...Object.keys(RSIT), 'unclassified']);
  const reported = { day: 0, week: 0, month: 0 };
  const hours: number[] = [];
  const changed = { orderBy: { field: 'updatedAt', descending: true } };
  for await (const { status, rsit, createdAt, closedAt, detectedAt, updatedAt } of incidentsOf(records, changed)) {
    // What was written down or closed within the month was changed within it.
    if (updatedAt < month) break;
    if (status === 'merged') continue;
    if (createdAt >= day) reported.day += 1;
    if (createdAt >= week) reported.week += 1;
    if (createdAt >= month) {
      reported.month += 1;
      const [name = ''] = (rsit ?? '').split('/');
      const known = Object.hasOwn(classes, name) ? name : 'unclassified';
      classes[known] = (classes[known] ?? 0) + 1;
    }
    if (closedAt !== null && closedAt >= month) hours.push((Date.parse(closedAt) - Date.parse(detectedAt)) / HOUR_MS);
  }
  return {
    open: OPEN.reduce((sum, status) => sum + openByStatus[status], 0),
    openBySeverity,
    openByStatus,
    reportedLastDay: reported.day,
    reportedLast7Days: reported.week,
    reportedLast30Days: reported.month,
    closedLast30Days: hours.length,
    byClassLast30Days: withholdSmall(classes, smallest),
    medianHoursToClose: hours.length < smallest ? null : medianOf(hours),
  };
}

/** Alerts of the province that wait, in figures. */
export async function alertFigures(records: RecordStore): Promise<AlertFigures> {
  const view = records.as(SYSTEM);
  const open = ['new', 'in_progress'];
  const counts = await Promise.all(
    SEVERITIES.map((severity) => countShown(view, SYSTEM, { status: open, severity: [severity] })),
  );
  const openBySeverity = zeros(SEVERITIES);
  SEVERITIES.forEach((severity, at) => {
    openBySeverity[severity] = counts[at] ?? 0;
  });
  return {
    open: counts.reduce((sum, count) => sum + count, 0),
    openBySeverity,
    unhandled: await countShown(view, SYSTEM, { status: ['new'] }),
  };
}

/** How many new alerts of a severity nobody has begun with. */
export function newAlerts(records: RecordStore, severity: Severity): Promise<number> {
  return countShown(records.as(SYSTEM), SYSTEM, { status: ['new'], severity: [severity] });
}

async function* incidentsOf(
  records: RecordStore,
  filter: { where?: Record<string, readonly string[]>; orderBy?: { field: string; descending: boolean } },
): AsyncGenerator<IncidentRecord> {
  const view = records.as(SYSTEM);
  let after: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const page = await view.find('incident', { ...filter, limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { document } of page.records) yield document;
    if (page.next === null) return;
    after = page.next;
  }
}

function zeros<K extends string>(names: readonly K[]): Record<K, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<K, number>;
}

/** The middle one, to a tenth. */
function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const value = sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
  return Math.round((value ?? 0) * 10) / 10;
}
