/** Most scalars of one line; what has more is left to the caller. */
const MOST_LEAVES = 10_000;

/** Where the scalars of one line stand, and the fields that were asked for. */
export class LineValues {
  /** How each scalar stands in the text (`tokens.ts`), which field it is, and where it begins and ends. */
  readonly leafKinds: Uint8Array = new Uint8Array(MOST_LEAVES);
  /** Number of the field, `-2 - n` where it is in the list of field `n`, -1 for one that nobody asked for. */
  readonly leafFields: Int32Array = new Int32Array(MOST_LEAVES);
  readonly leafStarts: Int32Array = new Int32Array(MOST_LEAVES);
  readonly leafEnds: Int32Array = new Int32Array(MOST_LEAVES);
  count = 0;
  /** The same by field, objects and lists among them; where `turns` is not `turn`, the line does not have the field. */
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly turns: Int32Array;
  turn = 0;

  constructor(fields: number) {
    this.kinds = new Uint8Array(fields);
    this.starts = new Int32Array(fields);
    this.ends = new Int32Array(fields);
    this.turns = new Int32Array(fields);
  }

  begin(): void {
    this.turn++;
    this.count = 0;
  }

  /** Adds a scalar; `field` -1 for none, `within` as `leafFields` has it. False where there are too many, or the field has a value already. */
  add(kind: number, start: number, end: number, field: number, within: number): boolean {
    const leaf = this.count;
    if (leaf >= MOST_LEAVES) return false;
    this.leafKinds[leaf] = kind;
    this.leafStarts[leaf] = start;
    this.leafEnds[leaf] = end;
    this.leafFields[leaf] = field >= 0 ? field : within;
    this.count = leaf + 1;
    return field < 0 || this.set(field, kind, start, end);
  }

  /** False where the field has a value in this line already, under another of its names. */
  set(field: number, kind: number, start: number, end: number): boolean {
    if (this.turns[field] === this.turn) return false;
    this.turns[field] = this.turn;
    this.kinds[field] = kind;
    this.starts[field] = start;
    this.ends[field] = end;
    return true;
  }
}
