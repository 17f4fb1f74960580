import type { Rule } from '../../../rules/rule.ts';
import { type GroupingReads, openGrouping } from '../../alerts/grouping.ts';
import { PROVINCE } from '../../alerts/keys.ts';
import { createEvaluator } from '../../detection/evaluate.ts';
import type { MatchCell } from '../../detection/match-cell.ts';
import type { SharedIndicators } from '../../indicators/watch.ts';
import type { StoredBatch } from '../../store/event-store.ts';
import type { AlertUpdate, Signal } from '../../store/record-store.ts';
import { isShadow } from '../shadow.ts';
import type { BacktestResult } from './schema.ts';

/** Counts what a rule gives of stored batches, in order, as detection would. */
export interface Tally {
  take(batches: readonly StoredBatch[]): Promise<void>;
  result(): TallyResult;
}

/** A result without what is read of the stores: samples by id, hidden events by id of the rule that counts them. */
export type TallyResult = Omit<BacktestResult, 'samples' | 'hidden'> & {
  readonly samples: readonly string[];
  readonly hidden: Readonly<Record<string, number>>;
};

export interface TallyOptions {
  /** The rule, what it refers to, and the rules that count what exceptions hide. */
  readonly rules: readonly Rule[];
  readonly rule: string;
  readonly indicators?: SharedIndicators | undefined;
  /** Events before it do not count, milliseconds. */
  readonly from: number;
  readonly agency: string | null;
  readonly timeZone: string;
}

/** What is kept in memory; past it the count of alerts is an approximation. */
const LIMITS = { alerts: 20_000, signals: 300_000, samples: 30, samplesADay: 3, days: 100_000 } as const;

/** Opens a count. */
export function openTally({ rules, rule, indicators, from, agency, timeZone }: TallyOptions): Tally {
  const evaluator = createEvaluator(rules, indicators);
  const alerts = new Map<string, AlertUpdate>();
  const byRow = new Map<string, Set<string>>();
  const signals = new Map<string, Signal[]>();
  const dayOf = dayNames(timeZone);
  const days = new Map<string, { day: string; agency: string; events: number; alerts: number; samples: number }>();
  const samples: string[] = [];
  const hidden: Record<string, number> = {};
  let kept = 0;
  let evaluated = 0;
  let events = 0;
  let failed = 0;
  let approximate = false;

  // What grouping forgets it reads back from here, as it would from the store.
  const reads: GroupingReads = {
    alertsOf: async (row) => [...(byRow.get(row) ?? [])].flatMap((id) => alerts.get(id) ?? []),
    signalsOf: async (id, group, first, last) =>
      (signals.get(`${id} ${group}`) ?? []).filter(({ second }) => second >= first && second <= last),
    eventsOf: async () => [],
  };
  const grouping = openGrouping({ rules, reads, fresh: true });

  const entryOf = (day: string, owner: string) => {
    const key = `${day} ${owner}`;
    let entry = days.get(key);
    if (!entry) {
      entry = { day, agency: owner, events: 0, alerts: 0, samples: 0 };
      if (days.size < LIMITS.days) days.set(key, entry);
      else approximate = true;
    }
    return entry;
  };
  const count = (cell: MatchCell): void => {
    events += cell.count;
    const entry = entryOf(dayOf(cell.second * 1_000), cell.agency);
    entry.events += cell.count;
    for (const id of cell.events) {
      if (entry.samples >= LIMITS.samplesADay || samples.length >= LIMITS.samples) break;
      entry.samples++;
      samples.push(id);
    }
  };
  const keep = (given: { readonly signals: readonly Signal[]; readonly alerts: readonly AlertUpdate[] }): void => {
    for (const update of given.alerts) {
      for (const merged of update.merges ?? []) alerts.delete(merged);
      if (alerts.size >= LIMITS.alerts && !alerts.has(update.id)) {
        approximate = true;
        continue;
      }
      alerts.set(update.id, update);
      const row = byRow.get(update.detected.groupKey) ?? new Set();
      byRow.set(update.detected.groupKey, row.add(update.id));
    }
    for (const signal of given.signals) {
      if (++kept > LIMITS.signals) {
        approximate = true;
        continue;
      }
      const key = `${signal.rule} ${signal.group}`;
      const known = signals.get(key);
      if (known) known.push(signal);
      else signals.set(key, [signal]);
    }
  };

  return {
    async take(batches) {
      const own: MatchCell[] = [];
      for (const batch of batches) {
        if (agency !== null && batch.agency !== agency) continue;
        try {
          const { cells, events: looked } = evaluator.evaluate(batch);
          evaluated += looked;
          for (const cell of cells) {
            if (cell.second * 1_000 < from) continue;
            if (isShadow(cell.rule)) hidden[cell.rule] = (hidden[cell.rule] ?? 0) + cell.count;
            else if (cell.rule === rule) own.push(cell);
          }
        } catch {
          failed++;
        }
      }
      for (const cell of own) count(cell);
      if (own.length > 0) keep(await grouping.apply(own, new Date(0).toISOString()));
    },
    result() {
      for (const entry of days.values()) entry.alerts = 0;
      const found = [...alerts.values()].map(({ detected }) => detected);
      // An alert of the province is one, and each agency behind it has its part in it.
      for (const { agency: owner, first } of found) {
        if (owner !== PROVINCE) entryOf(dayOf(Date.parse(first)), owner).alerts++;
      }
      const ordered = [...days.values()].sort((a, b) => (`${a.day} ${a.agency}` < `${b.day} ${b.agency}` ? -1 : 1));
      return {
        evaluated,
        events,
        alerts: found.filter(({ part }) => part === undefined).length,
        days: ordered.map(({ samples: _, ...entry }) => entry),
        samples,
        hidden,
        failed,
        approximate,
      };
    },
  };
}

/** Gives the day of a time, `YYYY-MM-DD`, as people of a time zone name it. */
function dayNames(timeZone: string): (time: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  let [quarter, name] = [Number.NaN, ''];
  return (time) => {
    // Zones differ by quarters of an hour.
    const own = Math.floor(time / 900_000);
    if (own !== quarter) [quarter, name] = [own, format.format(own * 900_000)];
    return name;
  };
}
