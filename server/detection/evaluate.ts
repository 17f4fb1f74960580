import type { EcsEvent } from '../../ecs/event.ts';
import { compileRules } from '../../rules/engine/compile.ts';
import type { RuleEngine } from '../../rules/engine/engine.ts';
import type { CorrelationRule, Rule } from '../../rules/rule.ts';
import { joinRules, type RuleSet } from '../../rules/sigma/rule-set.ts';
import { collectEntities, entityFieldsOf } from '../alerts/entities.ts';
import { groupKey, groupValues } from '../alerts/keys.ts';
import type { AgencyId } from '../identity.ts';
import type { StoredBatch } from '../store/event-store.ts';
import { decodeFrame, sourcesOfLines } from '../store/frame.ts';
import { stamp } from '../store/stamp.ts';
import { CELL_EVENTS, type MatchCell } from './match-cell.ts';

/** Evaluates stored batches; pure, and the same batch gives the same cells whenever it is evaluated. */
export interface Evaluator {
  /** @throws HaidangError `HD_BATCH_MALFORMED` where the stored frame cannot be read. */
  evaluate(batch: StoredBatch): Evaluation;
}

export interface Evaluation {
  readonly cells: readonly MatchCell[];
  readonly events: number;
  /** Matches by all rules, counted whether they alert or not. */
  readonly matches: number;
}

/** Where the matches of one detection rule go: to its own alerts, to correlations, or both. */
interface Target {
  readonly rule: Rule;
  /** Empty for a rule's own alerts. */
  readonly correlation: CorrelationRule | undefined;
  /** Of the correlation. */
  readonly step: number;
  readonly entityFields: readonly string[];
}

/** A cell while it fills. */
interface OpenCell {
  readonly cell: Omit<MatchCell, 'count' | 'events' | 'first' | 'last' | 'entities'>;
  count: number;
  readonly events: string[];
  first: number;
  last: number;
  readonly entities: Map<string, Set<string>>;
}

/** For each detection rule, who takes its matches; a rule that only feeds correlations raises no alert by itself. */
function targetsOf({ detections, plans, silent }: RuleSet): ReadonlyMap<string, readonly Target[]> {
  const targets = new Map<string, Target[]>();
  for (const rule of detections) {
    const own = { rule, correlation: undefined, step: 0, entityFields: entityFieldsOf(rule) };
    targets.set(rule.id, silent.has(rule.id) ? [] : [own]);
  }
  for (const { rule: correlation, steps } of plans.values()) {
    const entityFields = entityFieldsOf(correlation);
    for (const [step, { bases }] of steps.entries()) {
      const target = { rule: correlation, correlation, step, entityFields };
      for (const base of bases) targets.get(base.id)?.push(target);
    }
  }
  return targets;
}

/** Compiles the rules. */
export function createEvaluator(rules: readonly Rule[]): Evaluator {
  const set = joinRules(rules);
  const engine: RuleEngine = compileRules(set.detections, 'ecs');
  const targets = targetsOf(set);
  return {
    evaluate(batch) {
      const { header, lines } = decodeFrame(batch.body);
      const sources = sourcesOfLines(header);
      const { collector, agency, receivedAt } = batch;
      const open = new Map<string, OpenCell>();
      let matches = 0;
      for (const at of batch.lines) {
        const line = lines[at];
        if (line === undefined) continue;
        const parsed = JSON.parse(line) as EcsEvent;
        const event = stamp(parsed, { agency, collector, receivedAt, source: sources[at] ?? '' });
        const matched = engine.evaluate(event);
        if (matched.length === 0) continue;
        matches += matched.length;
        // A set: an event that matches two rules of one step is still one event.
        const takers = new Set<Target>();
        for (const rule of matched) {
          for (const target of targets.get(rule.id) ?? []) takers.add(target);
        }
        for (const target of takers) addMatch(open, target, event, batch);
      }
      return { cells: [...open.values()].map(closeCell), events: batch.lines.length, matches };
    },
  };
}

function addMatch(open: Map<string, OpenCell>, target: Target, event: EcsEvent, batch: StoredBatch): void {
  const time = Date.parse(event['@timestamp']);
  const at = Number.isNaN(time) ? Date.parse(batch.receivedAt) : time;
  const second = Math.floor(at / 1000);
  const { rule, correlation, step } = target;
  const agency = batch.agency as AgencyId;
  const rowValues = groupValues(event, rule.extension.groupBy);
  const row = groupKey(rule.id, agency, rowValues);
  const group = correlation ? groupKey(rule.id, agency, groupValues(event, correlation.groupBy)) : '';
  const key = `${row} ${group} ${step} ${second}`;
  let entry = open.get(key);
  if (!entry) {
    const cell = { rule: rule.id, agency, group, step, row, rowValues, second, batch: batch.firstSequence };
    entry = { cell, count: 0, events: [], first: at, last: at, entities: new Map() };
    open.set(key, entry);
  }
  entry.count++;
  if (entry.events.length < CELL_EVENTS && typeof event.event.id === 'string') entry.events.push(event.event.id);
  entry.first = Math.min(entry.first, at);
  entry.last = Math.max(entry.last, at);
  collectEntities(entry.entities, event, target.entityFields);
}

function closeCell({ cell, count, events, first, last, entities }: OpenCell): MatchCell {
  const values = Object.fromEntries([...entities].map(([field, found]) => [field, [...found]]));
  return { ...cell, count, events, first, last, entities: values };
}
