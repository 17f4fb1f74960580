import type { Cluster } from './cluster.ts';

interface CounterAnswer {
  readonly found?: boolean;
  readonly _seq_no: number;
  readonly _primary_term: number;
  readonly _source: { readonly value: number };
}

const MOST_TRIES = 50;

/** Numbers kept in the cluster, each in a document of its own. */
export class Counters {
  readonly #cluster: Cluster;
  readonly #index: string;

  constructor(cluster: Cluster, index: string) {
    this.#cluster = cluster;
    this.#index = index;
  }

  /** 0 where nothing was counted yet. Sees what was written last, without a refresh. */
  async read(name: string): Promise<number> {
    return (await this.#get(name))?._source.value ?? 0;
  }

  /** Adds to a counter and gives its new value; of several at once each gets another. */
  add(name: string, by: number): Promise<number> {
    return this.#change(name, (value) => value + by);
  }

  /** Raises a counter to a value, or leaves it where it is higher; gives what it is then. */
  raise(name: string, to: number): Promise<number> {
    return this.#change(name, (value) => Math.max(value, to));
  }

  async #change(name: string, next: (value: number) => number): Promise<number> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const known = await this.#get(name);
      const value = next(known?._source.value ?? 0);
      if (known && value === known._source.value) return value;
      const answer = await this.#cluster.request({
        method: 'PUT',
        path: known
          ? `/${this.#index}/_doc/${encodeURIComponent(name)}`
          : `/${this.#index}/_create/${encodeURIComponent(name)}`,
        query: known ? { if_seq_no: known._seq_no, if_primary_term: known._primary_term } : {},
        body: { value },
        accept: [409],
      });
      if (answer.status !== 409) return value;
    }
    throw new Error(`The counter ${name} is changed by others all the time.`);
  }

  async #get(name: string): Promise<CounterAnswer | undefined> {
    const path = `/${this.#index}/_doc/${encodeURIComponent(name)}`;
    const { body } = await this.#cluster.request<CounterAnswer>({ method: 'GET', path, accept: [404] });
    return body.found ? body : undefined;
  }
}
