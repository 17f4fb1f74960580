import { parentPort, workerData } from 'node:worker_threads';
import { type GroupingReads, openGrouping } from '../alerts/grouping.ts';
import type { FromGrouping, GroupingInput, ToGrouping } from './grouping-messages.ts';
import { unpackMatches } from './match-entry.ts';

if (!parentPort) throw new Error('This file runs as a worker thread that groups.');
const port = parentPort;
const { rules, fresh } = workerData as GroupingInput;
const asked = new Map<number, { resolve(rows: never): void; reject(error: Error): void }>();
let reads = 0;

const answer = (message: FromGrouping): void => port.postMessage(message);
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

async function group({ call, entries, step, now }: Extract<ToGrouping, { kind: 'group' }>): Promise<void> {
  try {
    const cells = entries.flatMap(({ body, place }) => unpackMatches(body, place));
    answer({ kind: 'grouped', call, alerts: await grouping.apply(cells, now, step) });
  } catch (error) {
    // Half-applied matches are in its memory, and in no store: begin again from what is written.
    grouping = openGrouping({ rules, reads: reading, fresh: false });
    answer({ kind: 'failed', call, reason: error instanceof Error ? error.message : String(error) });
  }
}

port.on('message', (message: ToGrouping) => {
  if (message.kind === 'group') return void group(message);
  const waiting = asked.get(message.read);
  asked.delete(message.read);
  if ('failed' in message) waiting?.reject(new Error(message.failed));
  else waiting?.resolve(message.rows as never);
});
