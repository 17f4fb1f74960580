/** A batch as a list names it. */
export interface ListedBatch {
  readonly first: number;
  readonly last: number;
  /** `<collector>-<epoch>`. */
  readonly stream: string;
  /** Sequence of the frame's first line in the stream. */
  readonly frameFirst: number;
  /** SHA-256 over its provenance and the lines stored of it. */
  readonly content: string;
  /** SHA-256 over line and time of its rows. */
  readonly rows: string;
}

/** A dead letter as a list names it. */
export interface ListedDeadLetter {
  readonly stream: string;
  readonly sequence: number;
  readonly content: string;
}

/** What a list holds. */
export interface DayList {
  readonly batches: readonly ListedBatch[];
  readonly deadLetters: readonly ListedDeadLetter[];
}

const BATCH = /^B (\d{1,16}) (\d{1,16}) ([a-z0-9]{4,32}-[0-9a-f]{8}) (\d{1,15}) ([0-9a-f]{64}) ([0-9a-f]{64})$/;
const DEAD_LETTER = /^D ([a-z0-9]{4,32}-[0-9a-f]{8}) (\d{1,15}) ([0-9a-f]{64})$/;

/** The text of a list: one line a batch in order of sequence, then one a dead letter. */
export function formatList({ batches, deadLetters }: DayList): string {
  const lines = [
    ...batches.map((b) => `B ${b.first} ${b.last} ${b.stream} ${b.frameFirst} ${b.content} ${b.rows}`),
    ...deadLetters.map((d) => `D ${d.stream} ${d.sequence} ${d.content}`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** Reads a list; undefined where a line is not of this form. */
export function parseList(text: string): DayList | undefined {
  const batches: ListedBatch[] = [];
  const deadLetters: ListedDeadLetter[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const batch = BATCH.exec(line);
    const dead = batch ? null : DEAD_LETTER.exec(line);
    if (batch) {
      const [, first, last, stream = '', frameFirst, content = '', rows = ''] = batch;
      batches.push({ first: Number(first), last: Number(last), stream, frameFirst: Number(frameFirst), content, rows });
    } else if (dead) {
      deadLetters.push({ stream: dead[1] ?? '', sequence: Number(dead[2]), content: dead[3] ?? '' });
    } else return undefined;
  }
  return { batches, deadLetters };
}
