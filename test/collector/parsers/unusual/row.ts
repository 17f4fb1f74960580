/**
 * A line of an unusual shape: the parser that reads it (`auto` must too), what it must give by dotted names, and what must
 * not be in it, because the line does not say it.
 */
export type Row = readonly [
  parser: string,
  line: string,
  gives: Readonly<Record<string, unknown>>,
  lacks?: readonly string[],
];
