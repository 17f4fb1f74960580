import { describe, expect, it } from 'vitest';
import { PARSER_NAMES } from '../../../collector/parsers/index.ts';
import { Dice, mutate } from './mutate.ts';
import { allTargets, caseOf, FuzzError, tryCase } from './rounds.ts';
import { must, type Target } from './target.ts';

const TARGETS = allTargets();
/** A round of each; `npm run fuzz:collector -- SECONDS` goes on for as long as wanted, from another seed each time. */
const CASES = 120;
const SLOW_CASES = 40;
const SEED = 20_261_122;

describe('what comes from outside, damaged', () => {
  it('includes every parser', () => {
    const names = new Set(TARGETS.map(({ name }) => name));
    for (const parser of ['auto', ...PARSER_NAMES]) expect(names).toContain(`parser ${parser}`);
    expect(names.size).toBe(TARGETS.length);
  });

  it.each(TARGETS.map((target) => [target.name, target] as const))(
    '%s: is read or refused as promised, and never fails otherwise',
    async (_name, target) => {
      const isSlow = target.run.constructor.name === 'AsyncFunction';
      for (let at = 0; at < (isSlow ? SLOW_CASES : CASES); at++) await tryCase(target, SEED + at);
    },
  );

  it.each(TARGETS.map((target) => [target.name, target] as const))(
    '%s: takes its samples as they are',
    async (_name, target) => {
      for (const seed of target.seeds.slice(0, 200)) await target.run(seed, new Dice(1));
    },
  );
});

describe('the fuzzer', () => {
  const picky: Target = {
    name: 'picky',
    seeds: [Buffer.from('{"a":[1,2,3]}')],
    run: (bytes) => must(!bytes.includes('"a":['.repeat(2)), 'twice'),
  };

  it('makes the same case of the same number', () => {
    for (let seed = 0; seed < 50; seed++) expect(caseOf(picky, seed).equals(caseOf(picky, seed))).toBe(true);
    expect(new Set(Array.from({ length: 50 }, (_, seed) => caseOf(picky, seed).toString('hex'))).size).toBeGreaterThan(
      40,
    );
  });

  it('finds what is broken, and says which case it was', async () => {
    let thrown: unknown;
    for (let seed = 0; seed < 20_000 && thrown === undefined; seed++) {
      await tryCase(picky, seed).catch((error: unknown) => {
        thrown = error;
      });
    }
    expect(thrown).toBeInstanceOf(FuzzError);
    expect((thrown as FuzzError).message).toMatch(/^picky, case \d+: Error: twice/);
  });

  it('never makes more than it may', () => {
    const dice = new Dice(7);
    for (let at = 0; at < 500; at++) {
      expect(mutate(Buffer.alloc(200_000, 'x'), [Buffer.from('y')], dice).length).toBeLessThanOrEqual(300_000);
    }
  });
});
