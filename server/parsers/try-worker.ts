import { parentPort } from 'node:worker_threads';
import { checkParser } from '../../collector/custom-parsers/check.ts';
import { tryLine } from '../../collector/custom-parsers/try.ts';
import type { ParserTrial, ParserTrialAnswer } from './schema.ts';

/** Main → thread. */
export interface TryQuestion extends ParserTrial {
  readonly number: number;
}

/** Thread → main: `ready` once, when it is loaded, then an answer to each question. */
export type FromTrying = 'ready' | TryAnswer;

/** What was asked for. */
export interface TryAnswer {
  readonly number: number;
  readonly answer: TriedParser;
}

/** What is found in a text, and what the console is not told of. */
export interface TriedParser extends ParserTrialAnswer {
  readonly title: string;
  readonly dataset: string;
}

/** The thread behind `tryParsers`: texts of people are compiled and run here, so that a slow one can be ended. */
parentPort?.on('message', ({ number, yaml, lines, timeZone }: TryQuestion) => {
  const checked = checkParser(yaml);
  const now = Date.now();
  const tried = lines.flatMap((line) => tryLine(checked, line, { now, timeZone }) ?? []);
  const answer: TriedParser = {
    name: checked.name,
    title: checked.document?.title ?? '',
    dataset: checked.document?.dataset ?? '',
    problems: [...checked.problems],
    remarks: [...checked.remarks],
    samples: checked.samples,
    lines: tried.map(({ line, event, why, stopsAt, left }) => ({
      line,
      event: event ?? null,
      why: why ?? null,
      stopsAt: stopsAt ?? null,
      left: [...left],
    })),
  };
  parentPort?.postMessage({ number, answer } satisfies FromTrying);
});
parentPort?.postMessage('ready' satisfies FromTrying);
