import { isMap, isNode, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { LOCAL_KEYS, MOST_POLICY_INPUTS, POLICY_INPUTS, type PolicyContent } from '../../ecs/policy.ts';
import { readBandwidth } from '../../ecs/rates.ts';
import type { PolicyFault } from './schema.ts';

/** What a policy's YAML says, or what is wrong with it. */
export type ReadPolicyText =
  | { readonly faults: readonly []; readonly content: Omit<PolicyContent, 'group' | 'version'> }
  | { readonly faults: readonly [PolicyFault, ...PolicyFault[]] };

type Add = (node: unknown, code: PolicyFault['code'], detail: string) => void;
type KeyCheck = (node: unknown, key: Node, add: Add) => void;

const MOST_FAULTS = 50;
const QUOTA_KEYS: Readonly<Record<string, number>> = {
  events_per_second: 10_000_000,
  bytes_per_second: 10_000_000_000,
  weight: 100,
};

/** Each key of a policy, and what it must be. */
const KEYS: Readonly<Record<string, KeyCheck>> = {
  inputs: checkInputs,
  quota: checkQuota,
  bandwidth(node, key, add) {
    if (readBandwidth(plain(node)) === undefined) add(node ?? key, 'bandwidth', 'bandwidth');
  },
};

/**
 * Reads the YAML of a policy and names every fault with its line. What only the machine can tell (a file, a port, a
 * pattern) is checked there.
 */
export function readPolicyText(yaml: string): ReadPolicyText {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false });
  const faults: PolicyFault[] = [];
  const addAt = (offset: number, code: PolicyFault['code'], detail: string) => {
    if (faults.length < MOST_FAULTS)
      faults.push({ line: lines.linePos(offset).line, code, detail: detail.slice(0, 200) });
  };
  const add: Add = (node, code, detail) => addAt(isNode(node) ? (node.range?.[0] ?? 0) : 0, code, detail);
  for (const { pos, message } of document.errors) addAt(pos[0], 'syntax', message.split('\n', 1)[0] ?? '');
  const { contents } = document;
  if (faults.length === 0) {
    if (!isMap(contents) || contents.items.length === 0) addAt(0, 'empty', '');
    else checkTop(contents, add);
  }
  const [first, ...rest] = faults.sort((a, b) => a.line - b.line);
  if (first) return { faults: [first, ...rest] };
  try {
    return { faults: [], content: document.toJS({ maxAliasCount: 0 }) as Omit<PolicyContent, 'group' | 'version'> };
  } catch (error) {
    return { faults: [{ line: 1, code: 'syntax', detail: (error as Error).message.slice(0, 200) }] };
  }
}

function checkTop(map: YAMLMap, add: Add): void {
  for (const { key, value } of map.items as Pair<Node, Node | null>[]) {
    const name = isScalar(key) ? String(key.value) : '';
    const check = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined;
    if (check) check(value, key, add);
    else add(key, 'unknown_key', name);
  }
}

function checkInputs(node: unknown, key: Node, add: Add): void {
  if (!isSeq(node) || node.items.length === 0 || node.items.length > MOST_POLICY_INPUTS) {
    add(node ?? key, 'inputs_list', String(MOST_POLICY_INPUTS));
    return;
  }
  for (const input of node.items) {
    const type = isMap(input) ? input.get('type') : undefined;
    if (!isMap(input) || !POLICY_INPUTS.some((known) => known === type)) {
      add(input, 'input_type', POLICY_INPUTS.join(', '));
      continue;
    }
    for (const { key: name, value } of input.items as Pair<Node, Node | null>[]) {
      const text = isScalar(name) ? String(name.value) : '';
      const namesFiles =
        LOCAL_KEYS.some((local) => local === text) && !(isScalar(value) && typeof value.value === 'boolean');
      if (namesFiles) add(name, 'local_key', text);
      if (text === 'paths') checkPaths(value, name, add);
    }
  }
}

function checkPaths(node: unknown, key: Node, add: Add): void {
  if (!isSeq(node)) {
    add(node ?? key, 'path', 'paths');
    return;
  }
  for (const path of node.items) {
    const text = isScalar(path) && typeof path.value === 'string' ? path.value : '';
    if (!text.startsWith('/') || /\.\.|[{}\0]/.test(text)) add(path, 'path', text);
  }
}

function checkQuota(node: unknown, key: Node, add: Add): void {
  if (!isMap(node) || node.items.length === 0) {
    add(node ?? key, 'quota', Object.keys(QUOTA_KEYS).join(', '));
    return;
  }
  for (const { key: name, value } of node.items as Pair<Node, Node | null>[]) {
    const text = isScalar(name) ? String(name.value) : '';
    const most = Object.hasOwn(QUOTA_KEYS, text) ? QUOTA_KEYS[text] : undefined;
    const given = isScalar(value) ? value.value : undefined;
    if (most === undefined) add(name, 'unknown_key', text);
    else if (typeof given !== 'number' || !(given >= (text === 'weight' ? 0.1 : 1)) || given > most) {
      add(value ?? name, 'quota', text);
    }
  }
}

/** A value without its lines; aliases are refused, as nothing here needs them. */
function plain(node: unknown): unknown {
  try {
    return isNode(node) ? node.toJS(parseDocument(''), { maxAliasCount: 0 }) : undefined;
  } catch {
    return undefined;
  }
}
