import { createRequire, syncBuiltinESMExports } from 'node:module';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Preparing, Waiting } from '../../../server/store/embedded/preparing.ts';
import { batchOf, sshFailure } from './frames.ts';

const threads = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker };
const RealWorker = threads.Worker;
const started: Worker[] = [];
const errors: string[] = [];
const log = { info: () => {}, warn: () => {}, error: (_: object, text: string) => void errors.push(text) };
const now = Date.UTC(2026, 10, 20, 9);
const LINES = 20;
let preparing: Preparing;
let groups: Waiting[][] = [];
let isWriting = true;

/** Stands for the writer: takes what is ready and says that all of it was stored. */
function write(): void {
  if (!isWriting) return;
  for (let group = preparing.take(); group.length > 0; group = preparing.take()) {
    groups.push(group);
    for (const { batch, resolve } of group) {
      const firstSequence = batch.header.first;
      resolve({ stored: batch.times.length, duplicates: 0, deadLettered: 0, firstSequence, lines: undefined });
    }
  }
}

const add = (at: number) => {
  const lines = Array.from({ length: LINES }, (_, second) => sshFailure(second));
  return preparing.add({ ...batchOf(lines, { first: 1 + at * LINES }), now });
};

beforeEach(async () => {
  threads.Worker = class extends RealWorker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      started.push(this);
    }
  };
  syncBuiltinESMExports();
  const module = await import('../../../server/store/embedded/preparing.ts');
  preparing = new module.Preparing({ maxPastDays: 7, maxFutureDays: 1 }, write, log);
});
afterEach(async () => {
  await preparing.close();
  threads.Worker = RealWorker;
  syncBuiltinESMExports();
  started.length = 0;
  errors.length = 0;
  groups = [];
  isWriting = true;
});

it('gives batches in their order, several together where they wait, and never more at once than it may', async () => {
  isWriting = false;
  const all = Array.from({ length: 40 }, (_, at) => add(at));
  await expect.poll(() => started.length).toBe(1);
  isWriting = true;
  write();
  const written = await Promise.all(all);
  expect(written.map(({ firstSequence }) => firstSequence)).toEqual(written.map((_, at) => 1 + at * LINES));
  expect(groups.flat()).toHaveLength(40);
  expect(Math.max(...groups.map((group) => group.length))).toBeLessThanOrEqual(16);
  expect(groups.length).toBeLessThan(40);
  expect(preparing.isIdle).toBe(true);
});

it('fails what it had when its thread dies, says so, and goes on', async () => {
  await add(0);
  const lost = [add(1), add(2)];
  const outcomes = Promise.allSettled(lost);
  await started[0]?.terminate();
  for (const outcome of await outcomes) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'HD_STORE_DOWN', retryAfter: 2 } });
  }
  expect(errors.filter((text) => text.includes('it is started again'))).toHaveLength(1);
  const again = () => add(1).catch(() => undefined);
  await expect.poll(again, { timeout: 20_000 }).toMatchObject({ stored: LINES, firstSequence: 1 + LINES });
  expect(preparing.isIdle).toBe(true);
});

it('refuses one batch by its own reason, beside others that go on', async () => {
  const broken = preparing.add({ ...batchOf([sshFailure(1)]), body: Buffer.from('no frame'), now });
  const late = preparing.add({ ...batchOf([sshFailure(1)]), now: now + 30 * 86_400_000 });
  await expect(broken).rejects.toMatchObject({ code: 'HD_BATCH_MALFORMED' });
  await expect(late).rejects.toMatchObject({ code: 'HD_BATCH_DAY' });
  await expect(add(3)).resolves.toMatchObject({ stored: LINES });
});
