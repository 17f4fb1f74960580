import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MatchCell } from '../../../server/detection/match-cell.ts';
import type { Signal } from '../../../server/store/record-store.ts';
import { cellsOf, countRule, Disk, detectionRule, orderedRule, valueRule } from './model.ts';

const NOW = '2026-11-22T08:00:00.000Z';
const rules = [
  detectionRule('rule', { gapSeconds: 120 }),
  countRule('count', { threshold: 4 }, { gapSeconds: 120 }),
  valueRule('users', {}, { gapSeconds: 120 }),
  orderedRule('ordered', { rules: ['base', 'login'], timespanSeconds: 60 }, { gapSeconds: 120 }),
];

/** A store whose writes may be cut short anywhere within a step. */
class BreakingDisk extends Disk {
  readonly #steps = new Map<string, number>();
  step = 0;

  override get reads() {
    const reads = super.reads;
    return {
      ...reads,
      signalsOf: async (...asked: Parameters<typeof reads.signalsOf>) =>
        (await reads.signalsOf(...asked)).filter((signal) => (this.#steps.get(keyOf(signal)) ?? 0) < this.step),
    };
  }

  /** One step; of its writes those for which `isWritten` says so. */
  async runStep(
    grouping: ReturnType<Disk['open']>,
    cells: readonly MatchCell[],
    isWritten: () => boolean,
  ): Promise<void> {
    const { signals, alerts } = await grouping.apply(cells, NOW, this.step);
    for (const signal of signals) {
      if (!isWritten()) continue;
      this.signals.set(keyOf(signal), signal);
      this.#steps.set(keyOf(signal), this.step);
    }
    const written = alerts.filter(isWritten);
    for (const { id, detected } of written) this.alerts.set(id, structuredClone(detected));
    // An alert is told where it went only after the one that took it in was written.
    for (const { id, merges = [] } of written) {
      for (const merged of merges) {
        if (!isWritten()) continue;
        this.merged.set(merged, id);
        this.alerts.delete(merged);
      }
    }
  }
}

function keyOf({ rule, group, second, batch }: Signal): string {
  return [rule, group, second, batch].join(' ');
}

describe('a step of grouping that is cut short anywhere and gone through again', () => {
  const match = fc.record({
    rule: fc.nat(3),
    at: fc.nat(900),
    host: fc.constantFrom('web-1', 'web-2'),
    address: fc.constantFrom('203.0.113.9', '203.0.113.10'),
    user: fc.constantFrom('a', 'b', 'c', 'd'),
    step: fc.nat(1),
  });

  it('leaves the same alerts, counted once, as one that was not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(match, { minLength: 20, maxLength: 80, size: 'max' }),
        fc.array(fc.boolean(), { minLength: 5, maxLength: 60, size: 'max' }),
        fc.array(fc.nat(3), { minLength: 3, maxLength: 20, size: 'max' }),
        async (matches, luck, cuts) => {
          const [calm, broken] = [new BreakingDisk(), new BreakingDisk()];
          const batches: MatchCell[][] = [];
          for (let at = 0; at < matches.length; at += 4) {
            const cells = matches.slice(at, at + 4).flatMap((one) => {
              const rule = rules[one.rule] ?? rules[0];
              const step = one.rule === 3 ? one.step : 0;
              return rule ? cellsOf(rule, at + 1, [{ ...one, step }], calm) : [];
            });
            batches.push(cells);
          }
          for (const [id, event] of calm.events) broken.events.set(id, event);
          let dice = 0;
          const chance = () => luck[dice++ % luck.length] ?? true;
          let calmGrouping = calm.open(rules, true);
          let grouping = broken.open(rules, true);
          // Two batches a step.
          for (let at = 0; at < batches.length; at += 2) {
            const cells = batches.slice(at, at + 2).flat();
            const step = at / 2 + 1;
            calm.step = step;
            broken.step = step;
            await calm.runStep(calmGrouping, cells, () => true);
            for (let cut = 0; cut < (cuts[step % cuts.length] ?? 0); cut++) {
              await broken.runStep(grouping, cells, chance);
              grouping = broken.open(rules, false);
            }
            await broken.runStep(grouping, cells, () => true);
            if (step % 3 === 0) calmGrouping = calm.open(rules, false);
          }
          expect(outcome(broken)).toEqual(outcome(calm));
        },
      ),
      { numRuns: 200 },
    );
  });
});

function outcome(disk: Disk) {
  return [...disk.alerts.values()]
    .map(({ rule, groupKey, count, first, last, events }) => ({
      rule,
      groupKey,
      count,
      first,
      last,
      events: [...events].sort(),
    }))
    .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}
