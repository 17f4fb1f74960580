import { type EcsEvent, readField } from '../../ecs/event.ts';
import { ruleCondition } from '../../rules/engine/compile.ts';
import { conditionFields, logSourceCondition } from '../../rules/engine/log-sources.ts';
import { compileMatcher, type Matcher } from '../../rules/query/matcher.ts';
import type { DetectionRule, LogSource, Rule } from '../../rules/rule.ts';
import type { StoredBatch } from '../store/event-store.ts';
import { decodeFrame, lineOfFrame, sourcesOfLines } from '../store/frame.ts';
import { stamp } from '../store/stamp.ts';

/** What was seen of live events since the last report, for the health of rules. */
export interface WatchReport {
  /** By rule id: events that matched, and when the latest of them arrived. */
  readonly matches: Readonly<Record<string, { readonly count: number; readonly at: string }>>;
  /** By log source (`sourceKey`): events looked at, and when the latest arrived. */
  readonly sources: Readonly<Record<string, { readonly events: number; readonly at: string }>>;
  /** By log source: fields that its rules ask for and that were met for the first time in this thread. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
  /** By rule id: nanoseconds that one event of its log source costs where the rule is asked alone; some rules a report. */
  readonly costs: Readonly<Record<string, number>>;
}

/** Looks at some of the events that are evaluated; what it takes is bounded by time, not by how many come. */
export interface RuleWatch {
  took(batch: StoredBatch, hits: ReadonlyMap<string, number>, now?: number): void;
  report(): WatchReport;
}

/** One log source that rules watch, with the fields that they ask for. */
interface Watched {
  readonly key: string;
  readonly applies: Matcher;
  readonly fields: Set<string>;
  events: number;
  at: string;
  fresh: string[];
}

/** Batches looked into a second, of one collector and of all; lines of a batch; longest line. */
const LIMITS = { ofCollector: 1, ofAll: 20, lines: 16, characters: 16_384 } as const;
const KEPT_EVENTS = 64;
const COSTS_A_REPORT = 200;
const MAX_COLLECTORS = 10_000;

/** The name of a log source as reports give it. */
export function sourceKey({ product = '', category = '', service = '' }: LogSource): string {
  return `${product}/${category}/${service}`;
}

/** The ECS fields that a detection rule asks for. */
export function fieldsOf(rule: DetectionRule): readonly string[] {
  return [...new Set(conditionFields(ruleCondition(rule, 'ecs')))].filter((field) => !field.includes('*'));
}

/** Two reports as one, the earlier first. */
export function joinReports(earlier: WatchReport, later: WatchReport): WatchReport {
  const matches: Record<string, { count: number; at: string }> = { ...earlier.matches };
  for (const [rule, { count, at }] of Object.entries(later.matches))
    matches[rule] = { count: (matches[rule]?.count ?? 0) + count, at };
  const sources: Record<string, { events: number; at: string }> = { ...earlier.sources };
  for (const [key, { events, at }] of Object.entries(later.sources))
    sources[key] = { events: (sources[key]?.events ?? 0) + events, at };
  const fields: Record<string, readonly string[]> = { ...earlier.fields };
  for (const [key, names] of Object.entries(later.fields))
    fields[key] = [...new Set([...(fields[key] ?? []), ...names])];
  return { matches, sources, fields, costs: { ...earlier.costs, ...later.costs } };
}

/** Opens the watch over the rules of a thread. */
export function openRuleWatch(rules: readonly Rule[]): RuleWatch {
  const detections = rules.filter((rule) => rule.kind === 'detection');
  const sources = watchedSources(detections);
  const kept: object[] = [];
  const lookedAt = new Map<string, number>();
  let matches = new Map<string, { count: number; at: string }>();
  let second = 0;
  let inSecond = 0;
  let nextCost = 0;

  const isDue = (collector: string, now: number): boolean => {
    const current = Math.floor(now / 1_000);
    if (current !== second) {
      second = current;
      inSecond = 0;
    }
    const last = lookedAt.get(collector);
    if (inSecond >= LIMITS.ofAll || (last !== undefined && now - last < 1_000 / LIMITS.ofCollector)) return false;
    inSecond++;
    if (lookedAt.size >= MAX_COLLECTORS) lookedAt.clear();
    lookedAt.set(collector, now);
    return true;
  };
  const look = (event: object, at: string): void => {
    kept.push(event);
    if (kept.length > KEPT_EVENTS) kept.shift();
    for (const source of sources) {
      if (!source.applies(event)) continue;
      source.events++;
      source.at = at;
      for (const field of source.fields) {
        if (readField(event, field) === undefined) continue;
        source.fields.delete(field);
        source.fresh.push(field);
      }
    }
  };

  return {
    took(batch, hits, now = Date.now()) {
      for (const [rule, count] of hits) {
        const known = matches.get(rule);
        matches.set(rule, { count: (known?.count ?? 0) + count, at: batch.receivedAt });
      }
      if (batch.lines.length > 0 && isDue(batch.collector, now)) {
        for (const event of someEvents(batch)) look(event, batch.receivedAt);
      }
    },
    report() {
      const costs: Record<string, number> = {};
      for (let count = Math.min(COSTS_A_REPORT, detections.length); count > 0; count--) {
        const rule = detections[nextCost++ % detections.length] as DetectionRule;
        const cost = costOf(rule, kept);
        if (cost !== undefined) costs[rule.id] = cost;
      }
      const report: WatchReport = {
        matches: Object.fromEntries(matches),
        sources: Object.fromEntries(
          sources.filter(({ events }) => events > 0).map(({ key, events, at }) => [key, { events, at }]),
        ),
        fields: Object.fromEntries(
          sources.filter(({ fresh }) => fresh.length > 0).map(({ key, fresh }) => [key, fresh]),
        ),
        costs,
      };
      matches = new Map();
      for (const source of sources) {
        source.events = 0;
        source.fresh = [];
      }
      return report;
    },
  };
}

function watchedSources(rules: readonly DetectionRule[]): readonly Watched[] {
  const sources = new Map<string, Watched>();
  for (const rule of rules) {
    const key = sourceKey(rule.logsource);
    const applies = compileMatcher(logSourceCondition(rule.logsource, 'ecs'));
    const source = sources.get(key) ?? { key, applies, fields: new Set<string>(), events: 0, at: '', fresh: [] };
    for (const field of fieldsOf(rule)) source.fields.add(field);
    sources.set(key, source);
  }
  return [...sources.values()];
}

/** Some events of a batch, spread over it. */
function someEvents(batch: StoredBatch): readonly object[] {
  const frame = decodeFrame(batch.body);
  const sources = sourcesOfLines(frame.header);
  const { agency, collector, receivedAt, lines } = batch;
  const step = Math.max(1, Math.ceil(lines.length / LIMITS.lines));
  const events: object[] = [];
  for (let index = 0; index < lines.length; index += step) {
    const at = lines[index] as number;
    const line = lineOfFrame(frame, at);
    if (line.length > LIMITS.characters) continue;
    const event = JSON.parse(line) as EcsEvent;
    events.push(stamp(event, { agency, collector, receivedAt, source: sources[at] ?? '' }));
  }
  return events;
}

/** Nanoseconds for one event, or nothing where no event of the rule's log source is at hand. */
function costOf(rule: DetectionRule, kept: readonly object[]): number | undefined {
  const events = kept.filter(compileMatcher(logSourceCondition(rule.logsource, 'ecs')));
  if (events.length === 0) return undefined;
  const matches = compileMatcher(ruleCondition(rule, 'ecs'));
  const begun = process.hrtime.bigint();
  for (const event of events) matches(event);
  return Math.round(Number(process.hrtime.bigint() - begun) / events.length);
}
