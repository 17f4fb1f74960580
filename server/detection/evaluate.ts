import type { EcsEvent } from '../../ecs/event.ts';
import { compileRules } from '../../rules/engine/compile.ts';
import { MOST_VALUES, valueOfMatch } from '../../rules/engine/correlation-values.ts';
import type { RuleEngine } from '../../rules/engine/engine.ts';
import { addValues } from '../../rules/engine/measure.ts';
import type { CorrelationRule, Rule, ValueRule } from '../../rules/rule.ts';
import { joinRules, type RuleSet } from '../../rules/sigma/rule-set.ts';
import { correlationFields, type GroupFields } from '../alerts/correlation-fields.ts';
import { entityFieldsOf, MAX_VALUES_PER_CELL, textOf } from '../alerts/entities.ts';
import { groupKey, rowKey, scopeOf } from '../alerts/keys.ts';
import type { AgencyId } from '../identity.ts';
import { isIndicatorRule } from '../indicators/rule-of-list.ts';
import { openIndicatorWatch, type SharedIndicators } from '../indicators/watch.ts';
import type { StoredBatch } from '../store/event-store.ts';
import { decodeFrame, sourcesOfLines } from '../store/frame.ts';
import { AGENT_TYPE, type Provenance, stamp } from '../store/stamp.ts';
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
  /** The same by rule id. */
  readonly hits: ReadonlyMap<string, number>;
}

/** Where the matches of one detection rule go: to its own alerts, to correlations, or both. */
interface Target {
  readonly rule: Rule;
  /** Empty for a rule's own alerts. */
  readonly correlation: CorrelationRule | undefined;
  /** Of the correlation. */
  readonly step: number;
  readonly entities: readonly EntityField[];
  /** Places of the fields that tell the row, and after them those of the correlation's group. */
  readonly groups: readonly number[];
  /** The correlation at this step that measures values, and the places of their fields. */
  readonly measures: ValueRule | undefined;
  readonly measured: readonly number[];
  /** Where its last match went: the next one mostly goes there as well. */
  latest: {
    readonly batch: StoredBatch | undefined;
    readonly second: number;
    readonly values: readonly string[];
    readonly cell: OpenCell | undefined;
  };
}

/** Places of the fields that are always read. */
const [TIME, ID] = [0, 1];
const ALWAYS_READ = ['@timestamp', 'event.id'];
/** Texts shorter than this are copied when they are cut out, longer ones hold on to the whole. */
const SHORT = 13;

/** An entity field and its place among the fields that are read. */
interface EntityField {
  readonly field: string;
  readonly place: number;
}

/** Reads a field of the event at hand, by its place among the fields that are read. */
type Read = (place: number) => unknown;

/** A cell while it fills. */
interface OpenCell {
  readonly cell: Omit<MatchCell, 'count' | 'events' | 'first' | 'last' | 'entities' | 'values'>;
  count: number;
  readonly events: string[];
  first: number;
  last: number;
  readonly target: Target;
  /** By entity field, the values found, in the order they came. */
  readonly entities: (string[] | undefined)[];
  /** What the correlation measures; made where it measures anything. */
  values: Map<string, number> | undefined;
}

/** For each detection rule, who takes its matches; a rule that only feeds correlations raises no alert by itself. */
function targetsOf(
  { detections, plans, silent }: RuleSet,
  placeOf: (field: string) => number,
): ReadonlyMap<string, readonly Target[]> {
  const targetOf = (
    rule: Rule,
    correlation: CorrelationRule | undefined,
    step: number,
    fields: GroupFields,
    measures?: ValueRule,
  ): Target => ({
    rule,
    correlation,
    step,
    entities: entityFieldsOf(rule).map((field) => ({ field, place: placeOf(field) })),
    groups: [...fields.row, ...fields.group].map(placeOf),
    measures,
    measured: fields.measured.map(placeOf),
    latest: { batch: undefined, second: 0, values: [], cell: undefined },
  });
  const targets = new Map<string, Target[]>();
  for (const rule of detections) {
    const own = targetOf(rule, undefined, 0, { row: rule.extension.groupBy, group: [], measured: [] });
    targets.set(rule.id, silent.has(rule.id) ? [] : [own]);
  }
  for (const { rule: correlation, steps } of plans.values()) {
    for (const [at, step] of steps.entries()) {
      // One for all rules that call the fields the same, so that an event which matches two of them counts once.
      const byFields = new Map<string, Target>();
      for (const base of step.bases) {
        const fields = correlationFields(correlation, step, base);
        const key = JSON.stringify(fields);
        const target = byFields.get(key) ?? targetOf(correlation, correlation, at, fields, step.measures);
        byFields.set(key, target);
        targets.get(base.id)?.push(target);
      }
    }
  }
  return targets;
}

/** Compiles the rules; `indicators` are looked for by those that stand for their lists. */
export function createEvaluator(rules: readonly Rule[], indicators?: SharedIndicators): Evaluator {
  const set = joinRules(rules);
  const engine: RuleEngine = compileRules(
    set.detections.filter((rule) => !isIndicatorRule(rule)),
    'ecs',
  );
  let from: Provenance = { agency: '', collector: '', receivedAt: '', source: '' };
  const fields = [...ALWAYS_READ];
  const placeOf = (field: string) => (fields.includes(field) ? fields.indexOf(field) : fields.push(field) - 1);
  const targets = targetsOf(set, placeOf);
  const lists = openIndicatorWatch(set.detections, indicators, placeOf);
  const lines = engine.lines((line) => stamp(JSON.parse(line) as EcsEvent, from), fields);
  for (const parent of ['organization', 'agent', 'haidang']) lines.fix(parent, {});
  lines.fix('agent.type', AGENT_TYPE);
  return {
    evaluate(batch) {
      const frame = decodeFrame(batch.body);
      const { text, starts } = frame;
      const sources = sourcesOfLines(frame.header);
      const { collector, agency, receivedAt } = batch;
      const arrived = Math.floor(Date.parse(receivedAt) / 1_000);
      lines.fix('organization.id', agency);
      lines.fix('agent.id', collector);
      lines.fix('event.ingested', receivedAt);
      from = { agency, collector, receivedAt, source: '' };
      const open = new Map<string, OpenCell>();
      let matches = 0;
      const hits = new Map<string, number>();
      for (const at of batch.lines) {
        const source = sources[at];
        if (source === undefined) continue;
        if (source !== from.source) {
          from = { ...from, source };
          lines.fix('haidang.source', source);
        }
        const [start, end] = [starts[at] as number, (starts[at + 1] as number) - 1];
        const matched = lines.evaluate(text, start, end);
        if (lists) {
          const parse = () => stamp(JSON.parse(text.bytes.toString('utf8', start, end)) as EcsEvent, from);
          for (const { rule, read } of lists.matches(lines.value, arrived, parse)) {
            matches++;
            hits.set(rule.id, (hits.get(rule.id) ?? 0) + 1);
            for (const target of targets.get(rule.id) ?? []) addMatch(open, target, read, batch);
          }
        }
        if (matched.length === 0) continue;
        matches += matched.length;
        // A set: an event that matches two rules of one step is still one event.
        const takers = new Set<Target>();
        for (const rule of matched) {
          hits.set(rule.id, (hits.get(rule.id) ?? 0) + 1);
          for (const target of targets.get(rule.id) ?? []) takers.add(target);
        }
        for (const target of takers) addMatch(open, target, lines.value, batch);
      }
      return { cells: [...open.values()].map(closeCell), events: batch.lines.length, matches, hits };
    },
  };
}

/** Adds the match of the event at hand to the cell that it falls in. */
function addMatch(open: Map<string, OpenCell>, target: Target, read: Read, batch: StoredBatch): void {
  const time = Date.parse(String(read(TIME)));
  const at = Number.isNaN(time) ? Date.parse(batch.receivedAt) : time;
  const second = Math.floor(at / 1000);
  const { measures, measured } = target;
  const value = measures ? valueOfMatch(measures, measured.map(read)) : null;
  if (value === undefined) return;
  const entry = cellOf(open, target, read, batch, second, at);
  entry.count++;
  if (entry.events.length < CELL_EVENTS) {
    const id = read(ID);
    if (typeof id === 'string') entry.events.push(ownText(id));
  }
  if (value) {
    entry.values ??= new Map();
    addValues(entry.values, [[ownText(value[0]), value[1]]], MOST_VALUES);
  }
  entry.first = Math.min(entry.first, at);
  entry.last = Math.max(entry.last, at);
  const { entities } = target;
  for (let index = 0; index < entities.length; index++) {
    const value = textOf(read((entities[index] as EntityField).place));
    if (value === '') continue;
    const values = entry.entities[index];
    if (values === undefined) entry.entities[index] = [ownText(value)];
    else if (!values.includes(value) && values.length < MAX_VALUES_PER_CELL) values.push(ownText(value));
  }
}

function cellOf(
  open: Map<string, OpenCell>,
  target: Target,
  read: Read,
  batch: StoredBatch,
  second: number,
  at: number,
): OpenCell {
  const { rule, correlation, step, latest } = target;
  const same = latest.batch === batch && latest.second === second && isSame(latest.values, target.groups, read);
  if (same && latest.cell) return latest.cell;
  const agency = batch.agency as AgencyId;
  const values = target.groups.map((place) => ownText(textOf(read(place))));
  const rowFields = rule.extension.groupBy;
  const rowValues = Object.fromEntries(rowFields.map((field, index) => [field, values[index] ?? '']));
  const row = rowKey(rule, agency, rowValues);
  const groupBy = correlation?.groupBy ?? [];
  const ofGroup = Object.fromEntries(groupBy.map((field, index) => [field, values[rowFields.length + index] ?? '']));
  const group = correlation ? groupKey(rule.id, scopeOf(rule, agency), ofGroup) : '';
  const key = `${row} ${group} ${step} ${second}`;
  let entry = open.get(key);
  if (!entry) {
    const cell = { rule: rule.id, agency, group, step, row, rowValues, second, batch: batch.firstSequence };
    entry = { cell, target, count: 0, events: [], first: at, last: at, entities: [], values: undefined };
    open.set(key, entry);
  }
  target.latest = { batch, second, values, cell: entry };
  return entry;
}

function isSame(values: readonly string[], places: readonly number[], read: Read): boolean {
  for (let index = 0; index < places.length; index++) {
    if (values[index] !== textOf(read(places[index] as number))) return false;
  }
  return true;
}

/** A text that does not hold on to the frame that it was cut from. */
function ownText(text: string): string {
  return text.length < SHORT ? text : Buffer.from(text).toString();
}

function closeCell({ cell, target, count, events, first, last, entities, values: measured }: OpenCell): MatchCell {
  const values: Record<string, readonly string[]> = {};
  for (const [index, { field }] of target.entities.entries()) {
    const found = entities[index];
    if (found) values[field] = found;
  }
  const closed = { ...cell, count, events, first, last, entities: values };
  return measured ? { ...closed, values: [...measured] } : closed;
}
