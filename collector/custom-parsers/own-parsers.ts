import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OwnParsers } from '../parsers/index.ts';
import { type CheckedParser, loadParser } from './check.ts';
import type { CustomParser } from './compile.ts';

/** Bounds of what a collector takes. */
export const OWN_PARSER_LIMITS = { parsers: 100, characters: 2 * 1024 * 1024 } as const;

/** A document with where it came from. */
export interface ParserSource {
  readonly from: string;
  readonly text: string;
}

/** A parser document that cannot be used. */
export class OwnParserError extends Error {}

/** The parsers in a folder, `*.yml` and `*.yaml`, by name; none where there is no folder. @throws OwnParserError */
export function readParserFolder(folder: string): readonly ParserSource[] {
  if (!existsSync(folder)) return [];
  try {
    const names = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.'));
    return names.sort().map((name) => ({ from: join(folder, name), text: readFileSync(join(folder, name), 'utf8') }));
  } catch (error) {
    throw new OwnParserError(`The parsers in ${folder} cannot be read: ${(error as Error).message}.`);
  }
}

/** Compiles documents into the parsers that inputs can name. Later ones stand in for earlier ones of their name. @throws OwnParserError */
export function openOwnParsers(sources: readonly ParserSource[]): OwnParsers {
  const characters = sources.reduce((sum, { text }) => sum + text.length, 0);
  if (sources.length > OWN_PARSER_LIMITS.parsers || characters > OWN_PARSER_LIMITS.characters)
    throw new OwnParserError(
      `There are more than ${OWN_PARSER_LIMITS.parsers} parsers, or more than ${OWN_PARSER_LIMITS.characters} characters of them.`,
    );
  const byName = new Map<string, CustomParser>();
  for (const { from, text } of sources) byName.set(...usable(from, loadParser(text)));
  const matching = [...byName.values()].filter(({ isMatching }) => isMatching);
  return { byName, matching };
}

function usable(from: string, { name, parser, problems }: CheckedParser): [string, CustomParser] {
  const [first] = problems;
  if (first || !parser)
    throw new OwnParserError(
      `${from}:${first?.line ?? 1}:${first?.column ?? 1}: ${first?.message ?? 'It cannot be used.'}`,
    );
  return [name, parser];
}

/** The one parser of a file, with the name that it gives itself. @throws OwnParserError */
export function readParserFile(path: string): [name: string, parsers: OwnParsers] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new OwnParserError(`The parser ${path} cannot be read: ${(error as Error).message}.`);
  }
  const parsers = openOwnParsers([{ from: path, text }]);
  const [name] = [...parsers.byName.keys()];
  return [name as string, parsers];
}
