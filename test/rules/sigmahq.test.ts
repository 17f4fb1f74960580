import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JsonBytes } from '../../ecs/scan/json-bytes.ts';
import { compileRules } from '../../rules/engine/compile.ts';
import type { RuleEngine } from '../../rules/engine/engine.ts';
import type { Rule } from '../../rules/rule.ts';
import { parseRules } from '../../rules/sigma/parse.ts';

/** Public rules and real events beside the repository; these tests are extra, and run where the files are. */
const SHARED = fileURLToPath(new URL('../../../shared/data/sigma/', import.meta.url));

/** Documented in docs/rules.md: rules that are refused, with the reason. */
const REFUSED = { HD_RULE_PLACEHOLDER: 2 };

/** Documented in docs/rules.md: hits that are ours alone, by rule. */
const EXPLAINED = { '93ff0ceb-e0ef-4586-8cd8-a6c277d738e3': 14 };

describe.runIf(existsSync(join(SHARED, 'sigmahq-rules.tar.gz')))('public rules on real events', () => {
  let folder = '';
  let engine: RuleEngine;
  const codes: Record<string, number> = {};

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'haidang-sigma-'));
    execFileSync('tar', ['xzf', join(SHARED, 'sigmahq-rules.tar.gz'), '-C', folder]);
    const rules: Rule[] = [];
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
      if (!name.endsWith('.yml')) continue;
      const parsed = parseRules(readFileSync(join(folder, name), 'utf8'), name);
      for (const rule of parsed.rules) rules.push(rule);
      for (const { code } of parsed.problems) codes[code] = (codes[code] ?? 0) + 1;
    }
    engine = compileRules(
      rules.filter((rule) => rule.kind === 'detection'),
      'raw',
    );
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('all are read but those documented', () => {
    expect(codes).toEqual(REFUSED);
    expect(engine.rules.length).toBe(3_752);
  });

  it('give the hits that another engine gives, but those explained', { timeout: 180_000 }, () => {
    const lines = gunzipSync(readFileSync(join(SHARED, 'events-windows.ndjson.gz')))
      .toString('utf8')
      .trim()
      .split('\n');
    const hits = lines.flatMap((line, index) => engine.evaluate(JSON.parse(line)).map(({ id }) => `${index}\t${id}`));
    const unparsed = engine.lines((line) => JSON.parse(line) as object);
    const ofLines = lines.flatMap((line, index) => {
      const bytes = Buffer.from(line);
      return unparsed.evaluate(new JsonBytes(bytes), 0, bytes.length).map(({ id }) => `${index}\t${id}`);
    });
    expect(ofLines).toEqual(hits);
    const expected = readFileSync(join(SHARED, 'events-windows.rsigma-hits.tsv'), 'utf8').trim().split('\n');
    const ours = new Set(hits);
    expect(expected.filter((hit) => !ours.has(hit))).toEqual([]);
    const theirs = new Set(expected);
    const extra: Record<string, number> = {};
    for (const hit of hits) {
      const id = hit.split('\t')[1] ?? '';
      if (!theirs.has(hit)) extra[id] = (extra[id] ?? 0) + 1;
    }
    expect(extra).toEqual(EXPLAINED);
  });

  it('fire on the events recorded for them', () => {
    const wanted = new Map<string, { least: number; hits: number }>();
    for (const line of readFileSync(join(SHARED, 'regression.ndjson'), 'utf8').trim().split('\n')) {
      const event = JSON.parse(line) as { _expect?: { rule: string; at_least: number } };
      const ids = engine.evaluate(event).map(({ id }) => id);
      if (event._expect) {
        const { rule, at_least } = event._expect;
        const entry = wanted.get(rule) ?? { least: at_least, hits: 0 };
        wanted.set(rule, { ...entry, hits: entry.hits + (ids.includes(rule) ? 1 : 0) });
      }
    }
    expect(wanted.size).toBeGreaterThan(50);
    expect([...wanted].filter(([, { least, hits }]) => hits < least)).toEqual([]);
  });
});
