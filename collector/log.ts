import type { Logger } from 'pino';

/** The collector's log: pino's, or in tests anything that takes an object and a sentence. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** Text from outside made fit for a log line or a note: control characters out, 500 characters at most. */
export function reasonText(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, 500);
}
