import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { EventStore, StoredBatch } from '../../store/event-store.ts';
import type { FromBacktest, ToBacktest } from './backtest-thread.ts';
import type { TallyOptions, TallyResult } from './tally.ts';

/** Batches read, and given to the thread, at once. */
const AT_ONCE = 16;
const HEAP = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 16 };

/**
 * Evaluates what is stored since a time by some rules, in a thread of low priority that holds one stretch at a time.
 * Rejects with the reason of `signal` where that ends it.
 */
export async function runBacktest(
  events: Pick<EventStore, 'readFrom' | 'lastSequence'>,
  options: TallyOptions,
  onProgress: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<TallyResult> {
  const last = await events.lastSequence();
  const first = await firstSince(events, options.from, last);
  const thread = new Worker(new URL('./backtest-thread.ts', import.meta.url), {
    name: 'backtest',
    workerData: options,
    resourceLimits: HEAP,
  });
  const ask = async (message: ToBacktest): Promise<FromBacktest> => {
    thread.postMessage(message);
    const [answer] = (await once(thread, 'message', { signal })) as [FromBacktest];
    return answer;
  };
  try {
    const total = Math.max(0, last - first + 1);
    const read = async (from: number): Promise<readonly StoredBatch[]> =>
      from > last ? [] : (await events.readFrom(from, AT_ONCE)).filter((batch) => batch.firstSequence <= last);
    let next = first;
    let coming = read(next);
    for (;;) {
      onProgress(Math.min(total, next - first), total);
      const batches = await coming;
      signal.throwIfAborted();
      const end = batches.at(-1)?.lastSequence;
      if (end === undefined) break;
      next = end + 1;
      coming = read(next);
      // A failure shows when it is its turn.
      coming.catch(() => undefined);
      await ask({ kind: 'batches', batches });
    }
    const answer = await ask({ kind: 'finish' });
    if (answer.kind !== 'result') throw new Error('The thread of the backtest gave another answer.');
    return answer.result;
  } finally {
    await thread.terminate();
  }
}

/** The first sequence that arrived at a time or later; the days before are not read at all. */
async function firstSince(events: Pick<EventStore, 'readFrom'>, from: number, last: number): Promise<number> {
  let [low, high] = [1, last + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [batch] = await events.readFrom(middle, 1);
    // Nothing at or after it, or old: what is asked for lies behind.
    if (batch && Date.parse(batch.receivedAt) >= from) high = Math.min(middle, batch.firstSequence);
    else low = Math.max(middle, batch?.lastSequence ?? middle) + 1;
  }
  return low;
}
