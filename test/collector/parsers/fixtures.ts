import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { parseLine } from '../../../collector/parsers/index.ts';
import type { ParseContext } from '../../../collector/record.ts';

const FOLDER = new URL('../../fixtures/parsers/', import.meta.url);

/** The clock and zone all fixtures are read with. */
export const CONTEXT: ParseContext = { now: Date.parse('2026-11-22T12:00:00Z'), timeZone: 'Asia/Ho_Chi_Minh' };

/** One fixture folder: lines and what each must become, as JSON values. */
export interface Fixture {
  readonly parser: string;
  readonly lines: readonly string[];
  readonly expected: readonly unknown[];
}

/** What a line becomes once it has been through JSON, as it travels. */
export function parsed(line: string, parser: string, context = CONTEXT): Record<string, unknown> {
  return JSON.parse(JSON.stringify(parseLine(line, parser, context)));
}

/** Records of many lines, an empty line between them, and what each must become; most parsers have none. */
function joinedRecords(parser: string): { readonly lines: readonly string[]; readonly expected: readonly unknown[] } {
  const records = new URL(`${parser}/records.log`, FOLDER);
  if (!existsSync(records)) return { lines: [], expected: [] };
  const expected = JSON.parse(readFileSync(new URL(`${parser}/records-expected.json`, FOLDER), 'utf8'));
  return { lines: readFileSync(records, 'utf8').trimEnd().split('\n\n'), expected };
}

/** Every fixture folder. */
export function fixtures(): readonly Fixture[] {
  return readdirSync(FOLDER)
    .sort()
    .map((parser) => {
      const expected = new URL(`${parser}/expected.json`, FOLDER);
      const lines = readFileSync(new URL(`${parser}/input.log`, FOLDER), 'utf8')
        .trimEnd()
        .split('\n');
      const joined = joinedRecords(parser);
      return {
        parser,
        lines: [...lines, ...joined.lines],
        expected: [...(existsSync(expected) ? JSON.parse(readFileSync(expected, 'utf8')) : []), ...joined.expected],
      };
    });
}
