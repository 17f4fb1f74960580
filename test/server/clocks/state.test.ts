import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Severity } from '../../../rules/rule.ts';
import {
  type ClockFacts,
  type ClockMark,
  type ClockState,
  clocksOf,
  type FiredStage,
  isOpen,
  nextLook,
  type ReportFact,
  STAGES,
  warningsDue,
} from '../../../server/clocks/state.ts';
import {
  clockTerms,
  reportTerms,
  SEVERITIES,
  TERMS,
  WARN_PERCENT,
  warnPercent,
  YEARLY,
  yearlyTerm,
} from '../../../server/clocks/terms.ts';
import { endOfDay, yearlyClock, yearsAt } from '../../../server/clocks/yearly.ts';

const SETTINGS = { terms: TERMS, warnPercent: WARN_PERCENT };
const T0 = Date.parse('2026-11-20T00:00:00.000Z');
const HOUR = 3_600_000;
const at = (hours: number) => new Date(T0 + hours * HOUR).toISOString();

function facts(change: Partial<ClockFacts> = {}): ClockFacts {
  return {
    ...{ severity: 'high', rsit: null, status: 'open', outcome: null, closedAt: null },
    ...{ detectedAt: at(0), reports: [], marks: [], ...change },
  };
}
const report = (number: number, hours: number, minimal = false, recipient = 'a05'): ReportFact => {
  return { recipient, recipientName: recipient, number, at: at(hours), minimal };
};
let marks = 0;
const mark = (clock: string, act: ClockMark['act'], hours = 1): ClockMark => {
  marks += 1;
  return { id: `m${marks}`, clock, act, at: at(hours), reference: '12/BC', note: 'x', by: 'lan', markedAt: at(hours) };
};
const stateOf = (id: string, of: ClockFacts, hours: number): ClockState | undefined =>
  clocksOf(of, SETTINGS, T0 + hours * HOUR).find((clock) => clock.id === id)?.state;

describe('the terms of an incident', () => {
  it('are those of its severity and class, what is due first at first', () => {
    const ids = (change: Partial<ClockFacts>) => clocksOf(facts(change), SETTINGS, T0).map(({ id }) => id);
    expect(ids({ severity: 'low' })).toEqual([]);
    expect(ids({})).toEqual(['initial', 'detailed', 'closing']);
    expect(ids({ severity: 'critical' })).toEqual(['immediate', 'initial', 'detailed', 'closing']);
    expect(ids({ severity: 'low', rsit: 'information-content-security/data-leak' })).toEqual(['personal-data']);
    expect(ids({ status: 'merged' })).toEqual([]);
  });

  it('pass through their warnings by time alone', () => {
    const states = [0, 11.99, 12, 19.1, 19.2, 23.99, 24, 500].map((hours) => stateOf('initial', facts(), hours));
    expect(states).toEqual(['running', 'running', 'half', 'half', 'urgent', 'urgent', 'overdue', 'overdue']);
  });

  it('end with reports that recipients took: a notice in the minimal form, a full one, a further one', () => {
    const critical = (reports: readonly ReportFact[]) =>
      clocksOf(facts({ severity: 'critical', reports }), SETTINGS, T0 + 30 * HOUR).map(
        ({ id, state }) => `${id} ${state}`,
      );
    expect(critical([report(1, 0.5, true)])).toEqual([
      ...['immediate met', 'initial overdue', 'detailed running', 'closing running'],
    ]);
    expect(critical([report(1, 0.5, true), report(2, 20)])[1]).toBe('initial met');
    expect(critical([report(1, 2)]).slice(0, 2)).toEqual(['immediate met-late', 'initial met']);
    expect(critical([report(1, 0.5, true), report(2, 20)])[2]).toBe('detailed running');
    expect(critical([report(1, 1), report(2, 20)])[2]).toBe('detailed met');
    // A first report to each of two recipients is no further one to either.
    expect(critical([report(1, 1), report(1, 20, false, 'misp')])[2]).toBe('detailed running');
  });

  it('end with what a person says, and run again where it is taken back', () => {
    const personal = { severity: 'low', rsit: 'information-content-security/data-loss' } as const;
    const said = (...all: ClockMark[]) => stateOf('personal-data', facts({ ...personal, marks: all }), 80);
    expect(said()).toBe('overdue');
    expect(said(mark('personal-data', 'met', 70))).toBe('met');
    expect(said(mark('personal-data', 'met', 75))).toBe('met-late');
    expect(said(mark('personal-data', 'waived'))).toBe('waived');
    expect(said(mark('personal-data', 'waived'), mark('personal-data', 'open'))).toBe('overdue');
    expect(said(mark('initial', 'met'))).toBe('overdue');
  });

  it('end with the incident: the closing one where it was confirmed, all that are open where it was none', () => {
    const closed = { status: 'closed', closedAt: at(100) } as const;
    expect(stateOf('closing', facts({ ...closed, outcome: 'confirmed' }), 101)).toBe('met');
    expect(stateOf('initial', facts({ ...closed, outcome: 'confirmed' }), 101)).toBe('overdue');
    expect(stateOf('initial', facts({ ...closed, outcome: 'false_alarm' }), 101)).toBe('needless');
    expect(stateOf('closing', facts({ ...closed, outcome: 'duplicate' }), 101)).toBe('needless');
  });
});

const anyFacts: fc.Arbitrary<ClockFacts> = fc.record({
  severity: fc.constantFrom<Severity>(...SEVERITIES),
  rsit: fc.constantFrom(null, 'availability/ddos', 'information-content-security/data-leak'),
  status: fc.constantFrom('open', 'investigating', 'contained', 'resolved', 'closed', 'merged'),
  outcome: fc.constantFrom(null, 'confirmed', 'false_alarm', 'duplicate'),
  detectedAt: fc.integer({ min: -2_000, max: 2_000 }).map(at),
  closedAt: fc.option(fc.integer({ min: 0, max: 2_000 }).map(at)),
  reports: fc.array(
    fc
      .tuple(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: -10, max: 2_000 }),
        fc.boolean(),
        fc.constantFrom('a', 'b'),
      )
      .map(([number, hours, minimal, recipient]) => report(number, hours, minimal, recipient)),
    { maxLength: 5 },
  ),
  marks: fc.array(
    fc
      .tuple(
        fc.constantFrom(...TERMS.map(({ id }) => id)),
        fc.constantFrom('met', 'waived', 'open'),
        fc.integer({ min: 0, max: 900 }),
      )
      .map(([clock, act, hours]) => mark(clock, act as ClockMark['act'], hours)),
    { maxLength: 4 },
  ),
});
const moment = fc.integer({ min: -3_000, max: 4_000 }).map((hours) => T0 + hours * HOUR);
const rank = (state: ClockState) => ['running', 'half', 'urgent', 'overdue'].indexOf(state);

describe('the state of a clock, for whatever incident and moment', () => {
  it('is a function of its arguments, and never goes back as time goes on', () => {
    fc.assert(
      fc.property(anyFacts, moment, fc.nat(4_000), (of, now, later) => {
        const before = clocksOf(of, SETTINGS, now);
        expect(clocksOf(structuredClone(of), structuredClone(SETTINGS), now)).toEqual(before);
        const after = clocksOf(of, SETTINGS, now + later * HOUR);
        expect(after.map(({ id, due }) => `${id} ${due}`)).toEqual(before.map(({ id, due }) => `${id} ${due}`));
        for (const [index, clock] of before.entries()) {
          const then = after[index]?.state ?? 'running';
          if (isOpen(clock)) expect(rank(then)).toBeGreaterThanOrEqual(rank(clock.state));
          else expect(then).toBe(clock.state);
          expect(Date.parse(clock.due)).toBe(Date.parse(clock.from) + clock.hours * HOUR);
          expect(clock.stages.half < clock.stages.urgent && clock.stages.urgent < clock.stages.overdue).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is made no worse by a further report, whatever the order in which they are known', () => {
    fc.assert(
      fc.property(anyFacts, moment, fc.integer({ min: 0, max: 900 }), (of, now, hours) => {
        const before = clocksOf(of, SETTINGS, now);
        const more = { ...of, reports: [report(9, hours), ...of.reports].reverse() };
        for (const [index, clock] of clocksOf(more, SETTINGS, now).entries())
          if (before[index]?.state === 'met') expect(clock.state).toBe('met');
      }),
      { numRuns: 200 },
    );
  });
});

describe('warnings', () => {
  /** Looks at these moments, one after the other, and gives what was told. */
  function tell(of: ClockFacts, moments: readonly number[]): FiredStage[] {
    const fired: FiredStage[] = [];
    for (const now of moments)
      for (const { clock, stage } of warningsDue(clocksOf(of, SETTINGS, now), fired, now))
        fired.push({ clock: clock.id, due: clock.due, stage });
    return fired;
  }

  it('are given once each, however often somebody looks', () => {
    const hours = Array.from({ length: 200 }, (_, index) => T0 + (index * HOUR) / 2);
    const initial = tell(facts(), [...hours, ...hours]).filter(({ clock }) => clock === 'initial');
    expect(initial.map(({ stage }) => stage)).toEqual([...STAGES]);
  });

  it('skip what a jump of the time passed over, and give nothing twice after a jump back', () => {
    const jumped = tell(facts(), [T0, T0 + 30 * HOUR, T0 - 500 * HOUR, T0 + 15 * HOUR, T0 + 31 * HOUR]);
    expect(jumped.filter(({ clock }) => clock === 'initial').map(({ stage }) => stage)).toEqual(['overdue']);
    fc.assert(
      fc.property(anyFacts, fc.array(moment, { maxLength: 12 }), (of, moments) => {
        const told = tell(of, moments);
        const keys = told.map(({ clock, due, stage }) => `${clock} ${due} ${stage}`);
        expect(new Set(keys).size).toBe(keys.length);
        for (const { id } of clocksOf(of, SETTINGS, T0)) {
          const stages = told.filter(({ clock }) => clock === id).map(({ stage }) => STAGES.indexOf(stage));
          expect(stages).toEqual([...stages].sort());
        }
      }),
      { numRuns: 200 },
    );
  });

  it('begin anew where the detection turns out to be of another time', () => {
    const first = tell(facts(), [T0 + 13 * HOUR]);
    const moved = clocksOf(facts({ detectedAt: at(10) }), SETTINGS, T0 + 23 * HOUR);
    expect(warningsDue(moved, first, T0 + 23 * HOUR).map(({ stage }) => stage)).toEqual(['half']);
  });

  it('name the next moment at which one is due', () => {
    const clocks = clocksOf(facts(), SETTINGS, T0);
    expect(nextLook(clocks, [])).toBe(at(12));
    expect(nextLook(clocks, [{ clock: 'initial', due: at(24), stage: 'half' }])).toBe(at(19.2));
    expect(nextLook(clocksOf(facts({ status: 'merged' }), SETTINGS, T0), [])).toBeUndefined();
  });
});

describe('the yearly report', () => {
  const zone = 'Asia/Ho_Chi_Minh';
  const settings = { warnPercent: WARN_PERCENT, timeZone: zone };
  const clock = (now: string, all: readonly ClockMark[] = []) =>
    yearlyClock(2026, YEARLY, settings, all, Date.parse(now));

  it('is due at the end of its day in the province, and is counted down before it', () => {
    expect(clock('2026-11-23T00:00:00Z')).toMatchObject({ due: '2026-12-25T17:00:00.000Z', state: 'running' });
    expect(clock('2026-12-25T16:59:59Z').state).toBe('urgent');
    expect(clock('2026-12-25T17:00:00Z').state).toBe('overdue');
    const sent = { ...mark('yearly', 'met'), at: '2026-12-20T00:00:00.000Z' };
    expect(clock('2026-12-26T00:00:00Z', [sent]).state).toBe('met');
    expect(yearsAt(Date.parse('2026-09-01T00:00:00Z'), YEARLY, zone)).toEqual([2025]);
    expect(yearsAt(Date.parse('2026-12-01T00:00:00Z'), YEARLY, zone)).toEqual([2025, 2026]);
  });

  it('ends a day rightly where clocks are put forward and back', () => {
    expect(new Date(endOfDay(2026, 3, 28, 'Europe/Berlin')).toISOString()).toBe('2026-03-28T23:00:00.000Z');
    expect(new Date(endOfDay(2026, 3, 29, 'Europe/Berlin')).toISOString()).toBe('2026-03-29T22:00:00.000Z');
    expect(new Date(endOfDay(2026, 10, 25, 'Europe/Berlin')).toISOString()).toBe('2026-10-25T23:00:00.000Z');
    expect(new Date(endOfDay(2026, 12, 31, 'UTC')).toISOString()).toBe('2027-01-01T00:00:00.000Z');
  });
});

describe('the configuration of terms', () => {
  const term = { id: 'x', hours: 5, severity: 'low', until: 'report', source: 'Art. 1' };

  it('is taken where it is whole', () => {
    const names = { vi: 'a', en: 'b', km: 'c' };
    expect(clockTerms([{ ...term, name: names }])).toEqual([{ ...term, classes: [], name: names }]);
    expect(reportTerms(TERMS).map(({ id }) => id)).toEqual(['immediate', 'initial', 'detailed']);
    expect(warnPercent([40, 90])).toEqual([40, 90]);
    expect(yearlyTerm({ day: '06-30', source: 'x' })).toMatchObject({ day: '06-30', noticeDays: 45 });
    expect(yearlyTerm(false)).toBeUndefined();
  });

  it.each([
    ['no source', [{ ...term, source: undefined }], /"source"/],
    ['no end', [{ ...term, until: 'never' }], /"until"/],
    ['no hours', [{ ...term, hours: 0 }], /"hours"/],
    ['a class that is none', [{ ...term, classes: ['x'] }], /"classes"/],
    ['a key too many', [{ ...term, hour: 1 }], /"hour"/],
    ['an id twice', [term, term], /"x" twice/],
    ['a name in one language', [{ ...term, name: { vi: 'a' } }], /"name"/],
  ])('is refused with a reason: %s', (_, value, why) => {
    expect(() => clockTerms(value)).toThrow(why);
  });

  it('is refused with a reason: percent and days', () => {
    expect(() => warnPercent([80, 50])).toThrow(/smaller one first/);
    expect(() => yearlyTerm({ day: '02-29', source: 'x' })).toThrow(/every year/);
    expect(() => yearlyTerm({ day: '12-25' })).toThrow(/"source"/);
  });
});
