import type { OnProgress, SearchProgress } from '../store/event-store.ts';

/** Questions that run, so that a console can ask how far its own have come. */
export interface RunningSearches {
  /** Notes a question under a name that the client chose; without a name nothing is noted. */
  start(user: string, search: string | undefined): { readonly onProgress: OnProgress | undefined; end(): void };
  /** How far the questions of a name have come, together; undefined where none runs. */
  of(user: string, search: string): SearchProgress | undefined;
}

const MOST_RUNNING = 1_000;

/** Opens the book of running questions of this process. */
export function openRunningSearches(): RunningSearches {
  const running = new Map<string, Set<{ progress: SearchProgress }>>();
  // Names of users hold no line break, nor do those of searches (their schema).
  const keyOf = (user: string, search: string) => `${user}\n${search}`;
  return {
    start(user, search) {
      if (search === undefined || running.size >= MOST_RUNNING) return { onProgress: undefined, end: () => {} };
      const key = keyOf(user, search);
      const group = running.get(key) ?? new Set();
      running.set(key, group);
      const own = { progress: { done: 0, rows: 0, documents: 0 } };
      group.add(own);
      return {
        onProgress: (progress) => {
          own.progress = progress;
        },
        end: () => {
          group.delete(own);
          if (group.size === 0 && running.get(key) === group) running.delete(key);
        },
      };
    },
    of(user, search) {
      const group = [...(running.get(keyOf(user, search)) ?? [])].map(({ progress }) => progress);
      if (group.length === 0) return undefined;
      return {
        done: Math.min(...group.map(({ done }) => done)),
        rows: group.reduce((sum, { rows }) => sum + rows, 0),
        documents: group.reduce((sum, { documents }) => sum + documents, 0),
      };
    },
  };
}
