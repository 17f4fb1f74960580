import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { JsonBytes } from '../../ecs/scan/json-bytes.ts';
import { compileRules } from '../../rules/engine/compile.ts';
import type { DetectionRule } from '../../rules/rule.ts';
import { parseRules } from '../../rules/sigma/parse.ts';
import { eventsOf } from './rule-events.ts';

/** Public rules beside the repository; these tests are extra, and run where the files are. */
const SHARED = fileURLToPath(new URL('../../../shared/data/sigma/', import.meta.url));

/** Rules of which no event of their log source is a miss: one of its keywords is the log source's own name. */
const NEVER_MISS = ['rules/network/cisco/aaa/cisco_cli_local_accounts.yml'];

function readRules(): DetectionRule[] {
  const folder = mkdtempSync(join(tmpdir(), 'haidang-sigma-'));
  try {
    execFileSync('tar', ['xzf', join(SHARED, 'sigmahq-rules.tar.gz'), '-C', folder]);
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.yml'))
      .sort()
      .flatMap((name) => parseRules(readFileSync(join(folder, name), 'utf8'), name).rules)
      .filter((rule) => rule.kind === 'detection');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.runIf(existsSync(join(SHARED, 'sigmahq-rules.tar.gz')))('for each public rule', () => {
  it('an event made from it matches, and one that differs little does not', { timeout: 300_000 }, () => {
    const rules = readRules();
    const engine = compileRules(rules, 'raw');
    const lines = engine.lines((line) => JSON.parse(line) as object);
    const idsOf = (event: object): readonly string[] => {
      const bytes = Buffer.from(JSON.stringify(event));
      const ids = engine.evaluate(event).map(({ id }) => id);
      expect(lines.evaluate(new JsonBytes(bytes), 0, bytes.length).map(({ id }) => id)).toEqual(ids);
      return ids;
    };
    const without: string[] = [];
    const wrong: string[] = [];
    for (const rule of rules) {
      const made = eventsOf(rule);
      if (made === undefined) without.push(rule.file);
      else if (!idsOf(made.match).includes(rule.id)) wrong.push(`${rule.file} does not match its event`);
      else if (idsOf(made.miss).includes(rule.id)) wrong.push(`${rule.file} matches what it must not`);
    }
    expect(wrong).toEqual([]);
    expect(without).toEqual(NEVER_MISS);
    expect(rules.length).toBeGreaterThan(3_000);
  });
});
