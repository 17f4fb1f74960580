import type { Segment } from './segments.ts';

/** Whether a row satisfies a condition, by its place in a segment. */
export type RowTest = (segment: Segment, at: number) => boolean;

/** Rows whose number in a column is one of these. */
export function oneOf(column: number, ids: readonly number[]): RowTest {
  const wanted = new Uint8Array(ids.reduce((most, id) => Math.max(most, id), 0) + 1);
  for (const id of ids) wanted[id] = 1;
  return ({ columns }, at) => wanted[(columns[column] as Int32Array)[at] as number] === 1;
}

/** Rows that satisfy all; undefined where one part cannot be told from rows. */
export function allOf(parts: readonly (RowTest | undefined)[]): RowTest | undefined {
  if (!parts.every((part) => part !== undefined)) return undefined;
  const [only] = parts;
  if (parts.length === 1) return only;
  return (segment, at) => {
    for (const part of parts) if (!part(segment, at)) return false;
    return true;
  };
}

/** Rows that satisfy one of them; undefined where one part cannot be told from rows. */
export function anyOf(parts: readonly (RowTest | undefined)[]): RowTest | undefined {
  if (!parts.every((part) => part !== undefined)) return undefined;
  const [only] = parts;
  if (parts.length === 1) return only;
  return (segment, at) => {
    for (const part of parts) if (part(segment, at)) return true;
    return false;
  };
}

/** Rows that do not satisfy it. */
export function noneOf(part: RowTest | undefined): RowTest | undefined {
  return part && ((segment, at) => !part(segment, at));
}
