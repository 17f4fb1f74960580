import type { Rule, Sample } from '../rule.ts';
import type { RuleSet } from '../sigma/rule-set.ts';
import { compileRules } from './compile.ts';
import { CorrelationRun } from './correlation-run.ts';
import type { RuleEngine } from './engine.ts';

/** A sample that a rule does not treat as it says. */
export interface SampleFailure {
  readonly rule: Rule;
  readonly expected: 'match' | 'no_match';
  /** From 1, within `match` or `no_match`. */
  readonly sample: number;
}

/** When a sample without times begins. */
const SAMPLE_START = Date.UTC(2026, 0, 1);

/**
 * The events of a sample in order, each with its `@timestamp`: copies of an event are `every` seconds apart, and the
 * next part begins `every` seconds after the last copy; an event with a time of its own starts there.
 */
export function* sampleEvents(sample: Sample): Generator<Record<string, unknown>> {
  let clock = SAMPLE_START;
  for (const { event, repeat, every } of sample.events) {
    const own = event['@timestamp'];
    const written = typeof own === 'string' ? Date.parse(own) : Number.NaN;
    if (!Number.isNaN(written)) clock = written;
    for (let copy = 0; copy < repeat; copy++) {
      yield { ...event, '@timestamp': new Date(clock).toISOString() };
      clock += every * 1_000;
    }
  }
}

function matches(rule: Rule, sample: Sample, rules: RuleSet, engine: RuleEngine): boolean {
  const run = new CorrelationRun(rules, 'ecs');
  let line = 0;
  for (const event of sampleEvents(sample)) {
    const found = engine.evaluate(event);
    if (rule.kind === 'detection' && found.some(({ id }) => id === rule.id)) return true;
    if (rule.kind === 'correlation') run.add(event, found, ++line);
  }
  return run.finish().some((match) => match.rule.id === rule.id);
}

/**
 * Runs every sample of the rules, or of some of them, with ECS field names: `match` samples must match (with any of their
 * events), `no_match` must not.
 */
export function runSamples(
  rules: RuleSet,
  isAsked: (rule: Rule) => boolean = () => true,
): { readonly samples: number; readonly failures: readonly SampleFailure[] } {
  const failures: SampleFailure[] = [];
  let samples = 0;
  for (const rule of [...rules.detections, ...rules.correlations]) {
    const { match, noMatch } = rule.extension.samples;
    if (match.length + noMatch.length === 0 || !isAsked(rule)) continue;
    const own = rule.kind === 'detection' ? [rule] : (rules.counted.get(rule.id) ?? []);
    const engine = compileRules(own, 'ecs');
    const part = { ...rules, correlations: rule.kind === 'correlation' ? [rule] : [] };
    samples += match.length + noMatch.length;
    for (const [index, sample] of match.entries()) {
      if (!matches(rule, sample, part, engine)) failures.push({ rule, expected: 'match', sample: index + 1 });
    }
    for (const [index, sample] of noMatch.entries()) {
      if (matches(rule, sample, part, engine)) failures.push({ rule, expected: 'no_match', sample: index + 1 });
    }
  }
  return { samples, failures };
}
