import { parentPort, workerData } from 'node:worker_threads';
import { type GroupingReads, openGrouping } from '../alerts/grouping.ts';
import { createEvaluator } from './evaluate.ts';
import type { MatchCell } from './match-cell.ts';
import type { BatchResult, DetectionInput, FromDetection, ToDetection } from './messages.ts';

if (!parentPort) throw new Error('This file runs as a worker thread of detection.');
const port = parentPort;
const { rules, fresh } = workerData as DetectionInput;
const evaluator = createEvaluator(rules);
const asked = new Map<number, { resolve(rows: never): void; reject(error: Error): void }>();
let reads = 0;
let stretch = 0;
let cells: MatchCell[] = [];

const answer = (message: FromDetection): void => port.postMessage(message);
const ask = <Rows>(name: keyof GroupingReads, ...args: readonly unknown[]): Promise<Rows> =>
  new Promise((resolve, reject) => {
    const read = ++reads;
    asked.set(read, { resolve, reject });
    answer({ kind: 'ask', read, name, args });
  });
const reading: GroupingReads = {
  alertsOf: (row) => ask('alertsOf', row),
  signalsOf: (rule, group, from, to) => ask('signalsOf', rule, group, from, to),
  eventsOf: (ids) => ask('eventsOf', ids),
};
let grouping = openGrouping({ rules, reads: reading, fresh });

function evaluate({ call, batches, ...message }: Extract<ToDetection, { kind: 'evaluate' }>): void {
  if (message.stretch !== stretch) cells = [];
  stretch = message.stretch;
  const results = batches.map((batch): BatchResult => {
    try {
      const evaluation = evaluator.evaluate(batch);
      for (const cell of evaluation.cells) cells.push(cell);
      return { cells: evaluation.cells.length, matches: evaluation.matches };
    } catch (error) {
      return { failed: error instanceof Error ? error.message : String(error) };
    }
  });
  answer({ kind: 'evaluated', call, results });
}

async function group({ call, now }: Extract<ToDetection, { kind: 'group' }>): Promise<void> {
  try {
    const alerts = await grouping.apply(cells, now);
    cells = [];
    answer({ kind: 'grouped', call, alerts });
  } catch (error) {
    // Half-applied matches are in its memory, and in no store: begin again from what is written.
    grouping = openGrouping({ rules, reads: reading, fresh: false });
    answer({ kind: 'failed', call, reason: error instanceof Error ? error.message : String(error) });
  }
}

port.on('message', (message: ToDetection) => {
  if (message.kind === 'evaluate') return evaluate(message);
  if (message.kind === 'group') return void group(message);
  const waiting = asked.get(message.read);
  asked.delete(message.read);
  if ('failed' in message) waiting?.reject(new Error(message.failed));
  else waiting?.resolve(message.rows as never);
});
