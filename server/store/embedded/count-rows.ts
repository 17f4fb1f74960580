import { fieldTexts } from '../field-values.ts';
import type { Budget } from './budget.ts';
import { countSegments, type GiveCount, type Intervals } from './count-segments.ts';
import type { DayReader } from './day-reader.ts';
import type { IndexedField } from './indexed-field.ts';
import { readDocument } from './matches.ts';
import type { Plan } from './plan.ts';
import { mayHold } from './rows.ts';
import type { ValueSums } from './value-numbers.ts';

/** Is told of events of one interval: how many there are with these values. */
export type Take = (bucket: number, texts: readonly string[], events: number) => void;

/** What is counted, and in which intervals (milliseconds). */
export interface Counted extends Intervals {
  readonly field: string;
}

/**
 * Tells of the events of a day that a plan is exact for, by interval, how many there are with each value. What is all in
 * one interval is added to `sums` where there are any, for who asks several days. Gives whether all were seen.
 */
export function eachGroup(
  reader: DayReader,
  held: IndexedField,
  plan: Plan,
  counted: Counted,
  budget: Budget,
  take: Take,
  sums?: ValueSums,
): boolean {
  const numbers = held.values.numbersIn(reader);
  const unknown = new Set<number>();
  const give: GiveCount = (bucket, id, events) => {
    const number = numbers(id);
    if (number === 0) unknown.add(id);
    else if (sums) sums.add(number, events);
    else take(bucket, held.values.texts(number), events);
  };
  const whole = countSegments(reader, held.place, plan, counted, budget, give);
  return (unknown.size === 0 || eachUnknown(reader, held.place, unknown, plan, counted, budget, take)) && whole;
}

/** What the dictionary cannot hold is read from the documents. */
function eachUnknown(
  reader: DayReader,
  place: number,
  unknown: ReadonlySet<number>,
  plan: Plan,
  { field, from, to, interval }: Counted,
  budget: Budget,
  take: Take,
): boolean {
  for (const info of reader.segments.byTime) {
    if (info.minTs >= to || info.maxTs < from || !mayHold(info.counts, plan.shapes)) continue;
    const segment = reader.segments.open(info);
    const rows = plan.rows(segment);
    if (rows === 'none') continue;
    const { times, length } = segment;
    const ids = segment.ids(place);
    for (let at = 0; at < length; at++) {
      if ((rows !== 'all' && rows[at] === 0) || !unknown.has(ids[at] as number)) continue;
      const ts = info.minTs + (times[at] as number);
      if (ts < from || ts >= to) continue;
      const document = readDocument(reader, segment.sequence(at));
      if (document) take(Math.floor((ts - from) / interval), fieldTexts(document, field), 1);
      if (budget.document()) return false;
    }
  }
  return true;
}
