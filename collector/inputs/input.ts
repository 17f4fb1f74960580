import type { Intake, RecordParser } from '../intake.ts';
import type { Log } from '../log.ts';

/** What reads one configured input. `start` resolves when it is reading; a fault of its own it reports and survives. */
export interface Input {
  start(): Promise<void>;
  /** Stops reading; all that was read is with the intake when it resolves. */
  stop(): Promise<void>;
  /** Resolves when nothing more can come (standard input at its end); absent for inputs that never end. */
  readonly ended?: Promise<void>;
}

/** What every input is given. */
export interface InputContext {
  readonly intake: Intake;
  readonly log: Log;
  /** Makes the parser of a new source; each has its own memory of what `auto` last found. */
  parserFor(parser: string, origin: { readonly path?: string; readonly isLocal: boolean }): RecordParser;
}
