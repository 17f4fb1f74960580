import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useToast } from './toasts.tsx';

/** What a person asked for: whether it is under way, and why the last one was not done. */
export interface Attempt {
  readonly busy: boolean;
  readonly error: unknown;
  /** Does it; gives what came of it, and undefined where it was not done. */
  run<T>(act: () => Promise<T>): Promise<T | undefined>;
  /** Takes away what was said of the last one. */
  forget(): void;
}

/** Does what a person asks for; what is kept under `stale` is fetched again after each, done or not. */
export function useAttempt(stale: readonly string[] = []): Attempt {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  return {
    busy,
    error,
    async run(act) {
      setBusy(true);
      setError(undefined);
      try {
        return await act();
      } catch (problem) {
        setError(problem);
        return undefined;
      } finally {
        setBusy(false);
        for (const key of stale) void queries.invalidateQueries({ queryKey: [key] });
      }
    },
    forget: () => setError(undefined),
  };
}

/** The same where a problem has no place of its own: a toast says what was done, or why it was not. */
export function useToldAttempt(stale: readonly string[]): {
  readonly busy: boolean;
  run(act: () => Promise<unknown>, done: string): Promise<void>;
} {
  const toast = useToast();
  const { busy, run } = useAttempt(stale);
  return {
    busy,
    run: (act, done) =>
      run(async () => {
        try {
          await act();
          toast({ text: done });
        } catch (error) {
          toast({ text: '', error });
        }
      }),
  };
}
