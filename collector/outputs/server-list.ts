const FIRST_BACKOFF_MS = 100;
const LAST_BACKOFF_MS = 15_000;
/** After so long at another server the first one is tried again. */
const RETURN_AFTER_MS = 600_000;

/**
 * Which of several servers to call: in order, with the one that works kept, and a pause between two tries that is random
 * from nothing to a bound that doubles with each round over all of them (full jitter).
 */
export class ServerList {
  readonly #servers: readonly [URL, ...URL[]];
  readonly #random: () => number;
  readonly #now: () => number;
  #at = 0;
  #backoffMs = FIRST_BACKOFF_MS;
  #failed = 0;
  #since = 0;

  constructor(
    servers: readonly [URL, ...URL[]],
    { random = Math.random, now = Date.now }: { readonly random?: () => number; readonly now?: () => number } = {},
  ) {
    this.#servers = servers;
    this.#random = random;
    this.#now = now;
  }

  /** The server to call now. */
  get current(): URL {
    return this.#servers[this.#at] ?? this.#servers[0];
  }

  /** The first one, where another is in use for so long that it should be tried again. */
  get toReturnTo(): URL | undefined {
    return this.#at > 0 && this.#now() - this.#since >= RETURN_AFTER_MS ? this.#servers[0] : undefined;
  }

  /** The server in use works. */
  worked(): void {
    if (this.#failed > 0 || this.#since === 0) this.#since = this.#now();
    this.#failed = 0;
    this.#backoffMs = FIRST_BACKOFF_MS;
  }

  /** The server in use does not work: gives how long to wait before the next one is called, in milliseconds. */
  failed(): number {
    this.#failed++;
    this.#at = (this.#at + 1) % this.#servers.length;
    const wait = this.#random() * this.#backoffMs;
    // Another server may be well: the bound grows when all of them were tried.
    if (this.#failed % this.#servers.length === 0) this.grow();
    return wait;
  }

  /** Doubles the bound of the pause, and gives what it was. */
  grow(): number {
    const before = this.#backoffMs;
    this.#backoffMs = Math.min(before * 2, LAST_BACKOFF_MS);
    return before;
  }

  /** True where nothing failed since the last success, or for the first time. */
  get isFirstFailure(): boolean {
    return this.#failed === 0;
  }

  /** The first one works again: it is called next. */
  goBack(): void {
    this.#at = 0;
    this.#since = this.#now();
  }

  /** The first one was tried again in vain: the one in use stays for as long again. */
  stay(): void {
    this.#since = this.#now();
  }
}
