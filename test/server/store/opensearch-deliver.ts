import { expect } from 'vitest';
import { parseKql } from '../../../rules/query/kql.ts';
import { SYSTEM } from '../../../server/identity.ts';
import type { IncomingBatch } from '../../../server/store/event-store.ts';
import type { OpenStore } from './conformance.ts';
import { batchOf, type Parsed, sshFailure } from './frames.ts';

/** The clock of the stores. */
export const NOW = Date.UTC(2026, 10, 20, 9);
/** The day of the frames. */
export const RANGE = { from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' };
/** Events of a frame. */
export const SIZE = 200;

/** Frames of one collector, as it spools them. */
export function framesOf(count: number, made: (at: number) => Parsed = (at) => sshFailure(at % 50)): IncomingBatch[] {
  return Array.from({ length: count }, (_, frame) =>
    batchOf(
      Array.from({ length: SIZE }, (_, at) => made(frame * SIZE + at)),
      { first: frame * SIZE + 1 },
    ),
  );
}

/** Sends as a collector does: in order, four at once, each again until it has a receipt. */
export async function deliver(
  { events }: Pick<OpenStore, 'events'>,
  frames: readonly IncomingBatch[],
  onTry = () => {},
) {
  const counts = { stored: 0, duplicates: 0, deadLettered: 0, refusals: 0 };
  const queue = [...frames];
  const lane = async () => {
    for (let frame = queue.shift(); frame; frame = queue.shift()) {
      for (;;) {
        onTry();
        try {
          const { stored, duplicates, deadLettered } = await events.append(frame);
          counts.stored += stored;
          counts.duplicates += duplicates;
          counts.deadLettered += deadLettered;
          break;
        } catch (error) {
          expect((error as { code?: string }).code).toMatch(/^HD_(STORE_DOWN|STORE_FULL|TOO_MANY)$/);
          counts.refusals++;
          await new Promise((done) => setTimeout(done, 100));
        }
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, lane));
  return counts;
}

/** Each event is there once, numbered without a hole, and the ledger agrees. */
export async function expectWhole({ events }: Pick<OpenStore, 'events'>, expected: number): Promise<void> {
  const view = events.as(SYSTEM);
  expect((await view.count({ range: RANGE, condition: parseKql('') })).count).toBe(expected);
  const [count] = await events.recount(0, { full: true });
  expect(count).toMatchObject({ stored: expected, missingTotal: 0 });
  let next = 1;
  let evaluated = 0;
  for (;;) {
    const batches = await events.readFrom(next, 64);
    if (batches.length === 0) break;
    for (const { firstSequence, lastSequence, lines } of batches) {
      expect(firstSequence).toBe(next);
      next = lastSequence + 1;
      evaluated += lines.length;
    }
  }
  expect(evaluated).toBe(expected);
}
