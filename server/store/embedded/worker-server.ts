import { type MessagePort, parentPort, type TransferListItem } from 'node:worker_threads';
import { HaidangError } from '../../errors.ts';

/** What a worker answers: by name of the call. A handler may move buffers to the caller through `transfer`. */
export type Handlers = Readonly<Record<string, (argument: never, transfer: TransferListItem[]) => unknown>>;

/** One call as it travels to a worker. */
export interface CallMessage {
  readonly id: number;
  readonly call: string;
  readonly argument: unknown;
}

/** Its answer; a message without `id` is a notice. */
export type AnswerMessage =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: WireError }
  | { readonly notice: Notice };

/** An error as it travels between threads. */
export interface WireError {
  readonly code: string | undefined;
  readonly message: string;
  readonly retryAfter: number | undefined;
  readonly stack: string | undefined;
}

/** Something the main thread should log. */
export interface Notice {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

function port(): MessagePort {
  if (!parentPort) throw new Error('This file runs as a worker of the store only.');
  return parentPort;
}

/** Answers calls from the main thread until the port closes. */
export function serve(handlers: Handlers): void {
  const main = port();
  main.on('message', async (message: CallMessage) => {
    const transfer: TransferListItem[] = [];
    try {
      const handler = handlers[message.call];
      if (!handler) throw new Error(`The worker knows no call "${message.call}".`);
      const value = await handler(message.argument as never, transfer);
      main.postMessage({ id: message.id, ok: true, value } satisfies AnswerMessage, transfer);
    } catch (error) {
      main.postMessage({ id: message.id, ok: false, error: wireError(error) } satisfies AnswerMessage);
    }
  });
}

/** Sends a line for the log to the main thread. */
export function notify(level: Notice['level'], message: string, detail: Notice['detail'] = {}): void {
  port().postMessage({ notice: { level, message, detail } } satisfies AnswerMessage);
}

/** A log for a thread that this one started: its lines go to the main thread. */
export const passedOn = {
  info: (detail: object, message: string) => notify('info', message, plain(detail)),
  warn: (detail: object, message: string) => notify('warn', message, plain(detail)),
  error: (detail: object, message: string) => notify('error', message, plain(detail)),
} as const;

function plain(detail: object): Record<string, string> {
  return Object.fromEntries(Object.entries(detail).map(([key, value]) => [key, String(value)]));
}

function wireError(error: unknown): WireError {
  const code = error instanceof HaidangError ? error.code : undefined;
  const retryAfter = error instanceof HaidangError ? error.retryAfter : undefined;
  const message = error instanceof Error ? error.message : String(error);
  return { code, message, retryAfter, stack: error instanceof Error ? error.stack : undefined };
}
