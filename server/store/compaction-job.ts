import { startNightly } from '../leases/nightly.ts';
import type { Log } from '../log.ts';
import type { CompactedDay, EventStore } from './event-store.ts';

const DAY_MS = 86_400_000;
/** After the start others come first; a server that is off at night gets its turn then. */
const FIRST_AFTER_MS = 5 * 60_000;

/** What the job works on, and when. */
export interface CompactionOptions {
  readonly events: Pick<EventStore, 'days' | 'compactDay'>;
  /** Days after which a day is closed: hardly anything comes for it any more. */
  readonly closeAfterDays: number;
  /** `HH:MM` in the time zone. */
  readonly at: string;
  readonly timeZone: string;
  readonly log: Log;
}

/** Makes days small that are closed, and the others fast to count, every night and once after the start. */
export async function startCompaction(options: CompactionOptions): Promise<{ stop(): Promise<void> }> {
  const stopping = new AbortController();
  const run = () => compactClosedDays(options, Date.now(), stopping.signal);
  const nights = await startNightly({
    ...options,
    name: 'job:compaction',
    // A day file has one server.
    turn: (_, work) => work(() => Promise.resolve()),
    run,
  });
  const first = setTimeout(run, FIRST_AFTER_MS);
  first.unref();
  return {
    async stop() {
      stopping.abort();
      clearTimeout(first);
      await nights.stop();
    },
  };
}

/**
 * Makes the days small that are closed at a time (milliseconds), and puts together the columns of the others; one that
 * fails is left to the next night.
 */
export async function compactClosedDays(
  { events, closeAfterDays, log }: Pick<CompactionOptions, 'events' | 'closeAfterDays' | 'log'>,
  now: number,
  signal?: AbortSignal,
): Promise<readonly CompactedDay[]> {
  const until = new Date(now - closeAfterDays * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '');
  const compacted: CompactedDay[] = [];
  for (const { day, state } of await events.days()) {
    if (signal?.aborted) break;
    if (state === 'damaged') continue;
    try {
      const done = await events.compactDay(day, signal, day < until ? 'all' : 'columns');
      if (!done) continue;
      log.info(done, 'A closed day was made small.');
      compacted.push(done);
    } catch (err) {
      if (!signal?.aborted) log.error({ day, err }, 'A day could not be compacted; it is tried again the next night.');
    }
  }
  return compacted;
}
