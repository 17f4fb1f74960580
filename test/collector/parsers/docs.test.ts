import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PARSER_NAMES } from '../../../collector/parsers/index.ts';
import { CUSTOM_ROOTS } from '../../../ecs/fields.ts';
import { fixtures } from './fixtures.ts';

const PAGE = readFileSync(new URL('../../../docs/parsers.md', import.meta.url), 'utf8');
/** What every event may have, and the page's heading says of all. */
const EVERYWHERE = new Set(['@timestamp', 'message', 'event', 'related', 'host', 'log', 'haidang']);
/** ECS fields of these two are those of what they hand on. */
const HANDED_ON = new Set(['json', 'syslog']);

/** The cells of a parser's row in the table of all parsers. */
function rowOf(parser: string): string[] | undefined {
  const line = PAGE.split('\n').find((each) => each.startsWith(`| \`${parser}\` |`));
  return line?.split(' | ');
}

describe('the table of all parsers', () => {
  it('has a full row for each, and for no others', () => {
    const named = PAGE.split('## What holds')[0]?.matchAll(/^\| `([a-z-]+)` \|/gm) ?? [];
    expect([...named].map((found) => found[1]).sort()).toEqual([...PARSER_NAMES].sort());
    for (const parser of PARSER_NAMES) expect([parser, rowOf(parser)?.length]).toEqual([parser, 5]);
  });

  it.each(fixtures().filter(({ parser }) => !HANDED_ON.has(parser)))(
    'names the fields of $parser',
    ({ parser, expected }) => {
      const set = new Set(expected.flatMap((event) => Object.keys(event as object)));
      const cell = rowOf(parser)?.[3] ?? '';
      const unnamed = [...set].filter(
        (root) => !EVERYWHERE.has(root) && !CUSTOM_ROOTS.has(root) && !cell.includes(root),
      );
      // A process that the syslog header names is the header's.
      expect(unnamed.filter((root) => root !== 'process')).toEqual([]);
    },
  );
});
