import { KnownText } from './json-bytes.ts';
import type { LineValues } from './line-values.ts';
import { COMPOSITE, SCALAR, type Tokens } from './tokens.ts';

/** Where a step leads: to a string, to another scalar, to the end of the line. */
const STRING = 0;
const OTHER = 1;
const END = 2;

/** A way from one value of a line to the next: the text between, the same in all lines of one form. */
interface Step {
  readonly between: KnownText;
  readonly to: number;
  /** As `LineValues.leafFields` has it. */
  readonly field: number;
  /** Objects and lists among the fields that begin or end in the text between: field, place, and whether it begins there. */
  readonly edges: readonly (readonly [field: number, at: number, begins: boolean])[];
  readonly steps: Step[];
}

/** Steps remembered in all, ways on from one step, and bytes between two values. */
const MOST_STEPS = 8_192;
const MOST_WAYS = 12;
const LONGEST_BETWEEN = 512;
/** Where forms hardly come again, one line in so many is remembered, at the most. */
const MOST_EVERY = 256;

/** Where fewer than four in five lines of late had a known form, only one line in so many is compared with them. */
const TRIED_EVERY = 16;
const MOST_SCORE = 64;
const LOST = 4;

/** The forms of lines seen of late: lines of one source differ in their values, hardly in what is between. */
export class LineForms {
  #forms: Step[] = [];
  #steps = 0;
  /** Lines since the forms were cleared whose form was known, and whose was not; of these, every how many is remembered. */
  #known = 0;
  #unknown = 0;
  #every = 1;
  /** Rises with each line whose form was known, and falls with each whose form was not. */
  #score = MOST_SCORE;
  #skipped = 0;

  /** Reads a line whose form is known; between its values only the known text is compared. False where it is not. */
  follow(tokens: Tokens, values: LineValues): boolean {
    if (this.#score < 0 && ++this.#skipped % TRIED_EVERY !== 0) return false;
    const known = this.#compare(tokens, values);
    this.#score = known ? Math.min(MOST_SCORE, this.#score + 1) : Math.max(-MOST_SCORE, this.#score - LOST);
    return known;
  }

  #compare(tokens: Tokens, values: LineValues): boolean {
    const { text, end: lineEnd } = tokens;
    values.begin();
    let steps = this.#forms;
    let at = tokens.start;
    next: for (;;) {
      for (let way = 0; way < steps.length; way++) {
        const step = steps[way] as Step;
        const { between, to, field } = step;
        const from = at + between.length;
        if (from > lineEnd || !between.isAt(text, at)) continue;
        let end = from;
        let kind = SCALAR;
        if (to === STRING) {
          end = tokens.string(from);
          if (end < 0) return false;
          kind = tokens.stringForm;
        } else if (to === OTHER) {
          end = tokens.literal(from);
          if (end < 0) continue;
        } else if (from !== lineEnd) continue;
        if (step.edges.length > 0) mark(step, at, values);
        if (way > 0) {
          // What came last is tried a place earlier the next time.
          steps[way] = steps[way - 1] as Step;
          steps[way - 1] = step;
        }
        if (to === END) {
          this.#known++;
          return true;
        }
        values.add(kind, from, end, field >= 0 ? field : -1, field);
        steps = step.steps;
        at = end;
        continue next;
      }
      return false;
    }
  }

  /** Remembers the form of the line that was just read. */
  remember(tokens: Tokens, values: LineValues): void {
    if (this.#unknown++ % this.#every !== 0) return;
    if (this.#steps + values.count > MOST_STEPS) this.#clear();
    const { bytes } = tokens.text;
    const edges = edgesOf(values);
    let steps = this.#forms;
    let at = tokens.start;
    for (let leaf = 0; leaf <= values.count; leaf++) {
      const last = leaf === values.count;
      const from = last ? tokens.end : (values.leafStarts[leaf] as number);
      if (from - at > LONGEST_BETWEEN) return;
      const between = bytes.subarray(at, from);
      const to = last ? END : (values.leafKinds[leaf] as number) < SCALAR ? STRING : OTHER;
      let step = steps.find((known) => known.to === to && between.equals(known.between.bytes));
      if (!step) {
        if (steps.length >= MOST_WAYS) return;
        const own = edges.filter(([, place, begins]) => place <= from && (place > at || (begins && place === at)));
        step = {
          // A copy: it must not hold on to the text that it is cut from.
          between: new KnownText(Buffer.from(between)),
          to,
          field: last ? -1 : (values.leafFields[leaf] as number),
          edges: own.map(([field, place, begins]) => [field, place - at, begins] as const),
          steps: [],
        };
        steps.push(step);
        this.#steps++;
      }
      steps = step.steps;
      at = last ? from : (values.leafEnds[leaf] as number);
    }
  }

  #clear(): void {
    // Where most lines were of a known form, the lines have changed; else their forms have no end.
    const useful = this.#known > 4 * this.#unknown;
    this.#every = useful ? 1 : Math.min(MOST_EVERY, 4 * this.#every);
    this.#forms = [];
    this.#steps = 0;
    this.#known = 0;
    this.#unknown = 1;
  }
}

function mark({ edges }: Step, at: number, values: LineValues): void {
  for (let index = 0; index < edges.length; index++) {
    const [field, place, begins] = edges[index] as readonly [number, number, boolean];
    if (begins) values.starts[field] = at + place;
    else {
      values.ends[field] = at + place;
      values.kinds[field] = COMPOSITE;
      values.turns[field] = values.turn;
    }
  }
}

/** Where the objects and lists among the fields begin and end. */
function edgesOf({ kinds, turns, turn, starts, ends }: LineValues): [field: number, at: number, begins: boolean][] {
  const edges: [field: number, at: number, begins: boolean][] = [];
  for (let field = 0; field < kinds.length; field++) {
    if (turns[field] !== turn || kinds[field] !== COMPOSITE) continue;
    edges.push([field, starts[field] as number, true], [field, ends[field] as number, false]);
  }
  return edges;
}
