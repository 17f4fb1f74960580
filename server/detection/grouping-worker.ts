import { parentPort, workerData } from 'node:worker_threads';
import { openGrouping } from '../alerts/grouping.ts';
import { askedReads } from './asked-reads.ts';
import type { FromGrouping, GroupingInput, ToGrouping } from './grouping-messages.ts';
import { unpackMatches } from './match-entry.ts';

if (!parentPort) throw new Error('This file runs as a worker thread that groups.');
const port = parentPort;
const { rules, fresh } = workerData as GroupingInput;

const answer = (message: FromGrouping): void => port.postMessage(message);
const { reads, settle } = askedReads(answer);
let grouping = openGrouping({ rules, reads, fresh });

async function group({ call, entries, step, now }: Extract<ToGrouping, { kind: 'group' }>): Promise<void> {
  try {
    const cells = entries.flatMap(({ body, place }) => unpackMatches(body, place));
    answer({ kind: 'grouped', call, alerts: await grouping.apply(cells, now, step) });
  } catch (error) {
    // Half-applied matches are in its memory, and in no store: begin again from what is written.
    grouping = openGrouping({ rules, reads, fresh: false });
    answer({ kind: 'failed', call, reason: error instanceof Error ? error.message : String(error) });
  }
}

port.on('message', (message: ToGrouping) => {
  if (message.kind === 'group') return void group(message);
  settle(message);
});
