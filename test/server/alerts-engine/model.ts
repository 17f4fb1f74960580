import type {
  CorrelationRule,
  DetectionRule,
  EventCountRule,
  RuleExtension,
  TemporalRule,
  ValueRule,
} from '../../../rules/rule.ts';
import { type Grouping, type GroupingReads, openGrouping } from '../../../server/alerts/grouping.ts';
import { groupKey } from '../../../server/alerts/keys.ts';
import type { AlertDetected } from '../../../server/alerts/record.ts';
import type { MatchCell } from '../../../server/detection/match-cell.ts';
import type { AgencyId } from '../../../server/identity.ts';
import type { Signal } from '../../../server/store/record-store.ts';

export const AGENCY = 'so-tttt' as AgencyId;
export const START = Date.UTC(2026, 10, 22, 1);

const extension: RuleExtension = {
  groupBy: ['host.name'],
  gapSeconds: 3_600,
  titles: {},
  sentences: {},
  guidance: {},
  samples: { match: [], noMatch: [] },
};

const head = {
  title: 'A rule',
  description: '',
  status: 'test',
  level: 'high',
  tags: ['attack.t1110'],
  falsepositives: [],
  references: [],
  author: '',
  file: 'rule.yml',
  line: 1,
  yaml: '',
} as const;

export function detectionRule(id: string, changes: Partial<RuleExtension> = {}): DetectionRule {
  return {
    ...head,
    id,
    kind: 'detection',
    logsource: {},
    condition: { kind: 'always' },
    extension: { ...extension, ...changes },
  };
}

/** Counts by source address; its alerts are one row a host. */
export function countRule(
  id: string,
  changes: Partial<EventCountRule> = {},
  grouping: Partial<RuleExtension> = {},
): EventCountRule {
  return {
    ...head,
    id,
    kind: 'correlation',
    type: 'event_count',
    rules: ['base'],
    groupBy: ['source.ip'],
    timespanSeconds: 60,
    compare: 'gte',
    threshold: 10,
    generate: false,
    ...changes,
    extension: { ...extension, ...grouping },
  };
}

/** So many different users from one source address; its alerts are one row a host. */
export function valueRule(
  id: string,
  changes: Partial<ValueRule> = {},
  grouping: Partial<RuleExtension> = {},
): ValueRule {
  return {
    ...head,
    id,
    kind: 'correlation',
    type: 'value_count',
    rules: ['base'],
    groupBy: ['source.ip'],
    timespanSeconds: 60,
    compare: 'gte',
    threshold: 3,
    fields: ['user.name'],
    percentile: 50,
    generate: false,
    ...changes,
    extension: { ...extension, ...grouping },
  };
}

/** After a count is reached, a match of another rule from the same source address; its alerts are one row a host. */
export function orderedRule(
  id: string,
  changes: Partial<TemporalRule> = {},
  grouping: Partial<RuleExtension> = {},
): TemporalRule {
  return {
    ...head,
    id,
    kind: 'correlation',
    type: 'temporal_ordered',
    rules: ['count', 'login'],
    groupBy: ['source.ip'],
    timespanSeconds: 120,
    different: 2,
    generate: false,
    ...changes,
    extension: { ...extension, ...grouping },
  };
}

export interface Match {
  /** Seconds after START; may have a fraction. */
  readonly at: number;
  readonly host?: string;
  readonly address?: string;
  readonly user?: string;
  /** Step of a correlation; the first if left out. */
  readonly step?: number;
}

/** Stands in for the stores: what was committed, and nothing else. */
export class Disk {
  readonly signals = new Map<string, Signal>();
  readonly alerts = new Map<string, AlertDetected>();
  readonly events = new Map<string, object>();
  /** Alerts that became part of another one. */
  readonly merged = new Map<string, string>();
  signalReads = 0;

  get reads(): GroupingReads {
    return {
      alertsOf: async (row) =>
        [...this.alerts].filter(([, { groupKey }]) => groupKey === row).map(([id, detected]) => ({ id, detected })),
      signalsOf: async (rule, group, from, to) => {
        this.signalReads++;
        return [...this.signals.values()].filter(
          (signal) => signal.rule === rule && signal.group === group && signal.second >= from && signal.second <= to,
        );
      },
      eventsOf: async (ids) =>
        ids.flatMap((id) => (this.events.has(id) ? [{ id, event: this.events.get(id) ?? {} }] : [])),
    };
  }

  async run(grouping: Grouping, cells: readonly MatchCell[]): Promise<void> {
    const { signals, alerts } = await grouping.apply(cells, '2026-11-22T08:00:00.000Z');
    for (const signal of signals) {
      this.signals.set([signal.rule, signal.group, signal.second, signal.batch].join(' '), signal);
    }
    for (const { id, detected, merges = [] } of alerts) {
      this.alerts.set(id, structuredClone(detected));
      for (const merged of merges) {
        this.merged.set(merged, id);
        this.alerts.delete(merged);
      }
    }
  }

  /** Alerts as a person compares them. */
  get rows(): { host: string | undefined; count: number; from: number; to: number; users: number }[] {
    return [...this.alerts.values()]
      .map((alert) => ({
        host: alert.group['host.name'],
        count: alert.count,
        from: (Date.parse(alert.first) - START) / 1000,
        to: (Date.parse(alert.last) - START) / 1000,
        users: alert.entities['user.name']?.total ?? 0,
      }))
      .sort((a, b) => a.from - b.from || String(a.host).localeCompare(String(b.host)));
  }

  /** With the rules that those of this model refer to. */
  open(
    rules: readonly (DetectionRule | CorrelationRule)[],
    fresh = this.signals.size === 0,
    bounds: { readonly maxSeconds?: number; readonly maxRows?: number } = {},
  ): Grouping {
    const bases = [detectionRule('base'), detectionRule('login')];
    return openGrouping({ rules: [...bases, ...rules], reads: this.reads, fresh, ...bounds });
  }
}

let eventNumber = 0;

/** One cell for each match, in a batch of their own. */
export function cellsOf(
  rule: DetectionRule | CorrelationRule,
  batch: number,
  matches: readonly Match[],
  disk?: Disk,
): MatchCell[] {
  return matches.map(({ at, host = 'web-1', address = '203.0.113.9', user = 'root', step = 0 }) => {
    const id = `event-${++eventNumber}`;
    const time = START + at * 1000;
    const rowValues = rule.extension.groupBy.includes('host.name') ? { 'host.name': host } : {};
    disk?.events.set(id, {
      '@timestamp': new Date(time).toISOString(),
      host: { name: host },
      user: { name: user },
      source: { ip: address },
    });
    return {
      rule: rule.id,
      agency: AGENCY,
      group: rule.kind === 'correlation' ? groupKey(rule.id, AGENCY, { 'source.ip': address }) : '',
      step,
      row: groupKey(rule.id, AGENCY, rowValues),
      rowValues,
      second: Math.floor(time / 1000),
      batch,
      count: 1,
      events: [id],
      first: time,
      last: time,
      ...(rule.kind === 'correlation' && 'fields' in rule ? { values: [[user, 1]] as const } : {}),
      entities: { 'user.name': [user], 'source.ip': [address], 'host.name': [host] },
    };
  });
}

/** Matches at a steady pace. */
export function steady(count: number, from: number, every: number, rest: Omit<Match, 'at'> = {}): Match[] {
  return Array.from({ length: count }, (_, index) => ({ at: from + index * every, ...rest }));
}
