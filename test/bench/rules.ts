import { readFile } from 'node:fs/promises';
import { isMap, isScalar, isSeq, parseAllDocuments, type Scalar } from 'yaml';
import { JsonBytes } from '../../ecs/scan/json-bytes.ts';
import { compileRules } from '../../rules/engine/compile.ts';
import type { FieldMode } from '../../rules/engine/engine.ts';
import type { DetectionRule } from '../../rules/rule.ts';
import { parseRules } from '../../rules/sigma/parse.ts';
import { readRules } from '../../server/commands/rules-input.ts';

/**
 * What loading takes (from the cache where it has these files), and what one event costs by how many rules there are:
 * `npm run bench:rules -- RULES_DIR EVENTS_FILE [raw|ecs]` prints one JSON line for loading and one a count. Past the folder's own rules, copies of them are taken in which every text is another.
 */
const COUNTS = [100, 1_000, 3_000, 10_000];
const ROUNDS = 3;

const [folder, file, mode = 'raw'] = process.argv.slice(2);
if (folder === undefined || file === undefined) {
  console.error('bench:rules needs a folder of rules and a file of events, one JSON object a line.');
  process.exit(2);
}

const own = (await readRules([folder])).detections;
const { user, system } = process.cpuUsage();
const peak = Math.round(process.resourceUsage().maxRSS / 1024);
console.log(JSON.stringify({ loaded: own.length, cpu_s: Math.round((user + system) / 1e4) / 100, peak_rss_mib: peak }));
const text = new JsonBytes(await readFile(file));

/** The same rule with other literals: it costs what a rule of its own costs. */
function varied(rule: DetectionRule, copy: number): DetectionRule[] {
  const documents = parseAllDocuments(rule.yaml);
  const own = documents.filter((document) => !('empty' in document) && document.has('detection'));
  for (const document of own) {
    if (document.has('id')) document.delete('id');
    const detection = document.get('detection');
    if (!isMap(detection)) continue;
    for (const { key, value } of detection.items) {
      if (String(isScalar(key) ? key.value : key) !== 'condition') vary(value, '', copy);
    }
  }
  return own
    .flatMap((document) => parseRules(String(document), rule.file).rules)
    .filter((made) => made.kind === 'detection')
    .map((made) => ({ ...made, id: `${rule.id}-${copy}` }));
}

/** Texts that are no patterns get the copy's number in their midst. */
function vary(node: unknown, name: string, copy: number): void {
  if (isMap(node)) for (const { key, value } of node.items) vary(value, String(isScalar(key) ? key.value : key), copy);
  else if (isSeq(node)) for (const item of node.items) vary(item, name, copy);
  else if (isScalar(node) && typeof node.value === 'string' && !/\|(re|cidr|fieldref|base64|utf|wide)/.test(name)) {
    const half = Math.ceil(node.value.length / 2);
    (node as Scalar).value = `${node.value.slice(0, half)}${copy}${node.value.slice(half)}`;
  }
}

function costOf(rules: readonly DetectionRule[]): {
  readonly hits: number;
  readonly events: number;
  readonly us: number;
} {
  const lines = compileRules(rules, mode as FieldMode).lines((line) => JSON.parse(line) as object);
  let best = Number.POSITIVE_INFINITY;
  let hits = 0;
  let events = 0;
  // The first round makes the tables, which is loading rules.
  for (let round = 0; round <= ROUNDS; round++) {
    hits = 0;
    events = 0;
    const begun = process.cpuUsage();
    for (let start = 0; start < text.bytes.length; events++) {
      const found = text.bytes.indexOf(10, start);
      const end = found < 0 ? text.bytes.length : found;
      hits += lines.evaluate(text, start, end).length;
      start = end + 1;
    }
    const { user, system } = process.cpuUsage(begun);
    if (round > 0) best = Math.min(best, (user + system) / events);
  }
  return { hits, events, us: best };
}

// Every so manieth, so that a part of them is of all log sources.
const spread = (count: number) =>
  own.filter((_, at) => Math.floor((at * count) / own.length) !== Math.floor(((at + 1) * count) / own.length));
for (const count of COUNTS) {
  const rules = count <= own.length ? spread(count) : [...own];
  for (let copy = 1; rules.length < count && copy < 100; copy++) {
    rules.push(...own.slice(0, count - rules.length).flatMap((rule) => varied(rule, copy)));
  }
  const { hits, events, us } = costOf(rules);
  console.log(JSON.stringify({ rules: rules.length, events, hits, us_per_event: Math.round(us * 100) / 100 }));
}
