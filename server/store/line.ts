import type { EcsEvent } from '../../ecs/event.ts';

/** What one line may be at most; what is more goes to the dead letters. */
export const LINE_LIMITS = { bytes: 4 * 1024 * 1024, depth: 32, values: 10_000 } as const;

/** A line that is an event. */
export interface ReadLine {
  readonly event: EcsEvent;
  /** `@timestamp` in milliseconds. */
  readonly ts: number;
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
const HASH = /^[0-9a-f]{12}$/;

/**
 * Reads and checks a line. `idStart` is the event id up to its hash, as header and position demand it.
 * Gives the reason, in a sentence, where the line is no event.
 */
export function readLine(line: string, idStart: string): ReadLine | string {
  if (line.length > LINE_LIMITS.bytes) return `The line is longer than ${LINE_LIMITS.bytes} characters.`;
  let event: EcsEvent;
  try {
    event = JSON.parse(line) as EcsEvent;
  } catch {
    return 'The line is not JSON.';
  }
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return 'The line is not a JSON object.';
  const fields: unknown = event.event;
  const id = typeof fields === 'object' && fields !== null ? (fields as { id?: unknown }).id : undefined;
  const ts = timeOf(event['@timestamp']);
  const problem = idProblem(id, idStart) ?? (typeof ts === 'string' ? ts : undefined) ?? new Bounds().problem(event, 1);
  return problem ?? { event, ts: ts as number };
}

/** What is wrong with an event's id at its place. */
export function idProblem(id: unknown, idStart: string): string | undefined {
  if (typeof id !== 'string') return 'The event has no event.id.';
  if (id.startsWith(idStart) && HASH.test(id.slice(idStart.length))) return undefined;
  return `The event id does not fit its frame: it should start with ${idStart}`;
}

/** An event's time in milliseconds, or what is wrong with it. */
export function timeOf(time: unknown): number | string {
  if (typeof time !== 'string' || !TIME.test(time)) return 'The event has no @timestamp in ISO 8601.';
  const ts = Date.parse(time);
  return Number.isNaN(ts) ? 'The event has an @timestamp that is no time.' : ts;
}

/** Counts the values of an event, and how deep they lie. */
class Bounds {
  #values = 0;

  problem(value: object, depth: number): string | undefined {
    if (depth > LINE_LIMITS.depth) return `The event is nested deeper than ${LINE_LIMITS.depth} levels.`;
    for (const inside of Object.values(value)) {
      if (++this.#values > LINE_LIMITS.values) return `The event holds more than ${LINE_LIMITS.values} values.`;
      const problem = typeof inside === 'object' && inside !== null ? this.problem(inside, depth + 1) : undefined;
      if (problem) return problem;
    }
    return undefined;
  }
}
