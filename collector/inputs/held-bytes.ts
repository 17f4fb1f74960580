/** What one connection holds of unfinished messages, in bytes. */
export interface Share {
  /** Says what it holds now. */
  set(bytes: number): void;
  /** It holds nothing any more, and is not asked again. */
  close(): void;
}

interface Holder {
  bytes: number;
  readonly letGo: () => void;
}

/** Most bytes that unfinished messages of all connections of one port may take together: 32 MiB. */
export const MOST_HELD = 32 * 1024 * 1024;

/**
 * Bounds what the connections of one port hold together. Past the bound the one that holds most is let go, so that a
 * few senders that never finish a message cannot keep the others from sending.
 */
export class HeldBytes {
  readonly #limit: number;
  readonly #holders = new Set<Holder>();
  #total = 0;

  constructor(limit: number = MOST_HELD) {
    this.#limit = limit;
  }

  /** Bytes held now, by all connections. */
  get total(): number {
    return this.#total;
  }

  /** Opens the share of a connection; `letGo` is called at most once, when it holds too much. */
  open(letGo: () => void): Share {
    const holder: Holder = { bytes: 0, letGo };
    this.#holders.add(holder);
    return {
      set: (bytes) => {
        if (!this.#holders.has(holder)) return;
        this.#total += bytes - holder.bytes;
        holder.bytes = bytes;
        while (this.#total > this.#limit) this.#letGoLargest();
      },
      close: () => this.#close(holder),
    };
  }

  #letGoLargest(): void {
    let largest: Holder | undefined;
    for (const holder of this.#holders) if (!largest || holder.bytes > largest.bytes) largest = holder;
    if (!largest) return;
    this.#close(largest);
    largest.letGo();
  }

  #close(holder: Holder): void {
    if (!this.#holders.delete(holder)) return;
    this.#total -= holder.bytes;
    holder.bytes = 0;
  }
}
