import { useEffect, useRef, useState } from 'react';
import type { ParserTrialAnswer } from '../../server/parsers/schema.ts';
import { postJson } from '../api/client.ts';

const AFTER_MS = 1_000;
const MOST_LINES = 100;
const LONGEST = 16_384;

/** A trial of a text with lines: asked for a second after the last change, or at once. */
export interface Trial {
  readonly answer: ParserTrialAnswer | undefined;
  readonly error: unknown;
  readonly busy: boolean;
  /** Asks now, and gives what came; undefined where it failed or something newer was asked. */
  run(): Promise<ParserTrialAnswer | undefined>;
}

/** Tries a parser's text while it is written; only the latest question's answer is shown. */
export function useTrial(yaml: string, lines: string): Trial {
  const [answer, setAnswer] = useState<ParserTrialAnswer>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const current = useRef<AbortController>(undefined);
  const run = async (): Promise<ParserTrialAnswer | undefined> => {
    current.current?.abort();
    const asking = new AbortController();
    current.current = asking;
    setBusy(true);
    try {
      const found = await postJson<ParserTrialAnswer>('/parsers/try', { yaml, lines: linesOf(lines) }, asking.signal);
      if (asking.signal.aborted) return undefined;
      setAnswer(found);
      setError(undefined);
      return found;
    } catch (problem) {
      if (!asking.signal.aborted) setError(problem);
      return undefined;
    } finally {
      if (!asking.signal.aborted) setBusy(false);
    }
  };
  const latest = useRef(run);
  latest.current = run;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the texts are what is waited for.
  useEffect(() => {
    const timer = setTimeout(() => void latest.current(), AFTER_MS);
    return () => clearTimeout(timer);
  }, [yaml, lines]);
  useEffect(() => () => current.current?.abort(), []);
  return { answer, error, busy, run };
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, MOST_LINES)
    .map((line) => line.slice(0, LONGEST));
}
