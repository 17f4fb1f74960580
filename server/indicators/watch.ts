import { IndicatorLook } from '../../rules/indicators/look.ts';
import type { SharedTable } from '../../rules/indicators/table.ts';
import { compileMatcher, type Matcher } from '../../rules/query/matcher.ts';
import type { DetectionRule } from '../../rules/rule.ts';
import { isIndicatorRule, listOf, MATCHED } from './rule-of-list.ts';

/** Indicators of lists as threads that evaluate get them: the table, and the ids of the lists by their place in it. */
export interface SharedIndicators {
  readonly table: SharedTable;
  readonly lists: readonly string[];
}

/** A match of a list: its rule, and how fields of the event are read, those that name the indicator among them. */
export interface ListMatch {
  readonly rule: DetectionRule;
  readonly read: (place: number) => unknown;
}

/** Finds the lists that an event matches. */
export interface IndicatorWatch {
  /** `second`: when the event arrived; `open` parses it, and is asked only where a rule has exceptions. */
  matches(read: (place: number) => unknown, second: number, open: () => object): readonly ListMatch[];
}

const NONE: readonly ListMatch[] = [];

/** Opens the watch for the rules that stand for lists; undefined where there is nothing to look for. `placeOf` has a field read with the others. */
export function openIndicatorWatch(
  rules: readonly DetectionRule[],
  indicators: SharedIndicators | undefined,
  placeOf: (field: string) => number,
): IndicatorWatch | undefined {
  const byList = new Map<string, { rule: DetectionRule; keeps: Matcher | undefined }[]>();
  for (const rule of rules.filter(isIndicatorRule)) {
    const keeps = rule.condition.kind === 'always' ? undefined : compileMatcher(rule.condition);
    byList.set(listOf(rule), [...(byList.get(listOf(rule)) ?? []), { rule, keeps }]);
  }
  if (!indicators || indicators.table.count === 0 || byList.size === 0) return undefined;
  const look = new IndicatorLook(indicators.table);
  const places = look.fields.map(placeOf);
  const own = { value: placeOf(MATCHED.value), field: placeOf(MATCHED.field), type: placeOf(MATCHED.type) };
  return {
    matches(read, second, open) {
      const hits = look.hits((at) => read(places[at] as number), second);
      if (hits.length === 0) return NONE;
      const matches: ListMatch[] = [];
      let event: object | undefined;
      for (const { list, value, field, type } of hits) {
        const told = new Map<number, string>([
          [own.value, value],
          [own.field, field],
          [own.type, type],
        ]);
        for (const { rule, keeps } of byList.get(indicators.lists[list] ?? '') ?? []) {
          if (keeps) {
            event ??= open();
            if (!keeps(event)) continue;
          }
          matches.push({ rule, read: (place) => told.get(place) ?? read(place) });
        }
      }
      return matches;
    },
  };
}
