import type { Cluster } from './cluster.ts';

const SHARED_MS = 1_000;

/**
 * Makes what this server wrote visible to its own searches: the cluster shows new documents only after a refresh. Refreshes
 * what changed, when somebody asks, and no more often than `everyMs`; and what other servers write to, no more often than
 * once a second. Beyond that the cluster's own interval holds.
 */
export class Fresh {
  readonly #cluster: Cluster;
  readonly #everyMs: number;
  readonly #shared: string | undefined;
  readonly #changed = new Set<string>();
  readonly #refreshedAt = new Map<string, number>();
  #refreshing: Promise<unknown> = Promise.resolve();

  /** `shared`: an index or alias that other servers write to, and whose own interval is long. */
  constructor(cluster: Cluster, everyMs: number, shared?: string) {
    this.#shared = shared;
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
    const shared = this.#shared;
    if (shared && now - (this.#refreshedAt.get(shared) ?? Number.NEGATIVE_INFINITY) >= SHARED_MS)
      this.#changed.add(shared);
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
