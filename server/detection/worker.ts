import { parentPort, workerData } from 'node:worker_threads';
import { joinRules } from '../../rules/sigma/rule-set.ts';
import { openGrouping } from '../alerts/grouping.ts';
import { isShadow } from '../rules/shadow.ts';
import { askedReads } from './asked-reads.ts';
import { createEvaluator, type Evaluator } from './evaluate.ts';
import type { MatchCell } from './match-cell.ts';
import { packMatches } from './match-entry.ts';
import type { BatchResult, DetectionInput, FromDetection, ToDetection } from './messages.ts';
import { openRuleWatch } from './rule-watch.ts';
import { rulesBehind } from './rules-behind.ts';
import { selfTest } from './self-test.ts';

if (!parentPort) throw new Error('This file runs as a worker thread of detection.');
const port = parentPort;
const { rules: first, more, indicators, fresh, handsOn = false } = workerData as DetectionInput;
const rules = [...first];
const whole = Promise.withResolvers<void>();
if (more === 0) whole.resolve();
let handle = (message: ToDetection): void => {
  if (message.kind === 'rules') rules.push(...message.rules);
  if (rules.length === first.length + more) whole.resolve();
};
port.on('message', (message: ToDetection) => handle(message));
await whole.promise;
const byId = new Map(rules.map((rule) => [rule.id, rule]));
const { plans } = joinRules(rules);
const evaluator = createEvaluator(rules, indicators);
const watch = openRuleWatch(rules);
let stretch = 0;
let cells: MatchCell[] = [];
/** Last number of each batch of the stretch, by its first. */
const lasts = new Map<number, number>();
/** The evaluator of some rules, for what they have not seen yet: the last one asked for. */
let partial: { readonly key: string; readonly evaluator: Evaluator } | undefined;

const answer = (message: FromDetection): void => port.postMessage(message);
const { reads, settle } = askedReads(answer);
let grouping = openGrouping({ rules, reads, fresh });

function evaluatorOf(only: readonly string[]): Evaluator {
  const key = only.join(' ');
  if (partial?.key !== key) {
    const own = rulesBehind(new Set(only), rules, plans);
    partial = { key, evaluator: createEvaluator(own, indicators) };
  }
  return partial.evaluator;
}

function evaluate({ call, batches, only, ...message }: Extract<ToDetection, { kind: 'evaluate' }>): void {
  if (message.stretch !== stretch) {
    cells = [];
    lasts.clear();
  }
  stretch = message.stretch;
  for (const { firstSequence, lastSequence } of batches) lasts.set(firstSequence, lastSequence);
  const results = batches.map((batch): BatchResult => {
    try {
      const evaluation = (only ? evaluatorOf(only) : evaluator).evaluate(batch);
      let taken = 0;
      for (const cell of evaluation.cells) {
        if (only ? !only.includes(cell.rule) : isShadow(cell.rule)) continue;
        cells.push(cell);
        taken++;
      }
      if (!only) watch.took(batch, evaluation.hits);
      return { cells: taken, matches: evaluation.matches };
    } catch (error) {
      return { failed: error instanceof Error ? error.message : String(error) };
    }
  });
  answer({ kind: 'evaluated', call, results });
}

async function group({ call, now }: Extract<ToDetection, { kind: 'group' }>): Promise<void> {
  try {
    const alerts = handsOn
      ? { signals: [], alerts: [], entries: packMatches(cells, lasts) }
      : await grouping.apply(cells, now);
    cells = [];
    answer({ kind: 'grouped', call, alerts });
  } catch (error) {
    // Half-applied matches are in its memory, and in no store: begin again from what is written.
    grouping = openGrouping({ rules, reads, fresh: false });
    answer({ kind: 'failed', call, reason: error instanceof Error ? error.message : String(error) });
  }
}

async function test({ call, rules: ids }: Extract<ToDetection, { kind: 'self-test' }>): Promise<void> {
  const results = [];
  for (const id of ids) {
    const rule = byId.get(id);
    if (rule) results.push(await selfTest(rule, evaluator, rulesBehind(new Set([id]), rules, plans)));
  }
  answer({ kind: 'tested', call, results });
}

handle = (message) => {
  if (message.kind === 'rules') return;
  if (message.kind === 'evaluate') return evaluate(message);
  if (message.kind === 'group') return void group(message);
  if (message.kind === 'self-test') return void test(message);
  if (message.kind === 'watch') return answer({ kind: 'watched', call: message.call, report: watch.report() });
  settle(message);
};
answer({ kind: 'ready' });
