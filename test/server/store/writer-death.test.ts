import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { OpenStore } from './conformance.ts';
import { batchOf, sshFailure } from './frames.ts';

/** The module whose `Worker` the store takes: here it notes each thread, so that the test can end one. */
const threads = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker };
const RealWorker = threads.Worker;
const started: { name: string; worker: Worker }[] = [];
const errors: string[] = [];
const log = { info: () => {}, warn: () => {}, error: (_: object, text: string) => void errors.push(text) };
let folder = '';
let store: OpenStore;

beforeEach(async () => {
  threads.Worker = class extends RealWorker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      started.push({ name: String(args[1]?.name), worker: this });
    }
  };
  syncBuiltinESMExports();
  const { openEmbeddedStore } = await import('../../../server/store/embedded/open.ts');
  folder = await mkdtemp(join(tmpdir(), 'haidang-death-'));
  store = await openEmbeddedStore({ folder, now: () => Date.UTC(2026, 10, 20, 9), log, reserveBytes: 0 });
});
afterEach(async () => {
  threads.Worker = RealWorker;
  syncBuiltinESMExports();
  await store.events.close();
  await store.records.close();
  await rm(folder, { recursive: true });
});

const FRAME = 40;
const frame = (at: number) =>
  batchOf(
    Array.from({ length: FRAME }, (_, second) => sshFailure(second)),
    { first: 1 + at * FRAME },
  );

it('death of the writer thread: HD_STORE_DOWN for what was under way, recovery by itself, nothing lost or doubled', async () => {
  const { events } = store;
  const receipts: number[] = [];
  let down = 0;
  for (let at = 0; at < 30; at++) {
    // A collector: sends a frame until it has the receipt.
    for (;;) {
      const sending = events.append(frame(at));
      if (at % 10 === 5 && receipts.length === at) {
        const writers = started.filter(({ name }) => name === 'event writer');
        if (writers.length === 1 + (at - 5) / 10)
          await Promise.all([sending.catch(() => {}), writers.at(-1)?.worker.terminate()]);
      }
      const result = await sending.catch((error: unknown) => error);
      if (result instanceof Error) {
        expect(result).toMatchObject({ code: 'HD_STORE_DOWN', retryAfter: 2 });
        down++;
        await new Promise((resolve) => setTimeout(resolve, 10));
        continue;
      }
      receipts.push(at);
      break;
    }
  }
  expect(started.filter(({ name }) => name === 'event writer')).toHaveLength(4);
  expect(down).toBeGreaterThan(0);
  expect(errors.filter((text) => text.includes('it is started again'))).toHaveLength(3);
  expect(await events.lastSequence()).toBe(30 * FRAME);
  const batches = await events.readFrom(1, 64);
  let next = 1;
  for (const batch of batches) {
    expect(batch.firstSequence).toBe(next);
    next = batch.lastSequence + 1;
  }
  const [count] = await events.recount(0, { full: true });
  expect(count).toMatchObject({ stored: 30 * FRAME, missingTotal: 0 });
});
