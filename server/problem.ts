import { ERRORS, type ErrorCode, HaidangError } from './errors.ts';
import type { Problem } from './schema.ts';

/** A problem document with the header that goes with it. */
export interface ProblemAnswer {
  readonly body: Problem;
  readonly retryAfter: number | undefined;
  /** True where the cause is the server's own fault and belongs in its log. */
  readonly fault: boolean;
}

/** The RFC 9457 problem document of a catalogued error. */
export function problem(code: ErrorCode, detail: string): Problem {
  const { status, title, advice } = ERRORS[code];
  return { type: `urn:haidang:problem:${code}`, title, status, code, detail, advice };
}

/** Any thrown thing as a problem document; what is not catalogued says nothing of the inside of the server. */
export function toProblem(error: unknown): ProblemAnswer {
  if (error instanceof HaidangError) {
    const fault = error.code === 'HD_INTERNAL' || error.code === 'HD_STORE_DOWN';
    const { current } = error;
    const body = { ...problem(error.code, error.message), ...(current === undefined ? {} : { current }) };
    return { body, retryAfter: error.retryAfter, fault };
  }
  const status = statusOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (status === 413) return plain('HD_TOO_LARGE', 'The body is larger than this address takes.');
  if (status === 429) return plain('HD_TOO_MANY', message);
  if (status === 404) return plain('HD_NOT_FOUND', message);
  if (status !== undefined && status >= 400 && status < 500) return plain('HD_BAD_REQUEST', oneSentence(message));
  return { ...plain('HD_INTERNAL', 'The request failed for a reason that the server log names.'), fault: true };
}

function plain(code: ErrorCode, detail: string): ProblemAnswer {
  return { body: problem(code, detail), retryAfter: undefined, fault: false };
}

function statusOf(error: unknown): number | undefined {
  if (error === null || typeof error !== 'object') return undefined;
  const { statusCode, validation } = error as { statusCode?: unknown; validation?: unknown };
  if (validation !== undefined) return 400;
  return typeof statusCode === 'number' ? statusCode : undefined;
}

/** Validation messages quote the request; they are cut so that an answer never mirrors an unbounded input. */
function oneSentence(message: string): string {
  const text = message.replaceAll(/[\u0000-\u001f\u007f]/g, ' ').slice(0, 500);
  return text.endsWith('.') ? text : `${text}.`;
}
