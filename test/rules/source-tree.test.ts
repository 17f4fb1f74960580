import { expect, it } from 'vitest';
import { LineScanner } from '../../ecs/line-scanner.ts';
import { JsonBytes } from '../../ecs/scan/json-bytes.ts';
import { LineKernel } from '../../ecs/scan/line-kernel.ts';
import { compileRules } from '../../rules/engine/compile.ts';
import { EventContext, FieldSlots } from '../../rules/engine/event-context.ts';
import { logSourceCondition } from '../../rules/engine/log-sources.ts';
import { SourceTree } from '../../rules/engine/source-tree.ts';
import type { LogSource } from '../../rules/rule.ts';
import { parseRules } from '../../rules/sigma/parse.ts';

const SOURCES: readonly LogSource[] = [
  { category: 'dns' },
  { product: 'linux', service: 'sshd' },
  { product: 'linux', service: 'sudo' },
  { product: 'windows', category: 'process_creation' },
];

function treeOf() {
  const slots = new FieldSlots();
  const tree = new SourceTree<string>(
    SOURCES.map((source) => logSourceCondition(source, 'ecs')),
    slots,
  );
  const kernel = new LineKernel();
  const context = new EventContext(slots, 0, 'ecs', kernel);
  return { slots, tree, kernel, context };
}

it('makes no node for each of the endless values that answer alike', () => {
  const { tree, context } = treeOf();
  const event = (at: number) => ({
    event: { module: `vendor-${at}`, dataset: `vendor-${at}.log`, code: `code-${at}` },
    process: { name: `program-${at}` },
    dns: { question: { name: `host-${at}.example.org` } },
  });
  context.take(event(0));
  const first = tree.at(context);
  const { size } = tree;
  for (let at = 1; at < 12_000; at++) {
    context.take(event(at));
    expect(tree.at(context)).toBe(first);
  }
  expect(tree.size).toBe(size);
});

it('reads no text of a field of which only its presence counts', () => {
  const { slots, tree, kernel, context } = treeOf();
  const scanner = new LineScanner(slots.names, () => undefined, kernel);
  const name = slots.slot('dns.question.name');
  const read: number[] = [];
  const value = scanner.value.bind(scanner);
  scanner.value = (field) => {
    read.push(field);
    return value(field);
  };
  const nodeOf = (event: object) => {
    const line = Buffer.from(JSON.stringify(event));
    expect(scanner.scan(new JsonBytes(line), 0, line.length)).toBe(true);
    context.takeLine(scanner, () => event);
    return tree.at(context);
  };
  const here = nodeOf({ dns: { question: { name: 'www.example.org' } } });
  expect(nodeOf({ dns: { question: { name: 'mail.example.org' } } })).toBe(here);
  expect(nodeOf({ dns: { question: { name: null } } })).toBe(here);
  expect(nodeOf({ dns: { question: {} } })).not.toBe(here);
  expect(read).not.toContain(name);
  expect(read.length).toBeGreaterThan(0);
});

it('tells a list from a text that spells it', () => {
  const { rules } = parseRules(
    `title: Starts
id: 6a0b6a55-7d0c-4b8d-9f0e-0f2f0e1f0101
logsource: { product: windows, category: process_creation }
detection: { selection: { process.name: cmd.exe }, condition: selection }
`,
    'a.yml',
  );
  const engine = compileRules(
    rules.filter((rule) => rule.kind === 'detection'),
    'ecs',
  );
  const event = (category: unknown) => ({
    event: { module: 'windows', category, type: ['start'] },
    process: { name: 'cmd.exe' },
  });
  expect(engine.evaluate(event('["process"]'))).toHaveLength(0);
  expect(engine.evaluate(event(['process']))).toHaveLength(1);
  expect(engine.evaluate(event('["process"]'))).toHaveLength(0);
  expect(engine.evaluate(event('process'))).toHaveLength(1);
});

it('forgets combinations past its limit and goes on', () => {
  const slots = new FieldSlots();
  const names = Array.from({ length: 14 }, (_, at) => `name-${at}`);
  const tree = new SourceTree<string>(
    names.map((product) => logSourceCondition({ product }, 'raw')),
    slots,
  );
  const context = new EventContext(slots, 0, 'raw', new LineKernel());
  let most = 0;
  for (let at = 0; at < 2 ** names.length; at++) {
    // A list passes where one element does, so that lists make any combination of answers.
    context.take({ product: names.filter((_, bit) => at & (1 << bit)) });
    tree.at(context);
    most = Math.max(most, tree.size);
  }
  expect(most).toBeGreaterThan(1_000);
  expect(most).toBeLessThanOrEqual(4_096);
});
