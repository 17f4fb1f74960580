import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const CLI = new URL('../../../bin/cli.ts', import.meta.url).pathname;
const YAML = `name: igate-pay
title: Payments
dataset: igate.pay
steps: [{dissect: '%{source.ip} %{result}'}]
fields:
  result: {to: event.outcome, map: {OK: success, NO: failure}}
samples:
  - {line: '203.0.113.5 OK', expect: {event.outcome: success}}
  - {line: '203.0.113.6 NO', expect: {source.ip: 203.0.113.6}}
`;
let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'haidang-parser-'));
  file = join(folder, 'pay.yml');
  writeFileSync(file, YAML);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function haidang(args: readonly string[], input = ''): { code: number | null; out: string; err: string } {
  const done = spawnSync(process.execPath, [CLI, ...args], { input, encoding: 'utf8', timeout: 120_000 });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

it('checks, tries and uses a parser from its file alone', () => {
  expect(haidang(['parser', 'check', file])).toEqual({
    code: 0,
    out: `${file}: parser igate-pay is right; its samples passed: 2.\n`,
    err: '',
  });
  const parsed = haidang(['parse', '--parser', file, '-'], '203.0.113.9 NO\nnot one\n');
  const events = parsed.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events[0]).toMatchObject({
    source: { ip: '203.0.113.9' },
    event: { dataset: 'igate.pay', outcome: 'failure' },
  });
  expect(events[1]).not.toHaveProperty('source');
  const tried = haidang(['parser', 'test', file, '--line', 'x']);
  expect(tried.code).toBe(0);
  expect(JSON.parse(tried.out)).toMatchObject({ line: 'x', column: 1, expected: ' ' });
}, 240_000);

it('names what is wrong with file, line and column, and gives 1', () => {
  const wrong = join(folder, 'wrong.yml');
  writeFileSync(wrong, YAML.replace('NO: failure', 'NO: bad'));
  const { code, out } = haidang(['parser', 'check', wrong]);
  expect(code).toBe(1);
  expect(out).toContain(`${wrong}:6:54: "bad" is not a value of event.outcome; there are failure, success, unknown.`);
  expect(haidang(['parse', '--parser', wrong, '-']).code).toBe(2);
  expect(haidang(['parser', 'nonsense'])).toMatchObject({ code: 2 });
}, 240_000);
