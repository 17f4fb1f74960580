import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openAudit } from '../../../server/accounts/audit.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { createLog } from '../../../server/log.ts';
import { openProvinces } from '../../../server/national/provinces.ts';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import { openTaxii } from '../../../server/taxii/taxii.ts';

it('has one collection of a province, whoever else opens it at the same moment', async () => {
  const data = await mkdtemp(join(tmpdir(), 'haidang-provinces-'));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  await mkdir(join(data, 'store'));
  const log = createLog('silent');
  const { events, records } = await openEmbeddedStore({ folder: join(data, 'store'), log, reserveBytes: 0 });
  const taxii = await openTaxii({ data, audit: openAudit(records), log });
  onTestFinished(async () => void (await Promise.all([events.close(), records.close(), taxii.close()])));
  const root = { name: 'soc', title: 'SOC', maxContentLength: 1_000_000, open: false };
  await taxii.change({ kind: 'add-root', root }, SYSTEM, 'soc', {});
  const account = { name: 'can-tho', password: '', loopback: false };
  await taxii.change({ kind: 'add-account', account }, SYSTEM, 'can-tho', {});

  const provinces = openProvinces({ records, taxii });
  const opened = Array.from({ length: 8 }, () => provinces.open('can-tho', SYSTEM));
  const named = await provinces.name('can-tho', 'TP Cần Thơ', SYSTEM);
  const collections = (await Promise.all(opened)).map(({ collection }) => collection);
  expect(new Set([...collections, named.collection])).toEqual(new Set([taxii.catalog().collections[0]?.id]));
  expect(taxii.catalog().collections).toHaveLength(1);
  expect(await provinces.all()).toEqual([named]);
});
