import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GROK_PATTERNS } from '../../../collector/custom-parsers/grok-patterns.ts';
import { PARSER_ERRORS } from '../../../collector/custom-parsers/problems.ts';
import { problemsOf } from './documents.ts';

const doc = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

describe.each(['en', 'vi', 'km'])('the guide in %s', (language) => {
  it('has examples that are right', () => {
    const examples = [...doc(`writing-parsers.${language}.md`).matchAll(/```yaml\n(.*?)```/gs)].map(
      ([, yaml]) => yaml as string,
    );
    expect(examples.length).toBe(2);
    for (const yaml of examples) expect(problemsOf(yaml)).toEqual([]);
  });
});

it('the reference lists every named pattern, and what faults refer to', () => {
  const text = doc('parsers.md');
  for (const name of Object.keys(GROK_PATTERNS)) expect(text, name).toMatch(new RegExp(`\\b${name}\\b`));
  expect(text).toContain('**Steps**');
  for (const advice of Object.values(PARSER_ERRORS)) expect(advice).toMatch(/\.$/);
});
