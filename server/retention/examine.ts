import type { AgencyRecord } from '../agencies/record.ts';
import type { DayContents, EventStore, StoredDay } from '../store/event-store.ts';
import { coversDay, type StandingHold, startOfDay } from './holds.ts';
import { keptFor, type RetentionPolicy, shortestDays } from './policy.ts';

/**
 * What is to become of a day: `kept`: not due; `due`: to be deleted; `held`: due, and under a legal hold; `waiting`: due,
 * and not evaluated to its end; `damaged`: cannot be read, and is left alone.
 */
export type DayState = 'kept' | 'due' | 'held' | 'waiting' | 'damaged';

/** A day looked at. */
export interface DayVerdict {
  readonly day: string;
  readonly state: DayState;
  readonly events: number;
  readonly bytes: number;
  /** When it is due by what it holds, milliseconds; of a day not looked into, when it can be due at the earliest. */
  readonly dueAt: number;
  /** By which rules, longest first; empty for a day not looked into. */
  readonly rules: readonly { readonly rule: string; readonly days: number }[];
  /** Ids of the legal holds over it. */
  readonly holds: readonly string[];
}

/** By what days are judged; read anew for every run. */
export interface Judgement {
  readonly policy: RetentionPolicy;
  readonly minimumMonths: readonly number[];
  readonly agencies: ReadonlyMap<string, AgencyRecord>;
  readonly holds: readonly StandingHold[];
  readonly evaluatedUpTo: number;
  readonly now: number;
}

/** A verdict with what it rests on. */
export interface Examined {
  readonly verdict: DayVerdict;
  /** Undefined for a day that was not looked into, or cannot be. */
  readonly contents: DayContents | undefined;
}

const DAY_MS = 86_400_000;

/** Looks at one day. `everyRow` counts its rows, as it must be before it is deleted. */
export async function examineDay(
  events: Pick<EventStore, 'dayContents'>,
  { day, events: count, bytes, state }: StoredDay,
  judgement: Judgement,
  everyRow: boolean,
): Promise<Examined> {
  const { holds, now, evaluatedUpTo } = judgement;
  const over = startOfDay(day) + DAY_MS;
  const earliest = over + shortestDays(judgement.policy) * DAY_MS;
  const seen = { day, events: count, bytes, dueAt: earliest, rules: [], holds: [] };
  if (state === 'damaged') return { verdict: { ...seen, state: 'damaged' }, contents: undefined };
  if (now < earliest) return { verdict: { ...seen, state: 'kept' }, contents: undefined };
  const spans = holds.map(({ span }) => span);
  const contents = await events.dayContents(day, { evaluatedUpTo, spans, everyRow });
  if (!contents) return { verdict: { ...seen, state: 'damaged' }, contents };
  const rules = rulesOf(contents, judgement);
  const dueAt = over + Math.max(shortestDays(judgement.policy), rules[0]?.days ?? 0) * DAY_MS;
  const standing = holds.filter((hold, at) => holdsDay(hold, day, contents, contents.within[at] === true));
  const verdict = { ...seen, dueAt, rules, holds: standing.map(({ id }) => id) };
  return { verdict: { ...verdict, state: stateOf(verdict, contents, now) }, contents };
}

function stateOf(
  { dueAt, holds }: Pick<DayVerdict, 'dueAt' | 'holds'>,
  { unevaluated }: DayContents,
  now: number,
): DayState {
  if (now < dueAt) return 'kept';
  if (holds.length > 0) return 'held';
  return unevaluated > 0 ? 'waiting' : 'due';
}

/** A day goes when the last of what it holds may go: the rules of its sources, longest first, each once. */
function rulesOf({ sources }: DayContents, { policy, minimumMonths, agencies }: Judgement): DayVerdict['rules'] {
  const rules = new Map<string, number>();
  for (const { agency, source } of sources) {
    const { rule, days } = keptFor(policy, minimumMonths, source, agencies.get(agency)?.securityLevel);
    rules.set(rule, Math.max(days, rules.get(rule) ?? 0));
  }
  return [...rules].map(([rule, days]) => ({ rule, days })).sort((a, b) => b.days - a.days);
}

/** By event time, or by the day on which they came: late events of a held day, and held events in a late day, both stay. */
function holdsDay(hold: StandingHold, day: string, { sources }: DayContents, within: boolean): boolean {
  if (within) return true;
  const { agency } = hold.span;
  return coversDay(hold, day) && (agency === null || sources.some((one) => one.agency === agency));
}
