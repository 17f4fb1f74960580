import type { BatchReceipt } from '../../ecs/wire.ts';
import { reasonText } from '../log.ts';

const LONGEST_RETRY_AFTER_MS = 300_000;
/** Segments carry the time of their acknowledgement by a clock that may have been set since. */
const RESEND_SLACK_MS = 600_000;

/** Milliseconds of a Retry-After field (RFC 9110 §10.2.3), bounded; undefined where there is none. */
export function readRetryAfter(value: string | string[] | undefined): number | undefined {
  const text = Array.isArray(value) ? value[0] : value;
  if (text === undefined) return undefined;
  const milliseconds = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isFinite(milliseconds) ? Math.min(Math.max(milliseconds, 0), LONGEST_RETRY_AFTER_MS) : undefined;
}

/** The server's time in an answer, milliseconds since 1970. */
export function readTime(body: string): number | undefined {
  try {
    const { now } = JSON.parse(body) as { now?: unknown };
    const time = typeof now === 'string' ? Date.parse(now) : Number.NaN;
    return Number.isFinite(time) ? time : undefined;
  } catch {
    return undefined;
  }
}

/** What a restored server asks for: which restore, and from when on by this machine's clock. */
export function readResend(
  body: string,
  answeredAt: number,
): { readonly id: string; readonly since: number } | undefined {
  try {
    const { now, resend } = JSON.parse(body) as { now?: unknown; resend?: { id?: unknown; since?: unknown } };
    const since = Date.parse(String(resend?.since)) - (Date.parse(String(now)) - answeredAt) - RESEND_SLACK_MS;
    if (typeof resend?.id !== 'string' || !/^[0-9a-f]{16}$/.test(resend.id) || !Number.isFinite(since))
      return undefined;
    return { id: resend.id, since };
  } catch {
    return undefined;
  }
}

/** How many events a receipt accounts for; undefined where the answer is none. */
export function readReceipt(body: string): number | undefined {
  try {
    const { stored, duplicates, deadLettered } = JSON.parse(body) as Partial<BatchReceipt>;
    const total = Number(stored) + Number(duplicates) + Number(deadLettered);
    return Number.isSafeInteger(total) && total >= 0 ? total : undefined;
  } catch {
    return undefined;
  }
}

/** The code and detail of an RFC 9457 problem document, as far as the answer has them. */
export function readProblem(body: string): { code: string | undefined; detail: string } {
  try {
    const problem = JSON.parse(body) as { code?: unknown; type?: unknown; title?: unknown; detail?: unknown };
    const code = [problem.code, problem.type].find((value): value is string => typeof value === 'string');
    const detail = [problem.detail, problem.title].find((value): value is string => typeof value === 'string');
    return { code: code?.replace(/^.*[/:]/, '').slice(0, 60), detail: reasonText(detail ?? '') };
  } catch {
    return { code: undefined, detail: reasonText(body) };
  }
}
