import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Detection } from '../../../server/detection/detection.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { openIndicators } from '../../../server/indicators/book.ts';
import type { IndicatorLists, ListImport } from '../../../server/indicators/schema.ts';
import { openRuleRegistry, type RuleRegistry } from '../../../server/rules/registry.ts';
import type { RuleDetail } from '../../../server/rules/schema.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';
import { startAnyDetection } from '../detection/any-detection.ts';
import { silentLog } from '../rules/silent-log.ts';
import { batchOf, sshFailure } from '../store/frames.ts';

let bench: Bench;
let detection: Detection;
let registry: RuleRegistry;
const cookies: Record<string, string> = {};
const ask = (who: string, method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object | Buffer) => {
  bench.local = who === 'local';
  const type = Buffer.isBuffer(payload) ? 'application/octet-stream' : 'application/json';
  return bench.app.inject({
    method,
    url: `/api/v1${path}`,
    headers: {
      host: HOST,
      origin: `http://${HOST}`,
      cookie: cookies[who] ?? '',
      ...(payload ? { 'content-type': type } : {}),
    },
    ...(payload ? { payload } : {}),
  });
};
const settled = async (): Promise<ListImport> => {
  for (;;) {
    const job = (await ask('admin', 'GET', '/indicators/imports/current')).json<ListImport>();
    if (job.state !== 'running') return job;
    await new Promise((done) => setTimeout(done, 100));
  }
};
const send = async (text: string, query: Record<string, string>) => {
  const asked = new URLSearchParams({ name: 'Known bad', source: 'CERT', ...query });
  const begun = await ask('admin', 'POST', `/indicators/imports/file?${asked}`, Buffer.from(text));
  expect(begun.statusCode).toBe(202);
  return settled();
};
const lists = async () => (await ask('admin', 'GET', '/indicators')).json<IndicatorLists>();

let first = 1;
const store = async (...ips: string[]) => {
  const batch = batchOf(
    ips.map((ip, at) => sshFailure(at, ip)),
    { first },
  );
  first += ips.length;
  const { appended } = await bench.events.append(batch);
  if (appended) detection.offer(appended);
  const last = await bench.events.lastSequence();
  while (detection.state().cursor < last) await new Promise((done) => setTimeout(done, 10));
};
const alerts = async () => {
  const { records } = await bench.records.as(SYSTEM).find('alert', { limit: 100 });
  return records.map(({ document }) => document).filter(({ rule }) => rule.startsWith('indicators:'));
};

beforeAll(async () => {
  bench = await openBench();
  cookies['admin'] = await bench.signIn({ user: 'hoa', role: 'administrator' });
  cookies['analyst'] = await bench.signIn({ user: 'lan' });
  registry = bench.rules;
  detection = await startAnyDetection({
    events: bench.events,
    records: bench.records,
    rules: registry,
    log: silentLog,
    onAlertsChanged: () => undefined,
  });
  registry.attach(detection);
});
afterAll(async () => {
  await detection.stop();
  await bench.close();
});

describe('a list of indicators', () => {
  it('is imported by administrators, from a path by the server’s own user alone', async () => {
    const options = { name: 'x', source: 'y', path: '/etc/hostname' };
    expect((await ask('admin', 'POST', '/indicators/imports', options)).json()).toMatchObject({ code: 'HD_FORBIDDEN' });
    expect((await ask('analyst', 'POST', '/indicators/imports', options)).statusCode).toBe(403);
    expect(
      (await ask('analyst', 'POST', '/indicators/imports/file?name=x&source=y', Buffer.from('a.vn'))).statusCode,
    ).toBe(403);
    expect((await ask('analyst', 'DELETE', '/indicators/known')).statusCode).toBe(403);
    expect((await ask('analyst', 'GET', '/indicators')).json()).toEqual({ lists: [], indicators: 0, bytes: 0 });
    expect(
      (await ask('admin', 'POST', '/indicators/imports/file?name=x&source=y&id=Bad..id', Buffer.from('a.vn')))
        .statusCode,
    ).toBe(400);
  });

  it('raises alerts that name the list, the indicator and the field, from the next event on', async () => {
    await store('198.51.100.7');
    expect(
      await send('198.51.100.0/24\nevil.vn\nnothing at all\n', { id: 'known', severity: 'critical' }),
    ).toMatchObject({
      state: 'done',
      count: 2,
      refused: 1,
      problems: [{ at: 3 }],
    });
    expect(await lists()).toMatchObject({ lists: [{ id: 'known', count: 2, tlp: 'amber', by: 'hoa' }], indicators: 2 });
    await store('203.0.113.1', '198.51.100.8', '198.51.100.9');
    const [alert, ...others] = await alerts();
    expect(others).toEqual([]);
    expect(alert).toMatchObject({
      rule: 'indicators:known',
      ruleTitle: 'Indicator of "Known bad"',
      severity: 'critical',
      count: 2,
      group: { 'threat.enrichments.matched.atomic': '198.51.100.0/24' },
    });
    expect(alert?.entities['threat.enrichments.matched.field']?.values).toEqual(['source.ip']);
    expect(alert?.entities['source.ip']?.values.toSorted()).toEqual(['198.51.100.8', '198.51.100.9']);
  });

  it('is a rule with samples that pass, and events it missed can be filled up', async () => {
    expect(await detection.selfTest(['indicators:known'])).toMatchObject([{ samples: 1, failed: [], error: null }]);
    const [gap] = detection.spans().get('indicators:known')?.gaps ?? [];
    expect(gap).toMatchObject({ from: 1, to: 1, state: 'open' });
    await detection.refill('indicators:known', { from: 1, to: 1 });
    while (detection.refills().length > 0) await new Promise((done) => setTimeout(done, 10));
    expect(await alerts()).toMatchObject([{ count: 3 }]);
    const detail = (await ask('admin', 'GET', '/rules/indicators:known')).json<RuleDetail>();
    expect(detail.rule).toMatchObject({ enabled: true, title: { vi: 'Dấu hiệu trong danh sách “Known bad”' } });
  });

  it('keeps silent about what an exception names', async () => {
    const expires = new Date(Date.now() + 86_400_000).toISOString();
    const exception = { kql: 'source.ip: 198.51.100.9', agency: null, reason: 'our scanner', expires };
    expect((await ask('admin', 'POST', '/rules/indicators:known/exceptions', exception)).statusCode).toBe(201);
    await store('198.51.100.9', '198.51.100.8');
    expect(await alerts()).toMatchObject([{ count: 4 }]);
  });

  it('cannot be played by an event that says it holds an indicator', async () => {
    const liar = {
      ...sshFailure(9, '203.0.113.2'),
      threat: { enrichments: { matched: { atomic: 'evil.vn', field: 'x' } } },
    };
    const { appended } = await bench.events.append(batchOf([liar], { first: first++ }));
    if (appended) detection.offer(appended);
    await store('198.51.100.8');
    expect(await alerts()).toMatchObject([
      { count: 5, group: { 'threat.enrichments.matched.atomic': '198.51.100.0/24' } },
    ]);
  });

  it('is replaced by another content, and one of which nothing can be read leaves it as it was', async () => {
    expect(await send('no indicator\n', { id: 'known' })).toMatchObject({ state: 'failed' });
    expect(await send('{"type": "bundle", broken', { id: 'known' })).toMatchObject({ state: 'failed' });
    expect((await lists()).lists).toMatchObject([{ id: 'known', count: 2 }]);
    expect(
      await send('value,valid_until\n203.0.113.77,2020-01-01\n203.0.113.88,\n', { id: 'known', days: '30' }),
    ).toMatchObject({ count: 2 });
    await store('198.51.100.8', '203.0.113.77', '203.0.113.88');
    const values = (await alerts()).map(({ group, count }) => [group['threat.enrichments.matched.atomic'], count]);
    expect(values.sort()).toEqual([
      ['198.51.100.0/24', 5],
      ['203.0.113.88', 1],
    ]);
    expect(await readdir(join(bench.folder, 'indicators'))).toHaveLength(1);
    expect(await readdir(join(bench.folder, 'incoming'))).toEqual([]);
  });

  it('is there again after a restart, and says so where its file is gone', async () => {
    const again = await openIndicators({ data: bench.folder, records: bench.records, log: silentLog });
    expect(again.lists()).toMatchObject({ indicators: 1, lists: [{ id: 'known', problem: null }] });
    await again.stop();
    const elsewhere = join(bench.folder, 'elsewhere');
    await mkdir(elsewhere);
    const broken = await openIndicators({ data: elsewhere, records: bench.records, log: silentLog });
    expect(broken.lists().lists).toMatchObject([{ id: 'known', problem: expect.stringContaining('ENOENT') }]);
    const rules = await openRuleRegistry({
      folders: [],
      records: bench.records,
      loaded: { rules: [], problems: [] },
      log: silentLog,
      indicators: broken,
    });
    expect(rules.rules.map(({ id }) => id)).toEqual(['indicators:known']);
    rules.stop();
    await broken.stop();
  });

  it('of a file on the server’s disk can be cancelled, and removed with its rule', async () => {
    const path = join(bench.folder, 'many.csv');
    await writeFile(path, Array.from({ length: 300_000 }, (_, at) => `host-${at}.example.vn\n`).join(''));
    const begun = await ask('local', 'POST', '/indicators/imports', { name: 'Many', source: 'feed', id: 'many', path });
    expect(begun.statusCode).toBe(202);
    expect((await ask('admin', 'POST', '/indicators/imports/current/cancel')).json()).toMatchObject({
      state: 'cancelled',
    });
    expect((await lists()).lists.map(({ id }) => id)).toEqual(['known']);
    expect((await ask('admin', 'DELETE', '/indicators/known')).statusCode).toBe(204);
    expect((await ask('admin', 'DELETE', '/indicators/known')).statusCode).toBe(404);
    await store('203.0.113.88');
    expect((await alerts()).reduce((sum, { count }) => sum + count, 0)).toBe(6);
    expect(registry.rules).toEqual([]);
  });
});
