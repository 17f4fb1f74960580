import type { Log } from '../log.ts';

/** What has failed since, and is tried again. */
export interface Trouble {
  /** ISO 8601. */
  readonly since: string;
  /** In one sentence. */
  readonly what: string;
}

/** Tries what needs the store until it works: a store that is away stops nothing for good. */
export interface Patience {
  /** Tries with growing pauses. Rejects with the last error only once `stop` was called. */
  insist<Result>(what: string, act: () => Promise<Result>): Promise<Result>;
  /** The longest failure under way. */
  trouble(): Trouble | undefined;
  /** Cuts pauses short; nothing is tried again from then on. */
  stop(): void;
}

/** Pauses between tries, milliseconds: each is twice the one before, up to the longest. */
export interface Pauses {
  readonly first: number;
  readonly longest: number;
}

export const PAUSES: Pauses = { first: 250, longest: 15_000 };

/** Opens the patience of one detection; each stretch of failures is logged once, and once more when it is over. */
export function openPatience(log: Pick<Log, 'error' | 'info'>, pauses = PAUSES, now = Date.now): Patience {
  const stopping = Promise.withResolvers<void>();
  let stopped = false;
  const failing = new Map<string, { readonly since: number; tries: number }>();

  const pause = async (milliseconds: number): Promise<void> => {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((done) => {
      timer = setTimeout(done, milliseconds);
    });
    await Promise.race([over, stopping.promise]);
    clearTimeout(timer);
  };
  return {
    async insist(what, act) {
      for (let wait = pauses.first; ; wait = Math.min(2 * wait, pauses.longest)) {
        try {
          const result = await act();
          const before = failing.get(what);
          failing.delete(what);
          if (before) log.info({ tries: before.tries, ms: now() - before.since }, `${what}: it works again.`);
          return result;
        } catch (error) {
          if (stopped) throw error;
          const known = failing.get(what);
          if (known) known.tries++;
          else {
            failing.set(what, { since: now(), tries: 1 });
            log.error({ err: error }, `${what}; it is tried until it works.`);
          }
          await pause(wait);
          if (stopped) throw error;
        }
      }
    },
    trouble() {
      const [longest] = [...failing].sort(([, a], [, b]) => a.since - b.since);
      return longest && { since: new Date(longest[1].since).toISOString(), what: longest[0] };
    },
    stop() {
      stopped = true;
      stopping.resolve();
    },
  };
}
