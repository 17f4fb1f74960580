import type { LineKernel } from './line-kernel.ts';

/** One way to a field: its keys from the root, and its number. */
interface FieldNode {
  readonly children: Map<string, FieldNode>;
  /** Number of the field that ends here; -1 for none. */
  field: number;
}

/** The fields that are asked for, by their keys, as a kernel reads them. */
export class FieldTree {
  readonly #root: FieldNode = { children: new Map(), field: -1 };
  readonly #fields: number;
  #nodes = 1;

  /** `fields`: dotted names; their places are their numbers. `aliasOf` gives another key of the root for a field. */
  constructor(fields: readonly string[], aliasOf: (field: string) => string | undefined) {
    this.#fields = fields.length;
    for (const [index, field] of fields.entries()) {
      this.#add(field.split('.'), index);
      const alias = aliasOf(field);
      if (alias !== undefined) this.#add([alias], index);
    }
  }

  #add(path: readonly string[], field: number): void {
    let at = this.#root;
    for (const name of path) {
      let node = at.children.get(name);
      if (!node) {
        node = { children: new Map(), field: -1 };
        at.children.set(name, node);
        this.#nodes++;
      }
      at = node;
    }
    at.field = field;
  }

  /** Lays the tree out in the memory of a kernel; gives its place. */
  layOut(kernel: LineKernel): number {
    const tree = kernel.newTree(this.#nodes, this.#fields);
    const add = (children: ReadonlyMap<string, FieldNode>, parent: number): void => {
      for (const [name, node] of children) {
        const key = Buffer.from(name);
        const place = kernel.room(key.length);
        kernel.bytes.set(key, place);
        add(node.children, kernel.functions.addNode(tree, parent, place, key.length, node.field));
      }
    };
    add(this.#root.children, 0);
    return tree;
  }
}
