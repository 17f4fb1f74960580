import type { Rule, Severity } from '../../rules/rule.ts';
import type { AgencyId } from '../identity.ts';
import type { AlertDetected } from '../store/record-kinds.ts';
import type { AlertUpdate } from '../store/record-store.ts';
import { addEntities, type EntityState, type EntityValues, openEntities } from './entities.ts';
import { alertId } from './keys.ts';

/** Matches that belong to one alert row, close together in event time. */
export interface RowMatches {
  readonly row: string;
  readonly rowValues: Readonly<Record<string, string>>;
  readonly agency: AgencyId;
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
}

/** The first 500 event ids and the latest 500. */
interface EventList {
  readonly first: string[];
  readonly latest: string[];
}

const EVENTS_EACH_END = 500;
const RANKS: Readonly<Record<Severity, number>> = { informational: 1, low: 2, medium: 3, high: 4, critical: 5 };

/** Finds the alerts of a row that the store has. */
export type AlertsOfRow = (row: string) => Promise<readonly AlertUpdate[]>;

/** The sessions of many rows; a bounded cache of what the store has. */
export interface SessionBook {
  /** Makes sure that a row's alerts are in memory. */
  load(rule: Rule, row: string): Promise<void>;
  /** Adds matches to a loaded row: extends an alert, in either direction, or begins one. */
  add(rule: Rule, matches: RowMatches): void;
  /** Alerts changed since the last call, whole. */
  takeChanged(now: string): readonly AlertUpdate[];
  /** Forgets the rows used longest ago, past the bound; call after a commit only. */
  trim(): void;
}

/** Opens a session book over the store's alerts, with at most so many rows in memory. */
export function openSessionBook(alertsOf: AlertsOfRow, maxRows: number): SessionBook {
  const rows = new Map<string, Session[]>();
  const changed = new Set<Session>();

  return {
    async load(rule, row) {
      const known = rows.get(row);
      if (known) {
        rows.delete(row);
        rows.set(row, known);
        return;
      }
      const stored = await alertsOf(row);
      rows.set(
        row,
        stored.map((alert) => reopen(rule, alert)).sort((a, b) => a.first - b.first),
      );
    },
    add(rule, matches) {
      const sessions = rows.get(matches.row);
      if (!sessions) throw new Error(`The alert row ${matches.row} was not loaded before matches were added to it.`);
      const gap = rule.extension.gapSeconds * 1000;
      // Sorted by their beginning: the earliest that is near enough takes the matches, also where two are.
      let session = sessions.find((one) => matches.first <= one.last + gap && matches.last >= one.first - gap);
      if (!session) {
        session = begin(rule, matches);
        sessions.push(session);
      }
      extend(session, matches);
      sessions.sort((a, b) => a.first - b.first);
      changed.add(session);
    },
    takeChanged(now) {
      const updates = [...changed].map((session) => ({ id: session.id, detected: detectedOf(session, now) }));
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
  };
}

function reopen(rule: Rule, { id, detected }: AlertUpdate): Session {
  return {
    id,
    row: detected.groupKey,
    createdAt: detected.createdAt,
    rule,
    agency: detected.agency,
    group: detected.group,
    count: detected.count,
    first: Date.parse(detected.first),
    last: Date.parse(detected.last),
    entities: openEntities(detected.entities),
    events: {
      first: detected.events.slice(0, EVENTS_EACH_END),
      latest: detected.events.slice(EVENTS_EACH_END),
    },
  };
}

function extend(session: Session, matches: RowMatches): void {
  session.count += matches.count;
  session.first = Math.min(session.first, matches.first);
  session.last = Math.max(session.last, matches.last);
  addEntities(session.entities, matches.entities);
  const { first, latest } = session.events;
  for (const id of matches.events) {
    if (first.length < EVENTS_EACH_END) first.push(id);
    else latest.push(id);
  }
  if (latest.length > EVENTS_EACH_END) latest.splice(0, latest.length - EVENTS_EACH_END);
}

function detectedOf(session: Session, now: string): AlertDetected {
  const { rule } = session;
  session.createdAt ??= now;
  return {
    agency: session.agency,
    rule: rule.id,
    ruleTitle: rule.title,
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
    events: [...session.events.first, ...session.events.latest],
    tags: rule.tags,
  };
}
