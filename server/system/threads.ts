/** A worker thread of this process, as the health page shows it. */
export interface ThreadState {
  readonly name: string;
  /** `waits`: it died, and is started again in a moment. */
  readonly state: 'runs' | 'waits';
  /** How often it died since the server's start. */
  readonly deaths: number;
  /** Calls under way; `null` where nobody counts them. */
  readonly calls: number | null;
}

/** What the owner of a thread tells of it. */
export interface WatchedThread {
  started(): void;
  died(): void;
  /** It ended as it should: nothing is shown of it any more. */
  ended(): void;
}

interface Kept {
  readonly name: string;
  readonly calls: (() => number) | undefined;
  runs: boolean;
  deaths: number;
}

// Of the process and not of a server, as threads are: whoever starts one says so here.
const threads = new Set<Kept>();

/** Notes a thread that is about to start; `calls` counts what it is asked at the moment. */
export function watchThread(name: string, calls?: () => number): WatchedThread {
  const kept: Kept = { name, calls, runs: false, deaths: 0 };
  threads.add(kept);
  return {
    started() {
      kept.runs = true;
    },
    died() {
      kept.runs = false;
      kept.deaths += 1;
    },
    ended() {
      threads.delete(kept);
    },
  };
}

/** The threads of this process that should run, by name. */
export function threadStates(): ThreadState[] {
  return [...threads]
    .map(({ name, calls, runs, deaths }) => ({
      name,
      state: runs ? ('runs' as const) : ('waits' as const),
      deaths,
      calls: calls?.() ?? null,
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}
