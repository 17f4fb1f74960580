import { MOST_VALUES } from '../../rules/engine/correlation-values.ts';
import { addValues, type Measured, measureOf, type SecondCount, type ValueCount } from '../../rules/engine/measure.ts';
import type { MatchCell } from '../detection/match-cell.ts';
import type { Signal } from '../store/record-store.ts';

/** Matches known by signals alone: how many by alert row, and event ids. */
export interface StoredMatches {
  readonly rows: Map<string, number>;
  readonly events: string[];
}

/** One second of one group and step. */
export interface SecondState {
  count: number;
  /** Came since the start, and are on no alert yet; nothing where there are none, as in most of a long attack. */
  cells: MatchCell[] | undefined;
  /** Read from signals, and on no alert yet. */
  stored: StoredMatches | undefined;
  /** What waited here was let go to save memory: it is to be read from signals where an alert needs it. */
  isUnread: boolean;
  /** Whether its matches are members, by all that is held around it. */
  isMember: boolean;
  /** What a correlation of values measures; made where it measures anything. */
  values: Map<string, number> | undefined;
}

const DETAIL_SIZE = 8;

/** The first index at which a rising list reaches a value; its length where it never does. */
function placeOf(rising: readonly number[], value: number): number {
  if (value > (rising.at(-1) ?? Number.NEGATIVE_INFINITY)) return rising.length;
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rising[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The seconds of one step that are held, in order of time, so that a stretch is found without a walk over all. */
export class StepSeconds {
  /** Rising. Numbers alone, because making room in the midst of objects costs far more. */
  readonly #seconds: number[] = [];
  readonly #states = new Map<number, SecondState>();
  /** Seconds that are no members, rising. */
  readonly #outside: number[] = [];
  #details = 0;
  #values = 0;

  /** What is held: seconds, values, and the matches kept with them many times over, because each is so much larger. */
  get size(): number {
    return this.#seconds.length + this.#values + DETAIL_SIZE * this.#details;
  }

  /** Adds to what a correlation of values measures of a second. */
  addValues(state: SecondState, values: readonly ValueCount[] | undefined): void {
    if (!values) return;
    state.values ??= new Map();
    const before = state.values.size;
    addValues(state.values, values, MOST_VALUES);
    this.#values += state.values.size - before;
  }

  get(second: number): SecondState | undefined {
    return this.#states.get(second);
  }

  /** The state of a second, made where there is none. */
  at(second: number): SecondState {
    const known = this.#states.get(second);
    if (known) return known;
    const fresh: SecondState = {
      count: 0,
      cells: undefined,
      stored: undefined,
      isUnread: false,
      isMember: false,
      values: undefined,
    };
    this.#seconds.splice(placeOf(this.#seconds, second), 0, second);
    this.#outside.splice(placeOf(this.#outside, second), 0, second);
    this.#states.set(second, fresh);
    return fresh;
  }

  addSignal(signal: Signal): void {
    const state = this.at(signal.second);
    state.count += signal.count;
    this.addValues(state, signal.values);
    if (!state.stored) this.#details++;
    state.stored ??= { rows: new Map(), events: [] };
    const { rows, events } = state.stored;
    for (const [row, count] of Object.entries(signal.rows ?? {})) rows.set(row, (rows.get(row) ?? 0) + count);
    events.push(...signal.events);
  }

  addCell(cell: MatchCell): void {
    const state = this.at(cell.second);
    state.count += cell.count;
    this.addValues(state, cell.values);
    state.cells ??= [];
    state.cells.push(cell);
    this.#details++;
  }

  /** Takes out what a second holds for an alert to come. */
  take(state: SecondState): Pick<SecondState, 'cells' | 'stored' | 'isUnread'> {
    const { cells, stored, isUnread } = state;
    this.#details -= (cells?.length ?? 0) + (stored ? 1 : 0);
    state.cells = undefined;
    state.stored = undefined;
    state.isUnread = false;
    return { cells, stored, isUnread };
  }

  /** Lets go of all that waits for an alert: signals have it, so this is for after a commit only. */
  dropDetails(): void {
    if (this.#details === 0) return;
    for (const state of this.#states.values()) {
      if (!state.cells && !state.stored) continue;
      state.isUnread ||= !state.isMember;
      state.cells = undefined;
      state.stored = undefined;
    }
    this.#details = 0;
  }

  setMember(second: number, state: SecondState, isMember: boolean): void {
    if (state.isMember === isMember) return;
    state.isMember = isMember;
    const at = placeOf(this.#outside, second);
    if (isMember) this.#outside.splice(at, 1);
    else this.#outside.splice(at, 0, second);
  }

  /** Whether a second between these, both included, is held. */
  hasAny(from: number, to: number): boolean {
    return (this.#seconds[placeOf(this.#seconds, from)] ?? Number.POSITIVE_INFINITY) <= to;
  }

  /** Whether a second between these, both included, is no member, `except` aside. */
  hasOutside(from: number, to: number, except: number): boolean {
    let at = placeOf(this.#outside, from);
    if (this.#outside[at] === except) at++;
    return (this.#outside[at] ?? Number.POSITIVE_INFINITY) <= to;
  }

  /** Whether the seconds from `second` backwards, or from it onwards, hold at least so many matches within a timespan. */
  reaches(second: number, timespanSeconds: number, atLeast: number): boolean {
    const place = placeOf(this.#seconds, second);
    const last = this.#seconds[place] === second ? place : place - 1;
    let sum = 0;
    for (let at = last; at >= 0 && (this.#seconds[at] as number) > second - timespanSeconds; at--) {
      sum += this.#states.get(this.#seconds[at] as number)?.count ?? 0;
      if (sum >= atLeast) return true;
    }
    sum = 0;
    for (let at = place; (this.#seconds[at] ?? Number.POSITIVE_INFINITY) < second + timespanSeconds; at++) {
      sum += this.#states.get(this.#seconds[at] as number)?.count ?? 0;
      if (sum >= atLeast) return true;
    }
    return false;
  }

  /** Whether the seconds from `second` backwards, or from it onwards, with this match among them satisfy a rule within its timespan. */
  reachesWith(second: number, entry: SecondCount, rule: Measured & { readonly timespanSeconds: number }): boolean {
    const place = placeOf(this.#seconds, second);
    const last = this.#seconds[place] === second ? place : place - 1;
    for (const [begin, step] of [
      [last, -1],
      [place, 1],
    ] as const) {
      const inside = measureOf(rule);
      inside.enter(entry);
      for (let at = begin; !inside.holds(); at += step) {
        const other = this.#seconds[at];
        if (other === undefined || Math.abs(other - second) >= rule.timespanSeconds) break;
        inside.enter(this.#entry(other));
      }
      if (inside.holds()) return true;
    }
    return false;
  }

  #entry(second: number): SecondCount {
    const state = this.#states.get(second);
    return state?.values ? [second, state.count, [...state.values]] : [second, state?.count ?? 0];
  }

  /** Counts between two seconds, both included, rising; with values where there are some. */
  counts(from: number, to: number): SecondCount[] {
    const found: SecondCount[] = [];
    for (let at = placeOf(this.#seconds, from); (this.#seconds[at] ?? Number.POSITIVE_INFINITY) <= to; at++) {
      const second = this.#seconds[at] as number;
      const entry = this.#entry(second);
      if (entry[1] > 0) found.push(entry);
    }
    return found;
  }

  /** Seconds between two, both included, rising. */
  between(from: number, to: number): [second: number, state: SecondState][] {
    const found: [number, SecondState][] = [];
    for (let at = placeOf(this.#seconds, from); (this.#seconds[at] ?? Number.POSITIVE_INFINITY) <= to; at++) {
      const second = this.#seconds[at] as number;
      const state = this.#states.get(second);
      if (state) found.push([second, state]);
    }
    return found;
  }

  /** Forgets what lies between two seconds, both included. */
  forget(from: number, to: number): void {
    const at = placeOf(this.#seconds, from);
    const count = placeOf(this.#seconds, to + 1) - at;
    for (const second of this.#seconds.splice(at, count)) {
      const state = this.#states.get(second);
      this.#details -= (state?.cells?.length ?? 0) + (state?.stored ? 1 : 0);
      this.#values -= state?.values?.size ?? 0;
      this.#states.delete(second);
    }
    const outside = placeOf(this.#outside, from);
    this.#outside.splice(outside, placeOf(this.#outside, to + 1) - outside);
  }
}
