import { readdirSync, readFileSync } from 'node:fs';
import { checkParser } from '../../../collector/custom-parsers/check.ts';
import type { CustomParser } from '../../../collector/custom-parsers/compile.ts';

const FOLDER = new URL('../../fixtures/custom-parsers/', import.meta.url);

/** The example documents: one for each way of taking a line apart. */
export const DOCUMENTS: readonly (readonly [string, string])[] = readdirSync(FOLDER)
  .sort()
  .map((name) => [name, readFileSync(new URL(name, FOLDER), 'utf8')] as const);

/** A document around some of its parts, with two samples that any parser of `%{a}` understands. */
export function documentOf(parts: string, name = 'test-parser'): string {
  return `name: ${name}\ntitle: A test\ndataset: testapp.log\n${parts}`;
}

/** A parser of a document that must be right but for its samples. */
export function parserOf(text: string): CustomParser {
  const { parser, problems } = checkParser(text);
  if (!parser) throw new Error(problems.map(({ line, column, message }) => `${line}:${column} ${message}`).join('\n'));
  return parser;
}

/** What is wrong with a document, as `line:column message`. */
export function problemsOf(text: string): string[] {
  return checkParser(text).problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
}
