import { utcDay } from '../ecs/event-id.ts';

/** What gives the time to the collector; tests put their own in. */
export interface Clock {
  /** Milliseconds since 1970 by the server's clock, as far as it is known. */
  now(): number;
  /** UTC day `YYYYMMDD` of `now()`: the day of new event ids. */
  day(): string;
}

/** This machine's clock plus the offset to the server's, learned at each answer that carries the server's time. */
export class CorrectedClock implements Clock {
  #offset: number;
  #dayText = '';
  #dayEnds = 0;

  constructor(offset = 0) {
    this.#offset = Number.isFinite(offset) ? offset : 0;
  }

  /** Milliseconds that the server is ahead of this machine. */
  get offset(): number {
    return this.#offset;
  }

  now(): number {
    return Date.now() + this.#offset;
  }

  day(): string {
    const now = this.now();
    if (now >= this.#dayEnds || now < this.#dayEnds - 86_400_000) {
      this.#dayText = utcDay(now);
      this.#dayEnds = (Math.floor(now / 86_400_000) + 1) * 86_400_000;
    }
    return this.#dayText;
  }

  /**
   * Takes the server's time from an answer, halving the round trip. Changes smaller than the round trip's own
   * uncertainty are noise and are left out. Returns true where the offset changed.
   */
  learn(serverNow: number, askedAt: number, answeredAt: number): boolean {
    if (!Number.isFinite(serverNow) || answeredAt < askedAt) return false;
    const roundTrip = answeredAt - askedAt;
    const offset = Math.round(serverNow - (askedAt + roundTrip / 2));
    if (Math.abs(offset - this.#offset) <= Math.max(roundTrip, 50)) return false;
    this.#offset = offset;
    return true;
  }
}
