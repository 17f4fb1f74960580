import { type BandwidthRule, rateAt } from '../../ecs/rates.ts';

/** Seconds of the rate that may go at once after a pause. */
const BURST_SECONDS = 1;
/** The hour may change the rate: no wait is planned for longer. */
const LONGEST_WAIT_MS = 1_000;
/** What HTTP/2, TLS and TCP add to a frame, roughly. */
const OVERHEAD_BYTES = 200;

/** Bounds the bytes that are sent per second, by the hour of the day. */
export interface Bandwidth {
  /**
   * Resolves when bytes may go, and counts them then; at once where nothing bounds them. False, and nothing counted, where
   * they are no longer wanted.
   */
  take(bytes: number, isWanted: () => boolean): Promise<boolean>;
  /** Counts bytes that go without waiting, as statuses do. */
  count(bytes: number): void;
  /** Bytes per second at this hour; null without a bound. */
  limit(): number | null;
  /** Bytes counted since the start. */
  readonly sent: number;
  /** Other rules, as a policy has them; undefined: those of the configuration again. */
  use(rules: readonly BandwidthRule[] | undefined): void;
}

export interface BandwidthOptions {
  readonly rules: readonly BandwidthRule[];
  /** Minutes since midnight by the clock on the wall. */
  readonly minute: () => number;
  readonly now?: () => number;
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

/**
 * A token bucket that goes into debt: a frame goes whole, at the speed of the line, and the next one waits until it is
 * paid for. So the rate holds over a few seconds, and no server waits in the middle of a frame.
 */
export function boundBandwidth({ rules, minute, now = Date.now, sleep = pause }: BandwidthOptions): Bandwidth {
  let inForce = rules;
  let left = 0;
  let at = now();
  let sent = 0;
  let queue: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  const limit = () => (inForce.length === 0 ? null : rateAt(inForce, minute()));
  const fill = (rate: number) => {
    const time = now();
    left = Math.min(rate * BURST_SECONDS, left + (Math.max(0, time - at) / 1_000) * rate);
    at = time;
  };
  const spend = (bytes: number) => {
    sent += bytes;
    left -= bytes + OVERHEAD_BYTES;
  };
  const wait = async (bytes: number, isWanted: () => boolean) => {
    for (let rate = limit(); rate !== null; rate = limit()) {
      if (!isWanted()) return false;
      fill(rate);
      if (left > 0) break;
      await sleep(Math.min(LONGEST_WAIT_MS, Math.ceil((-left / rate) * 1_000) + 1));
    }
    // Without a bound nothing is owed, either.
    if (limit() === null) left = Math.max(left, bytes + OVERHEAD_BYTES);
    spend(bytes);
    return true;
  };
  return {
    take(bytes, isWanted) {
      if (inForce.length === 0 && waiting === 0) {
        sent += bytes;
        return Promise.resolve(true);
      }
      // One after the other, in the order of the calls: frames of one connection keep theirs.
      waiting++;
      const done = queue
        .then(() => wait(bytes, isWanted))
        .finally(() => {
          waiting--;
        });
      queue = done;
      return done;
    },
    count(bytes) {
      if (inForce.length === 0) sent += bytes;
      else spend(bytes);
    },
    limit,
    get sent() {
      return sent;
    },
    use(other) {
      inForce = other ?? rules;
      left = Math.min(left, 0);
    },
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Tells the minute of the day by the clock of a time zone. */
export function minuteIn(timeZone: string, now: () => number = Date.now): () => number {
  const format = new Intl.DateTimeFormat('en', { timeZone, hour: 'numeric', minute: 'numeric', hourCycle: 'h23' });
  let minute = 0;
  let known = -1;
  return () => {
    const at = Math.floor(now() / 60_000);
    if (at === known) return minute;
    known = at;
    const parts = format.formatToParts(at * 60_000);
    const value = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
    minute = value('hour') * 60 + value('minute');
    return minute;
  };
}
