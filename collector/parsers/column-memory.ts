const MOST_FILES = 1_000;
const MOST_COLUMNS = 200;

/**
 * Remembers the columns that a file's own header named, by the file and a kind of record, so that the lines behind it
 * can be read. Holds the thousand files named last.
 */
export class ColumnMemory {
  readonly #columns = new Map<string, readonly string[]>();

  remember(path: string | undefined, columns: readonly string[]): void {
    const key = path ?? '';
    this.#columns.delete(key);
    this.#columns.set(key, columns.slice(0, MOST_COLUMNS));
    const [oldest] = this.#columns.keys();
    if (this.#columns.size > MOST_FILES && oldest !== undefined) this.#columns.delete(oldest);
  }

  /** The columns of a file, if a line with that many values can have them. */
  of(path: string | undefined, values: number): readonly string[] | undefined {
    const columns = this.#columns.get(path ?? '');
    return columns?.length === values ? columns : undefined;
  }
}
