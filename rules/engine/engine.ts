import type { JsonBytes } from '../../ecs/scan/json-bytes.ts';
import type { DetectionRule } from '../rule.ts';

/**
 * Many detection rules compiled into one matcher. `evaluate` gives the rules that an event matches, in the order in
 * which they were compiled. It never throws and never takes more than linear time in the size of the event.
 */
export interface RuleEngine {
  readonly rules: readonly DetectionRule[];
  evaluate(event: object): readonly DetectionRule[];
  /** The same for events that are still JSON; `open` parses one, and is asked only where its text does not do; `also` names further fields to read. One at a time. */
  lines(open: (line: string) => object, also?: readonly string[]): LineEngine;
}

/** Evaluates events without parsing most of them: only the fields that rules ask for are read. */
export interface LineEngine {
  /** Gives a field one value in all events from now on, as `open` does. */
  fix(field: string, value: unknown): void;
  /** Of the event in bytes `start` to before `end`. Throws what `open` throws. */
  evaluate(text: JsonBytes, start: number, end: number): readonly DetectionRule[];
  /** Of the event evaluated last, the value of one of the further fields, by its place in `also`. */
  value(at: number): unknown;
}

/** How field names in events relate to those in rules, and how an event tells its log source. */
export type FieldMode = 'ecs' | 'raw';
