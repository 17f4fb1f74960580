import { readFile } from 'node:fs/promises';
import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';

/** A value of a configuration file and where it stands, `file:line`. */
export interface Found {
  readonly value: unknown;
  readonly at: string;
}

const MAX_BYTES = 1024 * 1024;

/**
 * Reads a YAML file into dotted keys. `sections` are the keys that hold keys; `known` are all dotted keys there are.
 * Throws an Error that names file and line at the first thing wrong.
 */
export async function readConfigFile(file: string, known: readonly string[]): Promise<Map<string, Found>> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`Configuration file ${file} cannot be read (${cause.code}); check its path and rights.`, { cause });
  });
  if (text.length > MAX_BYTES)
    throw new Error(`Configuration file ${file} is larger than 1 MiB; it is no configuration.`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number) => `${file}:${lines.linePos(offset).line}`;
  const [wrong] = document.errors;
  if (wrong) throw new Error(`${at(wrong.pos[0])}: this is no YAML: ${wrong.message.split('\n', 1)[0]}`);

  const found = new Map<string, Found>();
  const sections = new Set(known.flatMap((key) => beginnings(key)));
  walk(document.contents, '');
  return found;

  function walk(node: Node | null, prefix: string): void {
    if (node === null) return;
    const here = at(node.range?.[0] ?? 0);
    if (!isMap(node))
      throw new Error(`${here}: ${prefix === '' ? 'the file' : `"${prefix}"`} must hold "key: value" lines.`);
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      const place = at((key as Node).range?.[0] ?? 0);
      const full = prefix === '' ? name : `${prefix}.${name}`;
      if (sections.has(full)) walk(value as Node | null, full);
      else if (known.includes(full))
        found.set(full, { value: (value as Node | null)?.toJS(document) ?? null, at: place });
      else throw new Error(`${place}: there is no setting "${full}"; docs/configuration.md lists all.`);
    }
  }
}

/** The keys that hold a key: `a` and `a.b` of `a.b.c`. */
function beginnings(key: string): string[] {
  const parts = key.split('.');
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('.'));
}
