import type { AgencyBook } from '../agencies/names.ts';
import { alertRows, type RuleBook } from '../alerts/queries.ts';
import type { AlertRow } from '../alerts/schema.ts';
import { attackOf } from '../rules/attack.ts';
import type { RecordView } from '../store/record-store.ts';
import { custodyHolds } from './custody.ts';
import type { StoredIncident } from './incidents.ts';
import { defang, readObservable } from './indicators.ts';
import { agenciesOf } from './merge.ts';
import type { IncidentRecord, Item } from './record.ts';
import type { IncidentDetail, IncidentRow } from './schema.ts';
import { MOVES } from './states.ts';

/** Alerts of an incident that its page looks up; of the others it has what was known when they were added. */
const MOST_LOOKED_UP = 200;

/** Makes queue rows of incidents. */
export async function incidentRows(records: readonly StoredIncident[], agencies: AgencyBook): Promise<IncidentRow[]> {
  const names = await agencies.all();
  return records.map(({ id, document: incident }) => {
    const open = incident.tasks.filter(({ doneAt }) => doneAt === null);
    const [due = null] = open.flatMap((task) => task.due ?? []).sort();
    return {
      id,
      version: incident.revision,
      title: incident.title,
      status: incident.status,
      ...(incident.mergedInto === undefined ? {} : { mergedInto: incident.mergedInto }),
      outcome: incident.outcome,
      severity: incident.severity,
      owner: incident.owner,
      tlp: incident.tlp,
      rsit: incident.rsit,
      origin: incident.origin,
      agencies: agenciesOf(incident).map((agency) => ({ agency, name: names.get(agency)?.name ?? agency })),
      alerts: incident.alerts.length,
      openTasks: open.length,
      due,
      detectedAt: incident.detectedAt,
      createdAt: incident.createdAt,
      createdBy: incident.createdBy,
      updatedAt: incident.updatedAt,
      closedAt: incident.closedAt,
    };
  });
}

/** One incident with all that belongs to it, as its reader may see it. */
export async function incidentDetail(
  found: StoredIncident,
  { view, rules, agencies }: { readonly view: RecordView; readonly rules: RuleBook; readonly agencies: AgencyBook },
): Promise<IncidentDetail> {
  const { document: incident } = found;
  const [row] = await incidentRows([found], agencies);
  if (!row) throw new Error('an incident gave no row');
  const looked = await Promise.all(incident.alerts.slice(0, MOST_LOOKED_UP).map(({ id }) => view.get('alert', id)));
  const rows = await alertRows(
    looked.flatMap((alert) => alert ?? []),
    rules,
    agencies,
  );
  const alerts = new Map(rows.map((alert) => [alert.id, alert]));
  return {
    incident: row,
    summary: incident.summary,
    moves: MOVES[incident.status].filter((status) => status !== 'merged'),
    alerts: incident.alerts.map((item) => ({ ...head(item), title: item.title, alert: brief(alerts.get(item.id)) })),
    tasks: incident.tasks.map(({ title, assignee, due, doneAt, doneBy, request, ...item }) => {
      const shown = { ...head(item), title, assignee, due, doneAt, doneBy };
      if (!request) return shown;
      const { note: _, answer, ...asked } = request;
      return { ...shown, request: { ...asked, answer: answer && { ...answer } } };
    }),
    comments: incident.comments.map(({ text, ...item }) => ({ ...head(item), text })),
    evidence: incident.evidence.map((piece) => {
      const { kind, name, bytes, sha256, note, events, custody } = piece;
      const known = { kind, name, bytes, sha256, note, custody: [...custody], custodyHolds: custodyHolds(piece) };
      return { ...head(piece), ...known, ...(events ? { events: events.length } : {}) };
    }),
    systems: incident.systems.map(({ name, agency, level, ...item }) => ({ ...head(item), name, agency, level })),
    indicators: once(incident.indicators, ({ type, value }) => `${type} ${value}`).map((one) => {
      const { type, value, alert } = one;
      return { ...head(one), type, value, defanged: defang(one), alert };
    }),
    techniques: once(incident.techniques, ({ technique }) => technique).map(({ technique, ...item }) => {
      const [known] = attackOf([`attack.${technique}`]).techniques;
      return { ...head(item), technique, name: known?.name ?? technique };
    }),
    merged: incident.merged.map(({ title, detectedAt, ...item }) => {
      return { ...head(item), title, ...(detectedAt === undefined ? {} : { detectedAt }) };
    }),
    timeline: timelineOf(incident, alerts),
  };
}

/** The fields that every item has. */
function head({ id, at, by, via }: Item) {
  return { id, at, by, ...(via === undefined ? {} : { via: [...via] }) };
}

function brief(alert: AlertRow | undefined): IncidentDetail['alerts'][number]['alert'] {
  if (!alert) return null;
  const { severity, status, count, first, last, agencyName } = alert;
  return { severity, status, count, first, last, agencyName };
}

/** Of items that say the same, which merging brings together, the first one. */
function once<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  const seen = new Map<string, T>();
  for (const item of items) if (!seen.has(keyOf(item))) seen.set(keyOf(item), item);
  return [...seen.values()];
}

/** Values as the history shows them: nobody opens an indicator by a click. */
function spelled(act: string, value: string | null): string | null {
  if (value === null || (act !== 'indicator' && act !== 'indicator-removed')) return value;
  const observable = readObservable(value);
  return observable ? defang(observable) : value;
}

/** What happened, by the times of the events, and what was done, in one order. */
function timelineOf(incident: IncidentRecord, alerts: ReadonlyMap<string, AlertRow>): IncidentDetail['timeline'] {
  const acts: IncidentDetail['timeline'] = incident.acts.map(({ at, by, act, from, to, note, via }) => ({
    at,
    kind: 'act',
    act,
    by,
    ...(from === undefined ? {} : { from: spelled(act, from) }),
    ...(to === undefined ? {} : { to: spelled(act, to) }),
    ...(note === undefined ? {} : { note }),
    ...(via === undefined ? {} : { via: [...via] }),
  }));
  const events: IncidentDetail['timeline'] = incident.alerts.flatMap(({ id, title }) => {
    const alert = alerts.get(id);
    if (!alert) return [];
    const moment = { kind: 'event' as const, by: null, to: id, note: title };
    const first = { ...moment, at: alert.first, act: 'first' };
    return alert.last === alert.first ? [first] : [first, { ...moment, at: alert.last, act: 'last' }];
  });
  return [...acts, ...events].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}
