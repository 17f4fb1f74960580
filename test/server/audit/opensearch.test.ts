import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditLog, openAuditLog } from '../../../server/audit/audit-log.ts';
import { verifyAudit } from '../../../server/audit/verify-audit.ts';
import { publicKeyPath, readVerifier } from '../../../server/evidence/keys.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { openOpenSearchStore } from '../../../server/store/opensearch/open.ts';
import type { RecordStore } from '../../../server/store/record-store.ts';
import { OPENSEARCH_3 } from '../store/opensearch-install.ts';
import { requireOpenSearch, startOpenSearch, type TestNode } from '../store/opensearch-node.ts';

requireOpenSearch(OPENSEARCH_3);

/** Two servers with a chain each and one record store on a real node. */
describe('the audit log on OpenSearch', { timeout: 300_000 }, () => {
  const log = pino({ level: 'silent' });
  const prefix = `haidang-audit-${process.pid}`;
  const nodes = ['mot', 'hai'] as const;
  let node: TestNode;
  let folder = '';
  let records: RecordStore;
  let closeStore: () => Promise<unknown> = async () => undefined;

  beforeAll(async () => {
    node = await startOpenSearch(OPENSEARCH_3);
    folder = await mkdtemp(join(tmpdir(), 'haidang-audit-cluster-'));
    const store = await openOpenSearchStore({ ...node.address, prefix, log });
    records = store.records;
    closeStore = () => Promise.allSettled([store.events.close(), store.records.close()]);
  }, 700_000);
  afterAll(async () => {
    await closeStore();
    await node?.ask('DELETE', `/${prefix}-*`);
    await node?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (name: string) => openAuditLog({ data: join(folder, name), records, node: name, log });
  const verify = (name: string) => {
    const data = join(folder, name);
    return verifyAudit({ data, verifier: readVerifier(publicKeyPath(data)), expected: undefined });
  };
  const act = (target: string) => ({ actor: 'lan', act: 'user.change', target });

  it('keeps a chain for each server, with every act of both among the records once', async () => {
    const logs: AuditLog[] = await Promise.all(nodes.map(open));
    await Promise.all(
      logs.flatMap((audit, at) => Array.from({ length: 20 }, (_, n) => audit.record(act(`${nodes[at]}-${n}`)))),
    );
    await Promise.all(logs.map((audit) => audit.close()));
    for (const name of nodes) expect(verify(name)).toMatchObject({ records: 21, findings: [] });
    const page = await records.as(SYSTEM).find('audit', { where: { actor: ['lan'] }, limit: 100 });
    expect(new Set(page.records.map(({ document }) => document.target)).size).toBe(40);
    expect(page.records).toHaveLength(40);
  });

  it('goes on after a restart where it stood, and writes an act of the same id once', async () => {
    for (const _ of [1, 2]) {
      const audit = await open('mot');
      await audit.record({ ...act('again'), id: 'incident-7' });
      await audit.close();
    }
    expect(verify('mot')).toMatchObject({ records: 22, findings: [] });
    const page = await records.as(SYSTEM).find('audit', { where: { actor: ['lan'] }, limit: 100 });
    expect(page.records.filter(({ document }) => document.target === 'again')).toHaveLength(1);
  });
});
