import { describe, expect, it } from 'vitest';
import { FIRST_SWEEP, nextSweep, resumed, type Sweep, shortened } from '../../../server/inbound/sweep.ts';

/** A server with objects at these microseconds; `next` is kept or left out. */
function read(arrivals: readonly number[], options: { readonly givesNext: boolean; readonly most: number }) {
  const stamp = (at: number) =>
    new Date(at / 1_000).toISOString().replace('Z', `${String(at % 1_000).padStart(3, '0')}Z`);
  const micro = (text: string) => Date.parse(`${text.slice(0, 23)}Z`) * 1_000 + Number(text.slice(23, 26));
  const seen = new Set<number>();
  let sweep: Sweep = { ...FIRST_SWEEP, limit: 2 };
  let skips = false;
  for (let page = 0; page < 500; page += 1) {
    const after = sweep.after === null ? Number.NEGATIVE_INFINITY : micro(sweep.after);
    const there = arrivals.map((at, id) => ({ at, id })).filter(({ at }) => at > after);
    const from = sweep.next === null ? 0 : Number(sweep.next);
    const given = there.slice(from, from + Math.min(sweep.limit, options.most));
    for (const { id } of given) seen.add(id);
    const more = from + given.length < there.length;
    const next = more && options.givesNext ? String(from + given.length) : null;
    const last = given.at(-1);
    const mark = given.map(({ id }) => id).join();
    const step = nextSweep(sweep, { more, next, last: last ? stamp(last.at) : null, count: given.length, mark });
    sweep = step.sweep;
    skips ||= step.skips;
    if (step.isDone) return { seen: seen.size, sweep, skips };
  }
  throw new Error('the sweep does not end');
}

const START = Date.parse('2026-01-01T00:00:00Z') * 1_000;

describe('a sweep over a collection', () => {
  it.each([true, false])('reads every object, also of equal times (next: %s)', (givesNext) => {
    const arrivals = [0, 1, 1, 1, 1, 1, 2, 2, 3, 900, 900].map((at) => START + at);
    const { seen, sweep, skips } = read(arrivals, { givesNext, most: 100 });
    expect(seen).toBe(arrivals.length);
    expect(skips).toBe(false);
    // A microsecond before the last: what comes in at that very moment is found by the next sweep.
    expect(sweep).toEqual({ ...FIRST_SWEEP, after: '2026-01-01T00:00:00.000899Z' });
  });

  it('says so where a server cannot give all of one moment', () => {
    const { skips } = read(
      Array.from({ length: 9 }, () => START),
      { givesNext: false, most: 3 },
    );
    expect(skips).toBe(true);
  });

  it('follows one and the same next through many pages of one moment', () => {
    const page = { more: true, next: 'always', last: '2026-01-02T00:00:00.000000Z', count: 2 };
    let sweep: Sweep = FIRST_SWEEP;
    for (const mark of ['a', 'b', 'c']) {
      const step = nextSweep(sweep, { ...page, mark });
      expect(step).toMatchObject({ isDone: false, skips: false, sweep: { next: 'always', after: null } });
      sweep = step.sweep;
    }
    // The same page again: its `next` does not lead on.
    expect(nextSweep(sweep, { ...page, mark: 'c' }).sweep).toMatchObject({
      ...{ next: null, after: '2026-01-01T23:59:59.999999Z' },
    });
  });

  it('keeps the time of a sweep with its next, and goes on from the last arrival without it', () => {
    const begun = { ...FIRST_SWEEP, after: '2026-01-01T00:00:00.000000Z' };
    const head = { more: true, next: 'x', last: '2026-01-02T00:00:00.000000Z', count: 1, mark: 'm' };
    const { sweep } = nextSweep(begun, head);
    expect(sweep).toMatchObject({ after: begun.after, next: 'x' });
    expect(resumed(sweep)).toMatchObject({ after: '2026-01-01T23:59:59.999999Z', next: null });
    expect(resumed(begun)).toEqual(begun);
    expect(shortened({ ...begun, limit: 1 })).toBeUndefined();
    expect(shortened(begun)?.limit).toBeLessThan(begun.limit);
  });
});
