import type { Cluster } from './cluster.ts';

/**
 * Makes what this server wrote visible to its own searches: the cluster shows new documents only after a refresh. Refreshes
 * what changed, when somebody asks, and no more often than `everyMs`; beyond that the cluster's own interval (1 s) holds.
 */
export class Fresh {
  readonly #cluster: Cluster;
  readonly #everyMs: number;
  readonly #changed = new Set<string>();
  readonly #refreshedAt = new Map<string, number>();
  #refreshing: Promise<unknown> = Promise.resolve();

  constructor(cluster: Cluster, everyMs: number) {
    this.#cluster = cluster;
    this.#everyMs = everyMs;
  }

  /** Notes that something was written. */
  changed(indexes: readonly string[]): void {
    for (const index of indexes) this.#changed.add(index);
  }

  /** To be awaited before a search. */
  async before(indexes: readonly string[] | 'all'): Promise<void> {
    const now = performance.now();
    const due = [...this.#changed].filter(
      (index) =>
        (indexes === 'all' || indexes.includes(index)) &&
        now - (this.#refreshedAt.get(index) ?? Number.NEGATIVE_INFINITY) >= this.#everyMs,
    );
    if (due.length > 0) {
      for (const index of due) {
        this.#changed.delete(index);
        this.#refreshedAt.set(index, now);
      }
      const request = {
        method: 'POST',
        path: `/${due.join(',')}/_refresh`,
        query: { ignore_unavailable: true },
      } as const;
      this.#refreshing = Promise.all([this.#refreshing, this.#cluster.request(request)]).catch((error) => {
        this.changed(due);
        this.#refreshing = Promise.resolve();
        throw error;
      });
    }
    await this.#refreshing;
  }
}
