import type { ErrorCode } from '../errors.ts';
import type { Log } from '../log.ts';

/** A request that was not taken: who sent it, as far as that is known, and why it was refused. */
export interface TurnedAway {
  /** Whom the address stands for (`client-of.ts`). */
  readonly client: string;
  readonly code: string;
  /** The route's pattern, never the address that was asked for: what people look for stays out of the log. */
  readonly route: string;
  readonly who: string | undefined;
}

/** What somebody meets who tries to get past a bound or a check. */
const TOLD: ReadonlySet<string> = new Set<ErrorCode>([
  'HD_ORIGIN',
  'HD_TOO_MANY',
  'HD_TOO_LARGE',
  'HD_HEADERS_TOO_LARGE',
  'HD_BAD_REQUEST',
]);
const WINDOW_MS = 60_000;
const LINES = 30;

/**
 * Tells the log of requests that were turned away: each client with each reason once a minute, and at most 30 lines of that; how many
 * more there were is told with the first of the next minute. Whoever floods the server cannot flood its log.
 */
export function tellTurnedAway(log: Pick<Log, 'warn'>, now: () => number = Date.now): (one: TurnedAway) => void {
  let until = 0;
  let more = 0;
  const told = new Set<string>();
  return ({ client, code, route, who }) => {
    if (!TOLD.has(code)) return;
    const at = now();
    if (at >= until) {
      if (more > 0) log.warn({ requests: more }, 'More requests were turned away in the minutes before.');
      until = at + WINDOW_MS;
      more = 0;
      told.clear();
    }
    const key = `${client} ${code}`;
    if (told.has(key) || told.size >= LINES) {
      more += 1;
      return;
    }
    told.add(key);
    const by = who === undefined ? {} : { who };
    log.warn({ client, code, route, ...by }, 'A request was turned away.');
  };
}
