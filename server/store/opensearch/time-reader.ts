import { timeOf } from '../line.ts';

const DATE = 11;
const HOUR = 3_600_000;
const MINUTE = 60_000;
const COLON = 0x3a;
const DOT = 0x2e;
const Z = 0x5a;

/** Reads times of events (ISO 8601) from bytes; those of one UTC day, as the parsers write them, without a call of `Date.parse`. */
export class TimeReader {
  readonly #date: Buffer = Buffer.alloc(DATE);
  /** Of the day whose date is in `#date`; -1 for none. */
  #day = -1;

  /** Milliseconds; -1 where it is no time, or one before 1970. */
  read(bytes: Buffer, start: number, end: number): number {
    if (end - start === 24 && this.#day >= 0 && this.#isSameDate(bytes, start)) {
      const time = this.#ofDay(bytes, start + DATE);
      if (time >= 0) return this.#day + time;
    }
    const text = bytes.toString('latin1', start, end);
    const ts = timeOf(text);
    if (typeof ts === 'string' || ts < 0) return -1;
    if (end - start === 24 && bytes[end - 1] === Z) {
      bytes.copy(this.#date, 0, start, start + DATE);
      this.#day = Date.parse(`${text.slice(0, DATE)}00:00:00.000Z`);
    }
    return ts;
  }

  #isSameDate(bytes: Buffer, start: number): boolean {
    for (let at = 0; at < DATE; at++) if (bytes[start + at] !== this.#date[at]) return false;
    return true;
  }

  /** From `hh:mm:ss.mmmZ`; -1 where it is written otherwise. */
  #ofDay(bytes: Buffer, at: number): number {
    if (bytes[at + 2] !== COLON || bytes[at + 5] !== COLON || bytes[at + 8] !== DOT || bytes[at + 12] !== Z) return -1;
    const hour = digits(bytes, at, 2);
    const minute = digits(bytes, at + 3, 2);
    const second = digits(bytes, at + 6, 2);
    const ms = digits(bytes, at + 9, 3);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || ms < 0) return -1;
    return hour * HOUR + minute * MINUTE + second * 1_000 + ms;
  }
}

/** A whole number of so many digits; -1 where one is none. */
function digits(bytes: Buffer, start: number, count: number): number {
  let number = 0;
  for (let at = start; at < start + count; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return -1;
    number = 10 * number + digit;
  }
  return number;
}
