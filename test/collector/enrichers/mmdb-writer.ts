import { type IpAddress, parseNetwork } from '../../../rules/query/ip-address.ts';

/** A value of the MaxMind DB format: of its numbers, `uint32` is all that records of countries and networks have. */
export type MmdbValue = string | number | boolean | readonly MmdbValue[] | { readonly [key: string]: MmdbValue };

interface Node {
  children: [Node | number | undefined, Node | number | undefined];
}

/** Networks and the record of each; later ones lie over earlier ones, so put the wider ones first. */
export type MmdbEntries = readonly (readonly [network: string, record: MmdbValue])[];

/**
 * Writes a database of the MaxMind DB format, version 2.0: a binary search tree over 128 bits (IPv4 in its first ::/96) with
 * records of 24, 28 or 32 bits, the data section and the metadata behind it.
 */
export function writeMmdb(
  entries: MmdbEntries,
  options: { readonly recordSize?: 24 | 28 | 32; readonly kind?: string } = {},
): Buffer {
  const { recordSize = 28, kind = 'Test-Country' } = options;
  const data: Buffer[] = [];
  let dataLength = 0;
  const root: Node = { children: [undefined, undefined] };
  for (const [network, record] of entries) {
    const bytes = encode(record);
    put(root, bitsOf(network), dataLength);
    data.push(bytes);
    dataLength += bytes.length;
  }
  const nodes = inOrder(root);
  const numbers = new Map(nodes.map((node, at) => [node, at]));
  const nodeBytes = recordSize / 4;
  const tree = Buffer.alloc(nodes.length * nodeBytes);
  const place = (child: Node | number | undefined): number => {
    if (child === undefined) return nodes.length;
    return typeof child === 'number' ? nodes.length + 16 + child : (numbers.get(child) as number);
  };
  for (const [at, node] of nodes.entries()) {
    writeNode(tree, at * nodeBytes, recordSize, place(node.children[0]), place(node.children[1]));
  }
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_790_000_000,
    database_type: kind,
    description: { en: 'made by a test' },
    ip_version: 6,
    languages: ['en'],
    node_count: nodes.length,
    record_size: recordSize,
  });
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), metadata]);
}

function bitsOf(text: string): number[] {
  const network = parseNetwork(text);
  if (!network) throw new Error(`${text} is no network`);
  const { address, bits } = network;
  const all = allBits(address);
  return all.slice(0, typeof address === 'number' ? 96 + bits : bits);
}

function allBits(address: IpAddress): number[] {
  const groups = typeof address === 'number' ? [0, 0, 0, 0, 0, 0, address >>> 16, address & 0xffff] : address;
  return groups.flatMap((group) => Array.from({ length: 16 }, (_, at) => (group >>> (15 - at)) & 1));
}

function put(root: Node, bits: readonly number[], value: number): void {
  let node = root;
  for (const bit of bits.slice(0, -1)) {
    const child = node.children[bit as 0 | 1];
    // A narrower network within a wider one: the wider one's record goes to both halves below.
    const next: Node =
      typeof child === 'object' ? child : { children: child === undefined ? [undefined, undefined] : [child, child] };
    node.children[bit as 0 | 1] = next;
    node = next;
  }
  node.children[bits.at(-1) as 0 | 1] = value;
}

function inOrder(root: Node): Node[] {
  const nodes: Node[] = [root];
  for (let at = 0; at < nodes.length; at++) {
    for (const child of nodes[at]?.children ?? []) if (typeof child === 'object') nodes.push(child);
  }
  return nodes;
}

function writeNode(tree: Buffer, at: number, recordSize: number, left: number, right: number): void {
  if (recordSize === 24) {
    tree.writeUIntBE(left, at, 3);
    tree.writeUIntBE(right, at + 3, 3);
  } else if (recordSize === 32) {
    tree.writeUInt32BE(left, at);
    tree.writeUInt32BE(right, at + 4);
  } else {
    tree.writeUIntBE(left & 0xffffff, at, 3);
    tree[at + 3] = ((left >>> 24) << 4) | (right >>> 24);
    tree.writeUIntBE(right & 0xffffff, at + 4, 3);
  }
}

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value, 'utf8');
    return Buffer.concat([control(2, text.length), text]);
  }
  if (typeof value === 'boolean') return control(14, value ? 1 : 0);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)]);
  const members = Object.entries(value);
  return Buffer.concat([control(7, members.length), ...members.flatMap(([key, one]) => [encode(key), encode(one)])]);
}

/** The control byte, the type behind it where it is past 7, and the size where it is past 28. */
function control(type: number, size: number): Buffer {
  const extended = type > 7;
  const long = size >= 29;
  const first = ((extended ? 0 : type) << 5) | (long ? 29 : size);
  return Buffer.from([first, ...(extended ? [type - 7] : []), ...(long ? [size - 29] : [])]);
}
