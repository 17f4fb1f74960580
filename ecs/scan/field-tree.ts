/** One way to a field: its keys from the root, and its number. */
export interface FieldNode {
  readonly key: Uint8Array;
  readonly children: Map<number, FieldNode>;
  /** Another key with the same hash. */
  next: FieldNode | undefined;
  /** Number of the field that ends here; -1 for none. */
  field: number;
  /** The line in which it was seen last. */
  turn: number;
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
  return hash;
}

/** The fields that are asked for, by their keys. */
export class FieldTree {
  readonly root: FieldNode = { key: new Uint8Array(0), children: new Map(), next: undefined, field: -1, turn: 0 };

  /** `fields`: dotted names; their places are their numbers. `aliasOf` gives another key of the root for a field. */
  constructor(fields: readonly string[], aliasOf: (field: string) => string | undefined) {
    for (const [index, field] of fields.entries()) {
      this.#add(field.split('.'), index);
      const alias = aliasOf(field);
      if (alias !== undefined) this.#add([alias], index);
    }
  }

  /** The node of a key, whose bytes are those from `start` to before `end`. */
  child(parent: FieldNode, bytes: Uint8Array, start: number, end: number): FieldNode | undefined {
    let node = parent.children.get(hashOf(bytes, start, end));
    search: for (; node !== undefined; node = node.next) {
      const { key } = node;
      if (key.length !== end - start) continue;
      for (let at = 0; at < key.length; at++) if (key[at] !== bytes[start + at]) continue search;
      return node;
    }
    return undefined;
  }

  #add(path: readonly string[], field: number): void {
    let at = this.root;
    for (const name of path) {
      const key = Buffer.from(name);
      let node = this.child(at, key, 0, key.length);
      if (!node) {
        const hash = hashOf(key, 0, key.length);
        node = { key, children: new Map(), next: at.children.get(hash), field: -1, turn: 0 };
        at.children.set(hash, node);
      }
      at = node;
    }
    at.field = field;
  }
}
