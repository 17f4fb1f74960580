import type { FrameHeader } from '../../../ecs/wire.ts';
import { type DecodedFrame, isOthers, lineOfFrame, sourcesOfLines } from '../frame.ts';
import { ABSENT, BLOCK, COLUMN_FIELDS, FIRST_TERM, UNKNOWN } from './fields.ts';
import { GramBlock } from './gram-block.ts';
import { LineReader } from './line.ts';
import { ShapeTree, shapeStart } from './shape-tree.ts';
import { WordBlock } from './word-block.ts';

/** A batch with what its header says, before its lines are looked at. */
export interface BatchOrigin {
  readonly agency: string;
  readonly collector: string;
  readonly receivedAt: string;
  readonly body: Uint8Array;
}

/** A line that is no event, with the reason. */
export interface BadLine {
  readonly line: number;
  readonly reason: string;
  readonly text: string;
}

/**
 * A batch taken apart and checked, as what its events bring to a day's file: no statement was run for it, so that it can
 * be made in another thread. Values are numbered within the batch; the day's dictionaries give them their own numbers.
 */
export interface PreparedBatch extends BatchOrigin {
  readonly header: FrameHeader;
  /** `@timestamp` of each line in milliseconds. */
  readonly times: Float64Array<ArrayBuffer>;
  /** Shape of each line, by its place in `shapeTerms`; -1 where the line is no event. */
  readonly shapes: Int32Array<ArrayBuffer>;
  readonly shapeTerms: readonly string[];
  /** For each of the `COLUMN_FIELDS` the value of each line: `ABSENT`, `UNKNOWN`, or `FIRST_TERM` plus a place in its terms. */
  readonly columns: readonly Int32Array<ArrayBuffer>[];
  readonly columnTerms: readonly (readonly string[])[];
  /** First line of each block of at most `BLOCK` lines, and one more that is the number of lines. */
  readonly blocks: readonly number[];
  /** The words of all blocks as UTF-8, and where those of each block end. */
  readonly words: Uint8Array<ArrayBuffer>;
  readonly wordEnds: readonly number[];
  /** The texts of each block for the index of parts of words. */
  readonly grams: readonly string[];
  readonly badLines: readonly BadLine[];
  /** Lines that are other agencies', in a part of a frame: neither events nor bad. */
  readonly others: number;
}

/** Longest line kept of a dead letter, in characters. */
const DEAD_LETTER_LINE = 64 * 1024;

/** Takes batches apart, one after the other; it remembers what their lines have in common. */
export class BatchPreparer {
  readonly #reader = new LineReader();
  readonly #shapes = new ShapeTree();
  readonly #words = new WordBlock();
  readonly #grams = new GramBlock();

  /** `frame`: the batch's body, opened. */
  prepare(batch: BatchOrigin, frame: DecodedFrame): PreparedBatch {
    const { header } = frame;
    const sources = sourcesOfLines(header);
    const idStart = `${header.day}-${batch.collector}-${header.epoch}-`;
    const reader = this.#reader;
    const times = new Float64Array(sources.length);
    const shapes = new Int32Array(sources.length).fill(-1);
    const columns = COLUMN_FIELDS.map(() => new BatchTerms(sources.length));
    const texts = new BlockTexts(this.#words, this.#grams);
    const badLines: BadLine[] = [];
    let sourceBefore: string | undefined;
    let start = '';
    let others = 0;
    for (const [at, source] of sources.entries()) {
      texts.next(at);
      if (isOthers(frame, at)) {
        others++;
        continue;
      }
      const reason = reader.read(frame, at, `${idStart}${header.first + at}-`);
      if (reason !== undefined) {
        badLines.push({ line: at, reason, text: lineOfFrame(frame, at).slice(0, DEAD_LETTER_LINE) });
        continue;
      }
      if (source !== sourceBefore) start = shapeStart(batch.agency, batch.collector, source);
      sourceBefore = source;
      times[at] = reader.ts;
      shapes[at] = this.#shapes.placeOf(reader, start);
      for (let index = 0; index < columns.length; index++) {
        (columns[index] as BatchTerms).set(at, reader.columnTerm(index));
      }
      reader.addTexts(this.#words, this.#grams);
    }
    const { agency, collector, receivedAt, body } = batch;
    return {
      ...{ agency, collector, receivedAt, body, header, times, shapes, badLines, others },
      shapeTerms: this.#shapes.take(),
      columns: columns.map(({ places }) => places),
      columnTerms: columns.map(({ terms }) => terms),
      ...texts.end(sources.length),
    };
  }
}

/** The values of one column in a batch. */
class BatchTerms {
  readonly terms: string[] = [];
  readonly places: Int32Array<ArrayBuffer>;
  readonly #known = new Map<string, number>();

  constructor(lines: number) {
    this.places = new Int32Array(lines);
  }

  /** `term`: JSON of the value; `undefined` for absent, `null` for what a dictionary cannot hold. */
  set(line: number, term: string | null | undefined): void {
    if (term === undefined) this.places[line] = ABSENT;
    else if (term === null) this.places[line] = UNKNOWN;
    else {
      let place = this.#known.get(term);
      if (place === undefined) {
        place = FIRST_TERM + this.terms.length;
        this.#known.set(term, place);
        this.terms.push(term);
      }
      this.places[line] = place;
    }
  }
}

/** Gathers what the indexes of words and of parts of words get of a batch, block by block. */
class BlockTexts {
  readonly #words: WordBlock;
  readonly #grams: GramBlock;
  readonly #blocks: number[] = [];
  readonly #pieces: Uint8Array[] = [];
  readonly #gramTexts: string[] = [];

  /** What is in them of a batch that failed half way is left away. */
  constructor(words: WordBlock, grams: GramBlock) {
    this.#words = words;
    this.#grams = grams;
    words.clear();
    grams.take();
  }

  /** Before the texts of a line are added. */
  next(line: number): void {
    const first = this.#blocks.at(-1);
    if (first !== undefined && line - first < BLOCK && !this.#words.isFull) return;
    if (first !== undefined) this.#close();
    this.#blocks.push(line);
  }

  end(lines: number): Pick<PreparedBatch, 'blocks' | 'words' | 'wordEnds' | 'grams'> {
    if (lines > 0) this.#close();
    const words = new Uint8Array(this.#pieces.reduce((sum, { length }) => sum + length, 0));
    const wordEnds: number[] = [];
    let at = 0;
    for (const piece of this.#pieces) {
      words.set(piece, at);
      at += piece.length;
      wordEnds.push(at);
    }
    return { blocks: [...this.#blocks, lines], words, wordEnds, grams: this.#gramTexts };
  }

  #close(): void {
    this.#pieces.push(this.#words.take());
    this.#gramTexts.push(this.#grams.take());
  }
}
