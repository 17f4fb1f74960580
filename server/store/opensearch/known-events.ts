import type { Cluster } from './cluster.ts';
import { getMany } from './get-many.ts';
import { dayIndex, type IndexNames } from './indexes.ts';
import type { PreparedBatch, PreparedEvent } from './prepare.ts';

const MOST_STREAMS = 10_000;
const NONE: ReadonlySet<string> = new Set();

/**
 * Tells which events of a batch are stored already, before they are numbered. A batch that goes on where this server's
 * last one of the same collector ended is new; of any other, the cluster is asked. What slips through is found when it
 * is written.
 */
export class KnownEvents {
  readonly #cluster: Cluster;
  readonly #names: IndexNames;
  /** Where the last batch of each collector, epoch, day and agency ended. */
  readonly #ends = new Map<string, number>();

  constructor(cluster: Cluster, names: IndexNames) {
    this.#cluster = cluster;
    this.#names = names;
  }

  /** For each batch, the ids of its events that are stored, or stand in a batch before it. */
  async of(batches: readonly PreparedBatch[]): Promise<ReadonlySet<string>[]> {
    const goOn = batches.map((batch) => this.#goesOn(batch));
    // Then none of them can overlap.
    if (goOn.every((goes) => goes)) return batches.map(() => NONE);
    const seen = new Set<string>();
    const known: ReadonlySet<string>[] = [];
    for (const [at, batch] of batches.entries()) {
      const events = batch.lines.filter((line) => line.kind === 'event');
      const stored = goOn[at] ? new Set<string>() : await this.#ask(batch, events);
      for (const { id } of events) {
        if (seen.has(id)) stored.add(id);
        else seen.add(id);
      }
      known.push(stored);
    }
    return known;
  }

  /** After a failure nothing is sure. */
  forget(): void {
    this.#ends.clear();
  }

  #goesOn({ batch, lines, first, last }: PreparedBatch): boolean {
    const [line] = lines;
    if (!line) return true;
    // Frames of several agencies come as one batch for each, all with the same place.
    const stream = `${line.id.slice(0, line.id.lastIndexOf('-'))} ${batch.agency}`;
    const goesOn = this.#ends.get(stream) === first - 1;
    this.#ends.delete(stream);
    this.#ends.set(stream, last);
    if (this.#ends.size > MOST_STREAMS) this.#ends.delete(this.#ends.keys().next().value ?? '');
    return goesOn;
  }

  async #ask({ day }: PreparedBatch, events: readonly PreparedEvent[]): Promise<Set<string>> {
    if (events.length === 0) return new Set();
    const ids = events.map(({ id }) => id);
    const asked = { source: false, filter: 'docs.found' } as const;
    const docs = await getMany(this.#cluster, dayIndex(this.#names, day), ids, asked);
    return new Set(ids.filter((_, at) => docs[at]?.found));
  }
}
