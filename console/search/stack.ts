import type { HistogramAnswer } from '../../server/search/schema.ts';

/** One part of each bar. */
export interface Band {
  readonly kind: 'all' | 'value' | 'others' | 'absent';
  readonly value: string | undefined;
  /** A colour of `tokens.css`. */
  readonly colour: string;
  /** By interval. */
  readonly counts: readonly number[];
}

const COLOURS = 6;

/** The parts of the bars from the lowest on; one for all where the answer is not divided. */
export function bandsOf({ buckets, stack }: HistogramAnswer): readonly Band[] {
  if (!stack) {
    const counts = buckets.map(({ count }) => count);
    return [{ kind: 'all', value: undefined, colour: '--accent', counts }];
  }
  const values = stack.values.map((value, at): Band => {
    const counts = stack.buckets.map((bucket) => bucket.counts[at] ?? 0);
    return { kind: 'value', value, colour: `--stack-${(at % COLOURS) + 1}`, counts };
  });
  const rest = (kind: 'others' | 'absent', counts: readonly number[]): Band => {
    return { kind, value: undefined, colour: kind === 'others' ? '--stack-others' : '--stack-absent', counts };
  };
  const others = stack.buckets.map(({ other }) => other);
  const absent = stack.buckets.map((bucket) => bucket.absent);
  return [...values, rest('others', others), rest('absent', absent)];
}

/** For each part, how high its top lies: its own counts on those of the parts below it. */
export function stacked(bands: readonly Band[]): number[][] {
  const tops: number[][] = [];
  for (const { counts } of bands) {
    const below = tops.at(-1);
    tops.push(counts.map((count, at) => count + (below?.[at] ?? 0)));
  }
  return tops;
}
