import { type JsonBytes, KnownText } from './json-bytes.ts';
import { keyHashOf } from './tokens.ts';

/** One way to a field: its keys from the root, and its number. */
export interface FieldNode {
  readonly key: KnownText;
  readonly hash: number;
  readonly children: FieldNode[];
  /** The children by the hash of their keys, each in its place or the next that is free; a power of two in length. */
  table: (FieldNode | undefined)[];
  /** Number of the field that ends here; -1 for none. */
  field: number;
  /** The line in which it was seen last. */
  turn: number;
}

function makeNode(name: string): FieldNode {
  const key = new KnownText(Buffer.from(name));
  return { key, hash: keyHashOf(name), children: [], table: [undefined], field: -1, turn: 0 };
}

/** The fields that are asked for, by their keys. */
export class FieldTree {
  readonly root: FieldNode = makeNode('');

  /** `fields`: dotted names; their places are their numbers. `aliasOf` gives another key of the root for a field. */
  constructor(fields: readonly string[], aliasOf: (field: string) => string | undefined) {
    const byKey = new Map<FieldNode, Map<string, FieldNode>>();
    const add = (path: readonly string[], field: number): void => {
      let at = this.root;
      for (const name of path) {
        const known = byKey.get(at) ?? new Map<string, FieldNode>();
        byKey.set(at, known);
        const node = known.get(name) ?? makeNode(name);
        if (!known.has(name)) at.children.push(node);
        known.set(name, node);
        at = node;
      }
      at.field = field;
    };
    for (const [index, field] of fields.entries()) {
      add(field.split('.'), index);
      const alias = aliasOf(field);
      if (alias !== undefined) add([alias], index);
    }
    arrange(this.root);
  }

  /** The node of a key that stands at `start`, in so many bytes. */
  child({ table }: FieldNode, text: JsonBytes, hash: number, start: number, length: number): FieldNode | undefined {
    const mask = table.length - 1;
    let place = hash & mask;
    for (;;) {
      const node = table[place];
      if (node === undefined) return undefined;
      if (node.hash === hash && node.key.length === length && node.key.isAt(text, start)) return node;
      place = (place + 1) & mask;
    }
  }
}

/** Lays out the table of a node and of all below it, at most half full. */
function arrange(node: FieldNode): void {
  const size = 2 ** Math.ceil(Math.log2(2 * node.children.length + 1));
  const table = new Array<FieldNode | undefined>(size).fill(undefined);
  for (const child of node.children) {
    let place = child.hash & (size - 1);
    while (table[place] !== undefined) place = (place + 1) & (size - 1);
    table[place] = child;
    arrange(child);
  }
  node.table = table;
}
