import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

/** A relative module name in quotes: of an import, of `new URL(…, import.meta.url)`, of a worker. */
const RELATIVE = /(['"`])(\.{1,2}\/[^'"`\n]*?)\.ts\1/g;

/**
 * The JavaScript of a TypeScript source: types become blanks, so that lines and columns stay, and what it loads is named
 * `.js`. @throws Error where a name of a TypeScript file is left over.
 */
export function compileSource(root: string, path: string): string {
  const code = stripTypeScriptTypes(readFileSync(join(root, path), 'utf8'), { mode: 'strip' });
  const made = code.replace(RELATIVE, '$1$2.js$1');
  const left = /(['"`])\.{0,2}\/[^'"`\n ]*\.ts\1/.exec(made);
  if (left) throw new Error(`${path} names the TypeScript file ${left[0]} in a way that a release does not follow.`);
  return made;
}
