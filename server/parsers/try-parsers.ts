import { Worker } from 'node:worker_threads';
import { HaidangError } from '../errors.ts';
import type { ParserTrial } from './schema.ts';
import type { FromTrying, TriedParser, TryQuestion } from './try-worker.ts';

/** Compiles and tries texts of parsers, aside. */
export interface ParserTrials {
  /** @throws HaidangError `HD_TOO_MANY`, `HD_BAD_REQUEST` where it takes too long */
  run(trial: ParserTrial): Promise<TriedParser>;
  close(): Promise<void>;
}

const MOST_WAITING = 20;
const LONGEST_MS = 30_000;
/** A busy machine may take long to load the thread; that is no fault of the text. */
const START_MS = 120_000;
const IDLE_MS = 120_000;

interface Waiting {
  readonly resolve: (answer: TriedParser) => void;
  readonly reject: (error: Error) => void;
  readonly trial: ParserTrial;
}

/** Opens the trials: one thread, made when it is needed, ended when a text takes longer than `longestMs` or nobody asks. */
export function openParserTrials(longestMs = LONGEST_MS): ParserTrials {
  const waiting: Waiting[] = [];
  let worker: Worker | undefined;
  let isReady = false;
  let current: Waiting | undefined;
  let number = 0;
  let timer: NodeJS.Timeout | undefined;
  let idle: NodeJS.Timeout | undefined;
  let isClosed = false;

  const end = (): Promise<unknown> => {
    const ending = worker;
    worker = undefined;
    isReady = false;
    ending?.removeAllListeners();
    // It may still report the end that it is given.
    ending?.on('error', () => undefined);
    return ending?.terminate() ?? Promise.resolve();
  };
  const finish = (act: (done: Waiting) => void): void => {
    clearTimeout(timer);
    const done = current;
    current = undefined;
    if (done) act(done);
    next();
  };
  const fail = (error: Error): void => {
    void end();
    finish((done) => done.reject(error));
  };
  const start = (): Worker => {
    const resourceLimits = { maxOldGenerationSizeMb: 256 };
    const made = new Worker(new URL('./try-worker.ts', import.meta.url), { resourceLimits });
    made.unref();
    made.on('message', (message: FromTrying) => {
      if (message === 'ready') {
        isReady = true;
        ask();
      } else if (message.number === number) finish((done) => done.resolve(message.answer));
    });
    made.on('error', (cause) => fail(new HaidangError('HD_INTERNAL', 'The parser could not be tried.', { cause })));
    return made;
  };
  const next = (): void => {
    if (current || isClosed) return;
    current = waiting.shift();
    clearTimeout(idle);
    if (!current) {
      idle = setTimeout(() => void end(), IDLE_MS).unref();
      return;
    }
    if (isReady) {
      ask();
      return;
    }
    worker ??= start();
    const late = new HaidangError('HD_TOO_MANY', 'The machine is too busy to try a parser.', { retryAfter: 10 });
    timer = setTimeout(() => fail(late), START_MS);
  };
  const ask = (): void => {
    clearTimeout(timer);
    if (!current) return;
    number++;
    worker?.postMessage({ ...current.trial, number } satisfies TryQuestion);
    const what = `The parser took longer than ${longestMs / 1_000} s for these lines; make its patterns simpler.`;
    timer = setTimeout(() => fail(new HaidangError('HD_BAD_REQUEST', what)), longestMs);
  };
  return {
    run(trial) {
      if (waiting.length >= MOST_WAITING || isClosed)
        throw new HaidangError('HD_TOO_MANY', 'Many parsers are being tried at this moment.', { retryAfter: 2 });
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject, trial });
        next();
      });
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      clearTimeout(idle);
      const error = new HaidangError('HD_STORE_DOWN', 'The server stops.', { retryAfter: 5 });
      for (const one of [...(current ? [current] : []), ...waiting.splice(0)]) one.reject(error);
      current = undefined;
      await end();
    },
  };
}
