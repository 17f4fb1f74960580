import { randomBytes } from 'node:crypto';
import type { Indicator } from '../../rules/indicators/indicator.ts';
import { type SharedTable, TableBuilder } from '../../rules/indicators/table.ts';
import { readListFile } from './list-files.ts';

/** A table of several lists, and of each one value that counts longest, for its rule's self-test. */
export interface BuiltTable {
  readonly table: SharedTable;
  /** In the order of the files; undefined where nothing of the list counts any more. */
  readonly known: readonly (Pick<Indicator, 'type' | 'value'> | undefined)[];
  /** Files that could not be read, by their place. */
  readonly failed: readonly { readonly list: number; readonly reason: string }[];
}

/** Builds the table of lists from their files; `now` in unix seconds. What has ended by then is left out. */
export async function buildTable(files: readonly string[], now: number): Promise<BuiltTable> {
  const builder = new TableBuilder(randomBytes(4).readUInt32LE());
  const known: (Pick<Indicator, 'type' | 'value'> | undefined)[] = [];
  const failed: { list: number; reason: string }[] = [];
  for (const [list, file] of files.entries()) {
    let longest: Indicator | undefined;
    try {
      for await (const indicator of readListFile(file)) {
        const { expires } = indicator;
        if (expires !== 0 && expires <= now) continue;
        builder.add(indicator, list);
        if (!longest || (longest.expires !== 0 && (expires === 0 || expires > longest.expires))) longest = indicator;
      }
    } catch (error) {
      failed.push({ list, reason: error instanceof Error ? error.message : String(error) });
    }
    known.push(longest && { type: longest.type, value: longest.value });
  }
  return { table: builder.finish(), known, failed };
}
