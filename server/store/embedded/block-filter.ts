import type { StatementSync } from 'node:sqlite';
import type { DayReader } from './day-reader.ts';
import { BLOCK } from './fields.ts';
import type { Plan } from './plan.ts';
import type { Rows } from './rows.ts';
import type { Segment, SegmentInfo } from './segments.ts';

/** Blocks of a day that are all fetched at once where no more match; of common words they are asked segment by segment. */
const FEW = 5_000;
const VERY_FEW = 4;

/** What an index says of a condition: all of its blocks, or how to ask for those of a stretch of sequences. */
interface Asked {
  readonly blocks: readonly number[] | undefined;
  readonly between: StatementSync;
  readonly expression: string;
}

/** Leaves out events in whose block the words, or parts of words, of a condition are not. */
export class BlockFilter {
  readonly #asked: readonly Asked[];

  private constructor(asked: readonly Asked[]) {
    this.#asked = asked;
  }

  /** Undefined where no index says anything of the plan. */
  static of(reader: DayReader, plan: Plan): BlockFilter | undefined {
    const asked: Asked[] = [];
    if (plan.words !== undefined) asked.push(ask(reader, 'words', plan.words));
    // Where words leave few blocks, opening those costs less than asking once more.
    const isFew = (asked[0]?.blocks?.length ?? FEW) <= VERY_FEW;
    if (plan.grams !== undefined && !isFew) asked.push(ask(reader, 'grams', plan.grams));
    return asked.length === 0 ? undefined : new BlockFilter(asked);
  }

  mayHold({ first, last }: SegmentInfo): boolean {
    return this.#asked.every(({ blocks }) => {
      const next = blocks?.[firstFrom(blocks, first - BLOCK + 1)];
      return !blocks || (next !== undefined && next <= last);
    });
  }

  /** The events of these that are in blocks of all indexes. */
  narrow(segment: Segment, rows: Rows): Rows {
    let found = rows;
    for (const asked of this.#asked) {
      found = within(segment, blocksOf(asked, segment.info), found);
      if (found === 'none') break;
    }
    return found;
  }
}

type Table = 'words' | 'grams';

function ask(reader: DayReader, table: Table, expression: string): Asked {
  const all = reader.statement(`SELECT rowid FROM ${table} WHERE ${table} MATCH ? LIMIT ${FEW + 1}`);
  const between = reader.statement(`SELECT rowid FROM ${table} WHERE ${table} MATCH ? AND rowid BETWEEN ? AND ?`);
  for (const statement of [all, between]) statement.setReturnArrays(true);
  const found = numbersOf(all.all(expression));
  return { blocks: found.length > FEW ? undefined : found, between, expression };
}

function blocksOf({ blocks, between, expression }: Asked, { first, last }: SegmentInfo): readonly number[] {
  // A block may begin in the segment before.
  const from = first - BLOCK + 1;
  if (!blocks) return numbersOf(between.all(expression, from, last));
  return blocks.slice(firstFrom(blocks, from), firstFrom(blocks, last + 1));
}

function numbersOf(rows: unknown): number[] {
  return (rows as [number][]).map(([number]) => number);
}

/** The events of these that lie in blocks. */
function within(segment: Segment, blocks: readonly number[], rows: Rows): Rows {
  if (blocks.length === 0) return 'none';
  const inside = new Uint8Array(segment.length);
  for (const first of blocks) inside.fill(1, segment.placeOf(first), segment.placeOf(first + BLOCK));
  if (rows === 'none') return rows;
  if (rows !== 'all')
    for (let at = 0; at < inside.length; at++) inside[at] = (inside[at] as number) & (rows[at] as number);
  return inside;
}

/** Index of the first block from a sequence on; blocks come in the order of sequences. */
function firstFrom(blocks: readonly number[], sequence: number): number {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((blocks[middle] as number) < sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}
