import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import { type LeaseBench, leaseCases } from './lease-cases.ts';

const log = { info: () => {}, warn: () => {}, error: () => {} };
const bench: LeaseBench = { records: undefined as never };
let folder: string;
let close: () => Promise<unknown>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haidang-leases-'));
  const { events, records } = await openEmbeddedStore({ folder, log });
  bench.records = records;
  close = () => Promise.all([events.close(), records.close()]);
});

afterEach(async () => {
  await close();
  await rm(folder, { recursive: true });
});

leaseCases('the embedded store', bench);
