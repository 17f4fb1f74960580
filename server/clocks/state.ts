import type { Severity } from '../../rules/rule.ts';
import type { IncidentOutcome, IncidentStatus } from '../incidents/record.ts';
import { type ClockSettings, SEVERITIES, type Term, type TermEnd } from './terms.ts';

const HOUR_MS = 3_600_000;

/**
 * `half` and `urgent`: the first and the second warning are due; `needless`: the incident turned out to be none, or to be
 * another one; `waived`: a person said that the term is not owed.
 */
export type ClockState = 'running' | 'half' | 'urgent' | 'overdue' | 'met' | 'met-late' | 'waived' | 'needless';

/** The warnings of a term, in their order. */
export const STAGES = ['half', 'urgent', 'overdue'] as const;
export type Stage = (typeof STAGES)[number];

/** What a person said about a term: it was met elsewhere, is not owed, or neither any more. */
export interface ClockMark {
  readonly id: string;
  readonly clock: string;
  readonly act: 'met' | 'waived' | 'open';
  /** Of `met`: when the report went; ISO 8601. */
  readonly at: string;
  /** Number or stamp of what was sent. */
  readonly reference: string;
  readonly note: string;
  readonly by: string;
  readonly markedAt: string;
}

/** A version of the incident that a recipient took. */
export interface ReportFact {
  readonly recipient: string;
  readonly recipientName: string;
  readonly number: number;
  /** When it was taken, ISO 8601. */
  readonly at: string;
  readonly minimal: boolean;
}

/** All that the clocks of an incident depend on, besides configuration and time. */
export interface ClockFacts {
  readonly severity: Severity;
  readonly rsit: string | null;
  readonly status: IncidentStatus;
  readonly outcome: IncidentOutcome | null;
  /** T0, ISO 8601. */
  readonly detectedAt: string;
  readonly closedAt: string | null;
  readonly reports: readonly ReportFact[];
  /** In the order in which they were made. */
  readonly marks: readonly ClockMark[];
}

/** By what a term was met. */
export type Met =
  | { readonly how: 'report'; readonly at: string; readonly recipient: string; readonly number: number }
  | { readonly how: 'closed'; readonly at: string }
  | {
      readonly how: 'hand';
      readonly at: string;
      readonly by: string;
      readonly reference: string;
      readonly note: string;
    };

/** One clock of an incident at a moment; times are ISO 8601. */
export interface LegalClock {
  readonly id: string;
  readonly until: TermEnd;
  readonly source: string;
  readonly name: Term['name'];
  readonly hours: number;
  readonly from: string;
  readonly due: string;
  /** When each warning is due. */
  readonly stages: Readonly<Record<Stage, string>>;
  readonly state: ClockState;
  readonly met: Met | null;
  /** Of `waived`: by whom, and why. */
  readonly waived: { readonly by: string; readonly at: string; readonly note: string } | null;
}

/** Whether a term runs for an incident of this severity and class. */
export function applies(
  { severity, classes }: Pick<Term, 'severity' | 'classes'>,
  facts: Pick<ClockFacts, 'severity' | 'rsit'>,
): boolean {
  if (SEVERITIES.indexOf(facts.severity) < SEVERITIES.indexOf(severity)) return false;
  return classes.length === 0 || classes.includes(facts.rsit ?? '');
}

/** The clocks of an incident at a moment (milliseconds since 1970), what is due first at first: a function of its arguments alone. */
export function clocksOf(
  facts: ClockFacts,
  { terms, warnPercent }: Pick<ClockSettings, 'terms' | 'warnPercent'>,
  now: number,
): readonly LegalClock[] {
  if (facts.status === 'merged') return [];
  return terms
    .filter((term) => applies(term, facts) || markOf(facts, term.id) !== undefined)
    .map((term) => clockOf(term, facts, warnPercent, now))
    .sort((a, b) => Date.parse(a.due) - Date.parse(b.due) || (a.id < b.id ? -1 : 1));
}

function clockOf(term: Term, facts: ClockFacts, warnPercent: ClockSettings['warnPercent'], now: number): LegalClock {
  const { id, until, source, name, hours } = term;
  const from = Date.parse(facts.detectedAt);
  const due = from + hours * HOUR_MS;
  const mark = markOf(facts, id);
  const met = metBy(term, facts, mark);
  const waived = mark?.act === 'waived' && met === null ? { by: mark.by, at: mark.markedAt, note: mark.note } : null;
  const stages = stagesBetween(from, due, warnPercent);
  return {
    ...{ id, until, source, name, hours, met, waived, stages },
    from: iso(from),
    due: iso(due),
    state: met ? (Date.parse(met.at) <= due ? 'met' : 'met-late') : openState(facts, waived !== null, stages, now),
  };
}

/** When the warnings of a term between two moments are due. */
export function stagesBetween(
  from: number,
  due: number,
  [half, urgent]: ClockSettings['warnPercent'],
): Readonly<Record<Stage, string>> {
  const after = (percent: number) => iso(from + ((due - from) * percent) / 100);
  return { half: after(half), urgent: after(urgent), overdue: iso(due) };
}

function openState(
  { status, outcome }: Pick<ClockFacts, 'status' | 'outcome'>,
  isWaived: boolean,
  stages: LegalClock['stages'],
  now: number,
): ClockState {
  if (isWaived) return 'waived';
  if (status === 'closed' && outcome !== null && outcome !== 'confirmed') return 'needless';
  return stageAt(stages, now) ?? 'running';
}

/** The last warning that is due at a moment; undefined before the first one. */
export function stageAt(stages: LegalClock['stages'], now: number): Stage | undefined {
  return STAGES.findLast((stage) => Date.parse(stages[stage]) <= now);
}

/** What people said last about a term; undefined where they took it back, or said nothing. */
function markOf({ marks }: Pick<ClockFacts, 'marks'>, clock: string): ClockMark | undefined {
  const last = marks.findLast((mark) => mark.clock === clock);
  return last?.act === 'open' ? undefined : last;
}

/** The earliest that meets a term. */
function metBy({ until }: Pick<Term, 'until'>, facts: ClockFacts, mark: ClockMark | undefined): Met | null {
  const found: Met[] = [];
  if (mark?.act === 'met') {
    const { at, by, reference, note } = mark;
    found.push({ how: 'hand', at, by, reference, note });
  }
  if (until === 'closed' && facts.status === 'closed' && facts.outcome === 'confirmed' && facts.closedAt !== null)
    found.push({ how: 'closed', at: facts.closedAt });
  const report = reportFor(until, facts.reports);
  if (report) found.push({ how: 'report', at: report.at, recipient: report.recipientName, number: report.number });
  return found.reduce<Met | null>(
    (first, one) => (first && Date.parse(first.at) <= Date.parse(one.at) ? first : one),
    null,
  );
}

function reportFor(until: TermEnd, reports: readonly ReportFact[]): ReportFact | undefined {
  if (until === 'closed' || until === 'hand') return undefined;
  const fitting = reports.filter((report) => {
    if (until === 'notice') return true;
    if (report.minimal) return false;
    const isEarlier = (one: ReportFact) =>
      one.recipient === report.recipient && !one.minimal && one.number < report.number;
    return until === 'report' || reports.some(isEarlier);
  });
  return fitting.reduce<ReportFact | undefined>(
    (first, one) => (first && Date.parse(first.at) <= Date.parse(one.at) ? first : one),
    undefined,
  );
}

const OPEN: readonly ClockState[] = ['running', 'half', 'urgent', 'overdue'];

/** Whether something is still to be done about a clock. */
export function isOpen({ state }: Pick<LegalClock, 'state'>): boolean {
  return OPEN.includes(state);
}

/** A warning that was given: of a term with this end, up to this stage. */
export interface FiredStage {
  readonly clock: string;
  readonly due: string;
  readonly stage: Stage;
}

/** A clock as warnings see it: of an incident, or of the year. */
export type WarnedClock = Pick<LegalClock, 'id' | 'due' | 'stages' | 'state'>;

/**
 * The warnings to be given now: of each open clock the last one that is due, where neither it nor a later one was given for
 * this end. What a jump of the time skipped is not made up for, and a jump back gives nothing twice.
 */
export function warningsDue<C extends WarnedClock>(
  clocks: readonly C[],
  fired: readonly FiredStage[],
  now: number,
): readonly { readonly clock: C; readonly stage: Stage }[] {
  return clocks.flatMap((clock) => {
    const stage = isOpen(clock) ? stageAt(clock.stages, now) : undefined;
    return stage && STAGES.indexOf(stage) > firedUpTo(clock, fired) ? [{ clock, stage }] : [];
  });
}

/** When to look at these clocks again, ISO 8601; undefined where time alone changes nothing any more. */
export function nextLook(clocks: readonly WarnedClock[], fired: readonly FiredStage[]): string | undefined {
  const moments = clocks
    .filter(isOpen)
    .flatMap((clock) => STAGES.slice(firedUpTo(clock, fired) + 1).map((stage) => clock.stages[stage]));
  return moments.sort()[0];
}

function firedUpTo({ id, due }: WarnedClock, fired: readonly FiredStage[]): number {
  const given = fired.filter((one) => one.clock === id && one.due === due);
  return Math.max(-1, ...given.map(({ stage }) => STAGES.indexOf(stage)));
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
