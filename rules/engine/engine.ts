import type { DetectionRule } from '../rule.ts';

/**
 * Many detection rules compiled into one matcher. `evaluate` gives the rules that an event matches, in the order in
 * which they were compiled. It never throws and never takes more than linear time in the size of the event.
 */
export interface RuleEngine {
  readonly rules: readonly DetectionRule[];
  evaluate(event: object): readonly DetectionRule[];
}

/** How field names in events relate to those in rules, and how an event tells its log source. */
export type FieldMode = 'ecs' | 'raw';
