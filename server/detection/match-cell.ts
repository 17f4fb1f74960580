import type { ValueCount } from '../../rules/engine/measure.ts';
import type { EntityValues } from '../alerts/entities.ts';
import type { AgencyId } from '../identity.ts';

/**
 * Matches of one rule within one second (event time) of one stored batch that land on one alert row. Detection rules
 * give them to rows at once; a correlation first asks whether the second lies in a window that crosses its threshold.
 */
export interface MatchCell {
  /** Id of the rule whose alert it is: the detection rule, or the correlation that counts its matches. */
  readonly rule: string;
  readonly agency: AgencyId;
  /** Key of the correlation's own group; empty for a detection rule. */
  readonly group: string;
  /** Which step of the correlation it is (`rules/engine/correlation-plan.ts`); 0 for all else. */
  readonly step: number;
  /** Key of the alert row (of a rule of the province: `rowKey`), and the values that make it. */
  readonly row: string;
  readonly rowValues: Readonly<Record<string, string>>;
  /** Unix second. */
  readonly second: number;
  /** `firstSequence` of the stored batch. */
  readonly batch: number;
  readonly count: number;
  /** Event ids, to a cap of 100. */
  readonly events: readonly string[];
  /** Event times in milliseconds. */
  readonly first: number;
  readonly last: number;
  readonly entities: EntityValues;
  /** What a correlation of values measures of these matches (`rules/engine/correlation-values.ts`). */
  readonly values?: readonly ValueCount[];
}

/** Event ids kept of one cell. */
export const CELL_EVENTS = 100;
