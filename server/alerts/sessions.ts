import type { Rule, Severity } from '../../rules/rule.ts';
import type { AgencyId } from '../identity.ts';
import type { AlertUpdate } from '../store/record-store.ts';
import { addEntities, type EntityState, type EntityValues, joinEntities, openEntities } from './entities.ts';
import { alertId, partOf } from './keys.ts';
import type { AlertDetected } from './record.ts';

/** Matches that belong to one alert row, close together in event time. */
export interface RowMatches {
  readonly row: string;
  readonly rowValues: Readonly<Record<string, string>>;
  readonly agency: AgencyId;
  /** On a row of the province: of which agency they are. */
  readonly of?: AgencyId;
  readonly count: number;
  /** Event ids, as many as are kept. */
  readonly events: readonly string[];
  /** Event times in milliseconds. */
  readonly first: number;
  readonly last: number;
  readonly entities: EntityValues;
}

/** An alert as the engine holds it: one session of one row. */
interface Session {
  readonly id: string;
  readonly row: string;
  createdAt: string | undefined;
  readonly rule: Rule;
  readonly agency: AgencyId;
  readonly group: Readonly<Record<string, string>>;
  count: number;
  first: number;
  last: number;
  readonly entities: Map<string, EntityState>;
  readonly events: EventList;
  /** Of a row of the province: events by agency. */
  readonly agencies: Map<AgencyId, number>;
  /** Whether the store has it, so that somebody may have acted on it. */
  isStored: boolean;
  /** Alerts in the store that became part of it since the last commit. */
  merges: string[];
  versions: readonly string[];
  /** Stretches of time, milliseconds, of which the store holds already what the step under way gives. */
  counted: readonly { readonly first: number; readonly last: number }[];
}

/** The first 500 event ids and the latest, up to twice 500. */
interface EventList {
  readonly first: string[];
  readonly latest: string[];
}

const EVENTS_EACH_END = 500;
const MOST_VERSIONS = 5;
const RANKS: Readonly<Record<Severity, number>> = { informational: 1, low: 2, medium: 3, high: 4, critical: 5 };

/** Finds the alerts of a row that the store has. */
export type AlertsOfRow = (row: string) => Promise<readonly AlertUpdate[]>;

/** The sessions of many rows; a bounded cache of what the store has. */
export interface SessionBook {
  /**
   * Begins a numbered step, where a store's writes may be cut short in the midst of one: it is then gone through again,
   * and what the alerts that were written hold of it is not counted once more.
   */
  begin(step: number): void;
  /** Makes sure that a row's alerts are in memory. */
  load(rule: Rule, row: string): Promise<void>;
  /** Adds matches to a loaded row: extends an alert in either direction and joins it to those it then reaches, or begins one. */
  add(rule: Rule, matches: RowMatches): void;
  /** Alerts changed since the last call, whole. */
  takeChanged(now: string): readonly AlertUpdate[];
  /** Forgets the rows used longest ago, past the bound; call after a commit only. */
  trim(): void;
}

/** Opens a session book over the store's alerts, with at most so many rows in memory. */
export function openSessionBook(
  alertsOf: AlertsOfRow,
  maxRows: number,
  versions: ReadonlyMap<string, string> = new Map(),
): SessionBook {
  const rows = new Map<string, Session[]>();
  const changed = new Set<Session>();
  let step: number | undefined;

  return {
    begin(next) {
      step = next;
      for (const sessions of rows.values()) for (const session of sessions) session.counted = [];
    },
    async load(rule, row) {
      const known = rows.get(row);
      if (known) {
        rows.delete(row);
        rows.set(row, known);
        return;
      }
      const stored = await alertsOf(row);
      const sessions = stored.map((alert) => reopen(rule, alert, step)).sort((a, b) => a.first - b.first);
      rows.set(row, takenIn(sessions, changed));
    },
    add(rule, matches) {
      const sessions = rows.get(matches.row);
      if (!sessions) throw new Error(`The alert row ${matches.row} was not loaded before matches were added to it.`);
      const gap = rule.extension.gapSeconds * 1000;
      if (sessions.some(({ counted }) => holds(counted, matches))) return;
      // In order of time, and further apart than the gap: the earliest that is near enough takes the matches.
      const at = sessions.findIndex((one) => matches.first <= one.last + gap);
      const near = at < 0 ? undefined : (sessions[at] as Session);
      if (!near || matches.last < near.first - gap) {
        const fresh = begin(rule, matches);
        extend(fresh, matches);
        noteVersion(fresh, versions.get(rule.id));
        sessions.splice(at < 0 ? sessions.length : at, 0, fresh);
        changed.add(fresh);
        return;
      }
      extend(near, matches);
      noteVersion(near, versions.get(rule.id));
      changed.add(near);
      // What lies between two sessions makes them one: the rows are the same in whatever order matches come.
      for (let next = sessions[at + 1]; next && next.first <= near.last + gap; next = sessions[at + 1]) {
        absorb(near, next);
        changed.delete(next);
        sessions.splice(at + 1, 1);
      }
    },
    takeChanged(now) {
      const updates = [...changed].map((session) => takeUpdate(session, now, step));
      changed.clear();
      return updates;
    },
    trim() {
      for (const row of rows.keys()) {
        if (rows.size <= maxRows) return;
        rows.delete(row);
      }
    },
  };
}

function begin(rule: Rule, matches: RowMatches): Session {
  return {
    id: alertId(matches.row, Math.floor(matches.first / 1000)),
    row: matches.row,
    createdAt: undefined,
    rule,
    agency: matches.agency,
    group: matches.rowValues,
    count: 0,
    first: matches.first,
    last: matches.last,
    entities: new Map(),
    events: { first: [], latest: [] },
    agencies: new Map(),
    isStored: false,
    merges: [],
    versions: [],
    counted: [],
  };
}

function reopen(rule: Rule, { id, detected }: AlertUpdate, step: number | undefined): Session {
  const first = Date.parse(detected.first);
  const last = Date.parse(detected.last);
  return {
    id,
    row: detected.groupKey,
    createdAt: detected.createdAt,
    rule,
    agency: detected.agency,
    group: detected.group,
    count: detected.count,
    first,
    last,
    entities: openEntities(detected.entities),
    events: {
      first: detected.events.slice(0, EVENTS_EACH_END),
      latest: detected.events.slice(EVENTS_EACH_END),
    },
    agencies: new Map((detected.agencies ?? []).map(({ agency, count }) => [agency, count])),
    isStored: true,
    merges: [],
    versions: detected.ruleVersions ?? [],
    counted: step !== undefined && detected.step === step ? [{ first, last }] : [],
  };
}

/**
 * The sessions without those that another of them took in during this step, where it was written and they were not told:
 * alerts of one row lie further apart than that.
 */
function takenIn(sessions: readonly Session[], changed: Set<Session>): Session[] {
  return sessions.filter((session) => {
    if (session.counted.length > 0) return true;
    const holder = sessions.find(({ counted }) => holds(counted, session));
    if (!holder) return true;
    holder.merges.push(session.id);
    changed.add(holder);
    return false;
  });
}

function holds(counted: Session['counted'], { first, last }: Pick<RowMatches, 'first' | 'last'>): boolean {
  return counted.some((one) => one.first <= first && last <= one.last);
}

/** Notes which wording of the rule matched. */
function noteVersion(session: Session, version: string | undefined): void {
  if (version === undefined || session.versions.at(-1) === version) return;
  session.versions = [...session.versions.filter((one) => one !== version), version].slice(-MOST_VERSIONS);
}

function extend(session: Session, matches: RowMatches): void {
  session.count += matches.count;
  if (matches.of !== undefined)
    session.agencies.set(matches.of, (session.agencies.get(matches.of) ?? 0) + matches.count);
  session.first = Math.min(session.first, matches.first);
  session.last = Math.max(session.last, matches.last);
  addEntities(session.entities, matches.entities);
  addEvents(session.events, matches.events);
}

function addEvents({ first, latest }: EventList, ids: readonly string[]): void {
  for (const id of ids) {
    if (first.length < EVENTS_EACH_END) first.push(id);
    else latest.push(id);
  }
  // Cut seldom: each cut moves all that stay.
  if (latest.length > 2 * EVENTS_EACH_END) latest.splice(0, latest.length - EVENTS_EACH_END);
}

/** Makes a later session part of an earlier one, which keeps its id. */
function absorb(session: Session, later: Session): void {
  for (const version of later.versions) noteVersion(session, version);
  session.count += later.count;
  for (const [agency, count] of later.agencies)
    session.agencies.set(agency, (session.agencies.get(agency) ?? 0) + count);
  session.last = Math.max(session.last, later.last);
  if (later.createdAt !== undefined) session.createdAt ??= later.createdAt;
  joinEntities(session.entities, later.entities);
  addEvents(session.events, later.events.first);
  addEvents(session.events, later.events.latest.slice(-EVENTS_EACH_END));
  session.counted = [...session.counted, ...later.counted];
  session.merges.push(...later.merges);
  if (later.isStored) session.merges.push(later.id);
}

function takeUpdate(session: Session, now: string, step: number | undefined): AlertUpdate {
  const { id, merges } = session;
  const detected = { ...detectedOf(session, now), ...(step === undefined ? {} : { step }) };
  session.isStored = true;
  session.merges = [];
  return merges.length === 0 ? { id, detected } : { id, detected, merges };
}

function detectedOf(session: Session, now: string): AlertDetected {
  const { rule, agencies } = session;
  session.createdAt ??= now;
  const isPart = partOf(session.row) !== undefined;
  return {
    agency: session.agency,
    ...(isPart ? { part: 1 as const } : {}),
    ...(agencies.size > 0 ? { agencies: listed(agencies) } : {}),
    rule: rule.id,
    ruleTitle: rule.title,
    ...(session.versions.length > 0 ? { ruleVersions: session.versions } : {}),
    severity: rule.level,
    severityRank: RANKS[rule.level],
    group: session.group,
    groupKey: session.row,
    count: session.count,
    first: new Date(session.first).toISOString(),
    last: new Date(session.last).toISOString(),
    createdAt: session.createdAt,
    updatedAt: now,
    entities: Object.fromEntries(
      [...session.entities].map(([field, { values, total }]) => [field, { values: [...values], total }]),
    ),
    events: [...session.events.first, ...session.events.latest.slice(-EVENTS_EACH_END)],
    tags: rule.tags,
  };
}

/** In one order whatever order they came in. */
function listed(agencies: ReadonlyMap<AgencyId, number>): NonNullable<AlertDetected['agencies']> {
  return [...agencies].map(([agency, count]) => ({ agency, count })).sort((a, b) => (a.agency < b.agency ? -1 : 1));
}
