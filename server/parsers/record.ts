/** A parser written in the console; its id is its name. */
export interface ParserRecord {
  readonly title: string;
  readonly dataset: string;
  readonly yaml: string;
  /** Rises with each wording. */
  readonly version: number;
  /** Groups of collectors that it is sent to, with their policy. */
  readonly groups: readonly string[];
  readonly updatedAt: string;
  readonly updatedBy: string;
}

/** One wording of a parser; its id is `<name>:<version>`. */
export interface ParserVersionRecord {
  readonly parser: string;
  readonly version: number;
  readonly yaml: string;
  readonly at: string;
  readonly by: string;
}
