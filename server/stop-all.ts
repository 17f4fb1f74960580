import type { Log } from './log.ts';

/** Everything in reverse order of its start; what fails to stop does not keep the rest from it. */
export async function stopAll(stops: (() => unknown)[], log: Pick<Log, 'error'>): Promise<void> {
  for (let stop = stops.pop(); stop; stop = stops.pop()) {
    try {
      await stop();
    } catch (err) {
      log.error({ err }, 'a part did not stop cleanly');
    }
  }
}
