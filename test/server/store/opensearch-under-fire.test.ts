import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseKql } from '../../../rules/query/kql.ts';
import { SYSTEM } from '../../../server/identity.ts';
import type { IncomingBatch } from '../../../server/store/event-store.ts';
import { openOpenSearchStore } from '../../../server/store/opensearch/open.ts';
import { numbers } from '../../e2e/logs.ts';
import { type BusyProxy, startBusyProxy } from './busy-proxy.ts';
import type { OpenStore } from './conformance.ts';
import { batchOf, DAY, type Parsed, sshFailure } from './frames.ts';
import { deliver, expectWhole, framesOf, NOW, RANGE, SIZE } from './opensearch-deliver.ts';
import { OPENSEARCH_2_SECURE, OPENSEARCH_3 } from './opensearch-install.ts';
import { requireOpenSearch, startOpenSearch, type TestNode } from './opensearch-node.ts';
import { PASSWORD, setPassword } from './opensearch-security.ts';

// A node that is killed and broken is none that others use.
delete process.env['OPENSEARCH_URL'];
requireOpenSearch(OPENSEARCH_3);

const log = { info: () => {}, warn: () => {}, error: () => {} };
describe('OpenSearch under fire', { timeout: 300_000 }, () => {
  let node: TestNode;
  let proxy: BusyProxy;
  let number = 0;
  const open: OpenStore[] = [];
  const prefix = () => `haidang-fire-${number}`;
  const store = async (url = proxy.url) => {
    const opened = await openOpenSearchStore({ url, prefix: prefix(), now: () => NOW, log });
    open.push(opened);
    return opened;
  };

  beforeAll(async () => {
    node = await startOpenSearch(OPENSEARCH_3);
    proxy = await startBusyProxy(node.url);
  }, 700_000);
  afterAll(async () => {
    await proxy?.stop();
    await node?.stop();
  });
  afterEach(async () => {
    proxy.trouble = () => undefined;
    for (const { events, records } of open.splice(0)) await Promise.allSettled([events.close(), records.close()]);
    await node.ask('DELETE', `/${prefix()}-*`);
    number++;
  });

  it('rides out a storm of 429s', async () => {
    const opened = await store();
    const number = numbers(11);
    let bulk = 0;
    proxy.trouble = ({ url }) => (url?.includes('/_bulk') && ++bulk < 60 && number(3) > 0 ? 'busy' : undefined);
    const counts = await deliver(opened, framesOf(20));
    expect(proxy.troubled).toBeGreaterThan(5);
    // What a storm too long broke off was stored all the same, and is known when it comes again.
    expect(counts.stored + counts.duplicates).toBe(20 * SIZE);
    await expectWhole(opened, 20 * SIZE);
  });

  it('stores nothing twice when answers get lost after the work was done', async () => {
    const opened = await store();
    // By chance: the tries of a collector must not fall into step with the losses.
    const number = numbers(7);
    proxy.trouble = ({ url }) => (url?.includes('/_bulk') && number(4) === 0 ? 'cut-answer' : undefined);
    const counts = await deliver(opened, framesOf(20));
    expect(counts.refusals).toBeGreaterThan(0);
    expect(counts.stored + counts.duplicates).toBe(20 * SIZE);
    await expectWhole(opened, 20 * SIZE);
  });

  it('goes on with a node that is slow', async () => {
    const opened = await store();
    proxy.trouble = ({ url }) => (url?.includes('/_bulk') ? 'slow' : undefined);
    expect((await deliver(opened, framesOf(8))).stored).toBe(8 * SIZE);
    await expectWhole(opened, 8 * SIZE);
  });

  it('loses nothing when the node is killed in the middle of a bulk', async () => {
    const opened = await store();
    let tries = 0;
    let down: Promise<void> | undefined;
    const counts = await deliver(opened, framesOf(30), () => {
      if (++tries === 12) down = node.kill().then(() => node.restart());
    });
    await down;
    expect(down).toBeDefined();
    expect(counts.stored + counts.duplicates).toBe(30 * SIZE);
    await expectWhole(opened, 30 * SIZE);
    expect(await opened.events.lastSequence()).toBe(30 * SIZE);
  });

  it('ends at the next start what a server left that died in the middle of a group', async () => {
    const first = await store();
    await deliver(first, framesOf(2));
    // From here on batches are begun, and none of their events gets through.
    proxy.trouble = ({ url }, body) =>
      url?.startsWith(`/${prefix()}-events-`) && body.includes('"create"') ? 'busy' : undefined;
    const lost = await Promise.allSettled(
      framesOf(4)
        .slice(2)
        .map((frame) => first.events.append(frame)),
    );
    expect(lost.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    proxy.trouble = () => undefined;
    const again = await store();
    expect(await again.events.lastSequence()).toBe(4 * SIZE);
    await expectWhole(again, 4 * SIZE);
    expect(await deliver(again, framesOf(4).slice(2))).toMatchObject({ stored: 0, duplicates: 2 * SIZE });
  });

  it('holds collectors while a full disk makes indexes read-only, and goes on by itself', async () => {
    const opened = await store();
    await deliver(opened, framesOf(2));
    const block = (value: boolean | null) =>
      node.ask('PUT', `/${prefix()}-*/_settings`, { 'index.blocks.read_only_allow_delete': value });
    await block(true);
    await expect(opened.events.append(framesOf(3)[2] as IncomingBatch)).rejects.toMatchObject({
      code: 'HD_STORE_FULL',
    });
    setTimeout(() => void block(null), 1_000);
    expect((await deliver(opened, framesOf(6).slice(2))).refusals).toBeGreaterThan(0);
    await expectWhole(opened, 6 * SIZE);
  });

  it("waits for a day's index that is red", async () => {
    const opened = await store();
    await deliver(opened, framesOf(2));
    const index = `/${prefix()}-events-${DAY}`;
    const place = (name: string | null) =>
      node.ask('PUT', `${index}/_settings`, { 'index.routing.allocation.require._name': name });
    await place('nowhere');
    await node.ask('POST', `${index}/_close`);
    await node.ask('POST', `${index}/_open?wait_for_active_shards=0`);
    const { body } = await node.ask('GET', `/_cluster/health${index}`);
    expect(body['status']).toBe('red');
    const delivered = deliver(opened, framesOf(4).slice(2));
    await new Promise((done) => setTimeout(done, 3_000));
    await place(null);
    await delivered;
    await expectWhole(opened, 4 * SIZE);
  });

  it('keeps what the mapping refuses as a dead letter with its reason, and stores the rest', async () => {
    const opened = await store();
    await deliver(opened, framesOf(1));
    await opened.events.close();
    await opened.records.close();
    open.length = 0;
    // As if an operator had given a field another type: ports above 100 no longer fit.
    await node.ask('DELETE', `/${prefix()}-events-${DAY}`);
    await node.ask('PUT', `/${prefix()}-events-${DAY}`, {
      mappings: { properties: { source: { properties: { port: { type: 'byte' } } } } },
    });
    await node.ask('DELETE', `/${prefix()}-batches`);
    const again = await store();
    const ports = batchOf(
      [7, 40_000, 8].map((port) => ({ ...sshFailure(1), source: { ip: '203.0.113.7', port } })),
      { epoch: '0000000f' },
    );
    expect(await again.events.append(ports)).toMatchObject({ stored: 2, duplicates: 0, deadLettered: 1 });
    const [letter] = await again.events.as(SYSTEM).deadLetters(10);
    expect(letter?.reason).toMatch(/^The cluster refused the event: .*port/);
    expect(JSON.parse(letter?.line ?? '')).toMatchObject({ source: { port: 40_000 } });
    expect(await again.events.append(ports)).toMatchObject({ stored: 0, duplicates: 3, deadLettered: 0 });
  });

  it('takes events with thousands of field names, makes no field of them, and finds them all the same', async () => {
    const opened = await store();
    const odd = (at: number): Parsed => {
      const many = Object.fromEntries(Array.from({ length: 50 }, (_, key) => [`key-${at}-${key}`, `value ${key}`]));
      return { ...sshFailure(at % 50), vendor: { many } };
    };
    await deliver(opened, framesOf(1, odd));
    const { body } = await node.ask('GET', `/${prefix()}-events-${DAY}/_mapping`);
    expect(JSON.stringify(body)).not.toContain('key-');
    const view = opened.events.as(SYSTEM);
    const found = (kql: string) => view.count({ range: RANGE, condition: parseKql(kql) });
    expect(await found('vendor.many.key-17-4: "value 4"')).toEqual({ count: 1, complete: true });
    expect(await found('vendor.many.key-17-4: "value 5"')).toEqual({ count: 0, complete: true });
    expect(await found('vendor.many.key-199-49: *')).toEqual({ count: 1, complete: true });
  });
});

describe('OpenSearch with expired credentials', { timeout: 300_000 }, () => {
  let node: TestNode;
  beforeAll(async () => {
    requireOpenSearch(OPENSEARCH_2_SECURE);
    node = await startOpenSearch(OPENSEARCH_2_SECURE);
  }, 700_000);
  afterAll(() => node?.stop());

  it('holds collectors, and goes on once the new password is in its file', async () => {
    const opened = await openOpenSearchStore({ ...node.address, prefix: 'haidang-fire-password', now: () => NOW, log });
    await deliver(opened, framesOf(2));
    const changed = `${PASSWORD}-2`;
    await setPassword(node.ask, changed);
    await expect(opened.events.append(framesOf(3)[2] as IncomingBatch)).rejects.toMatchObject({
      code: 'HD_STORE_DOWN',
    });
    await writeFile(node.address.passwordFile ?? '', `${changed}\n`);
    await deliver(opened, framesOf(5).slice(2));
    await expectWhole(opened, 5 * SIZE);
    await Promise.all([opened.events.close(), opened.records.close()]);
  });
});
