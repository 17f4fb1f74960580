import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AuditLog, openAuditLog } from '../../../server/audit/audit-log.ts';
import { openAuditChain } from '../../../server/audit/chain.ts';
import { parseLine } from '../../../server/audit/line.ts';
import { openUnfinished } from '../../../server/audit/unfinished.ts';
import { verifyAudit } from '../../../server/audit/verify-audit.ts';
import { openEvidenceKey, publicKeyPath, readVerifier } from '../../../server/evidence/keys.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import { opsFile } from '../../../server/store/embedded/ops-schema.ts';
import type { RecordStore } from '../../../server/store/record-store.ts';

const silent = pino({ level: 'silent' });
let data = '';
let records: RecordStore;
let close: () => Promise<void>;
let audit: AuditLog;

async function start(): Promise<void> {
  const store = await openEmbeddedStore({ folder: join(data, 'store'), log: silent });
  records = store.records;
  audit = await openAuditLog({ data, records, log: silent });
  close = async () => {
    await audit.close();
    await store.events.close();
    await store.records.close();
  };
}

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'haidang-audit-'));
  await start();
});
afterEach(async () => {
  await close().catch(() => undefined);
  await rm(data, { recursive: true, force: true });
});

const verify = (expected?: { number: number; hash: string }) =>
  verifyAudit({ data, verifier: readVerifier(publicKeyPath(data)), expected });
const kinds = () => verify().findings.map(({ kind, number }) => `${kind} ${number}`);
const logFile = async () => {
  const [name = ''] = (await readdir(join(data, 'audit'))).filter((one) => one.endsWith('.log'));
  return join(data, 'audit', name);
};
/** `audit.begin` and five acts, written one by one: six signed lines. */
async function fiveActs(): Promise<void> {
  for (const target of ['a', 'b', 'c', 'd', 'e'])
    await audit.record({ actor: 'lan', act: 'user.change', target, detail: { role: 'analyst' } });
}
async function rewrite(change: (lines: string[]) => string[]): Promise<void> {
  const path = await logFile();
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  await writeFile(path, `${change(lines).join('\n')}\n`);
}

describe('the audit log', () => {
  it('holds each act in order, chained and signed, with a copy among the records', async () => {
    await fiveActs();
    expect(verify()).toMatchObject({ records: 6, findings: [], head: { number: 6 } });
    const page = await records.as(SYSTEM).find('audit', { where: { actor: ['lan'] } });
    expect(page.records.map(({ document }) => [document.number, document.target]).sort()).toEqual([
      [2, 'a'],
      [3, 'b'],
      [4, 'c'],
      [5, 'd'],
      [6, 'e'],
    ]);
  });

  it('takes many acts at once in few writes, without losing one', async () => {
    const all = Array.from({ length: 300 }, (_, n) => audit.note({ actor: 'x', act: 'events.open', target: `${n}` }));
    await Promise.all(all);
    await close();
    expect(verify()).toMatchObject({ records: 301, findings: [] });
    await start();
    expect(await records.as(SYSTEM).count('audit', { where: { actor: ['x'] } })).toBe(300);
    const signed = (await readFile(await logFile(), 'utf8')).split('\n').filter((line) => parseLine(line)?.signature);
    expect(signed.length).toBeLessThan(150);
  });

  it('goes on in the chain after a restart, and writes an act of the same id once', async () => {
    const act = { id: 'incident-7', actor: 'lan', act: 'incident.open', target: '7' };
    await Promise.all([audit.record(act), audit.record(act)]);
    await close();
    await start();
    await audit.record(act);
    await audit.record({ actor: 'lan', act: 'incident.close', target: '7' });
    expect(verify()).toMatchObject({ records: 3, findings: [] });
  });

  it('hands on to the records what a crash kept from them', async () => {
    await fiveActs();
    await close();
    // As after a crash between the chain and the records: the chain is ahead.
    const key = await openEvidenceKey(join(data, 'authority'));
    const chain = await openAuditChain(join(data, 'audit'), key);
    const at = '2026-11-23T01:00:00.000Z';
    await chain.append({ id: 'late', at, actor: 'minh', act: 'session.start', target: 'minh', detail: {} });
    await chain.close();
    expect(verify().findings).toEqual([]);
    await start();
    await close();
    await start();
    expect((await records.as(SYSTEM).get('audit', 'late'))?.document).toMatchObject({ actor: 'minh', number: 7 });
    expect(verify()).toMatchObject({ records: 7, findings: [] });
  });

  it('cuts what a crash left half-written, and says so', async () => {
    await fiveActs();
    await close();
    await appendFile(await logFile(), '{"number":7,"previous":"');
    await start();
    await audit.record({ actor: 'lan', act: 'user.add', target: 'f' });
    expect(verify()).toMatchObject({ records: 8, findings: [] });
    expect(await records.as(SYSTEM).count('audit')).toBe(8);
    expect(await readFile(await logFile(), 'utf8')).toContain('"audit.cut"');
  });

  it('goes on in a new file where one is full', async () => {
    await close();
    const folder = join(data, 'small');
    const key = await openEvidenceKey(join(data, 'authority'));
    for (const round of [1, 2]) {
      const chain = await openAuditChain(folder, key, 600);
      for (let n = 0; n < 5; n++)
        await chain.append({ id: `${round}-${n}`, at: 'x', actor: 'a', act: 'b', target: 'c', detail: {} });
      expect(chain.head().number).toBe(round * 5);
      expect(chain.after(0, 100)).toHaveLength(round * 5);
      await chain.close();
    }
    expect((await readdir(folder)).length).toBeGreaterThan(3);
  });

  it('keeps no more of a detail than it may', async () => {
    await audit.record({
      actor: 'x'.repeat(5_000),
      act: 'events.search',
      target: 'y'.repeat(5_000),
      detail: { kql: 'z'.repeat(100_000) },
    });
    const text = await readFile(await logFile(), 'utf8');
    expect(text.length).toBeLessThan(20_000);
    expect(verify().findings).toEqual([]);
  });
});

describe('a check of the audit log', () => {
  beforeEach(async () => {
    await fiveActs();
    await close();
  });

  it('finds an act that was changed', async () => {
    await rewrite((lines) => lines.map((line, at) => (at === 2 ? line.replace('"lan"', '"minh"') : line)));
    expect(kinds()).toEqual(expect.arrayContaining(['audit-changed 3', 'audit-changed 4', 'audit-copy 3']));
  });

  it('finds an act that was changed with the hashes after it, as these are signed', async () => {
    const { lineHash } = await import('../../../server/audit/line.ts');
    await rewrite((lines) => {
      let previous: string | null = null;
      return lines.map((written, at) => {
        const [text = '', signature = ''] = written.split('\t');
        const line = JSON.parse(text) as { previous: string | null; actor: string };
        if (at === 2) line.actor = 'minh';
        if (at > 2) line.previous = previous;
        const next = JSON.stringify(line);
        previous = lineHash(next);
        return `${next}\t${signature}`;
      });
    });
    expect(kinds()).toEqual(expect.arrayContaining(['audit-changed 3', 'audit-changed 6']));
  });

  it('finds an act that was removed', async () => {
    await rewrite((lines) => lines.toSpliced(3, 1));
    expect(kinds()).toContain('audit-chain 4');
  });

  it('finds acts whose order was changed', async () => {
    await rewrite(([a = '', b = '', c = '', d = '', ...rest]) => [a, b, d, c, ...rest]);
    expect(kinds()).toEqual(expect.arrayContaining(['audit-chain 3', 'audit-chain 3']));
  });

  it('finds a log that was cut at its end', async () => {
    await rewrite((lines) => lines.slice(0, 4));
    expect(kinds()).toEqual(['audit-cut 4', 'audit-copy null']);
  });

  it('finds a log that was cut in the middle of a line, and one that is gone', async () => {
    const path = await logFile();
    await truncate(path, (await readFile(path)).length - 20);
    expect(kinds()).toContain('audit-cut 5');
    await rm(path);
    expect(kinds()).toContain('audit-cut 0');
  });

  it('finds a cut log by a head that was kept elsewhere, where the records were cut as well', async () => {
    const { head } = verify();
    const before = await readFile(await logFile(), 'utf8');
    const kept = before.trimEnd().split('\n').slice(0, 4);
    await writeFile(await logFile(), `${kept.join('\n')}\n`);
    const hash = parseLine(kept[3] ?? '')?.hash;
    const db = new DatabaseSync(opsFile(join(data, 'store')));
    db.prepare(`UPDATE "record setting" SET document = ? WHERE id = 'audit-head:alone'`).run(
      JSON.stringify({ value: { number: 4, hash } }),
    );
    db.exec(`DELETE FROM "record audit" WHERE json_extract(document, '$.number') > 4`);
    db.close();
    expect(verify().findings).toEqual([]);
    expect(verify(head ?? undefined).findings.map(({ kind }) => kind)).toEqual(['audit-cut']);
  });

  it('finds an act that somebody with the file but without the key added', async () => {
    await rewrite((lines) => {
      const last = parseLine(lines.at(-1) ?? '');
      const forged = { ...last?.line, number: 7, previous: last?.hash, id: 'forged', act: 'user.add' };
      return [...lines, `${JSON.stringify(forged)}\t${'A'.repeat(86)}==`];
    });
    expect(kinds()).toContain('audit-changed 7');
  });

  it('finds records that were changed or removed beside an honest log', async () => {
    const db = new DatabaseSync(opsFile(join(data, 'store')));
    db.exec(
      `UPDATE "record audit" SET document = json_set(document, '$.actor', 'x') WHERE json_extract(document, '$.number') = 3`,
    );
    db.exec(`DELETE FROM "record audit" WHERE json_extract(document, '$.number') = 5`);
    db.close();
    expect(kinds()).toEqual(['audit-copy 3', 'audit-copy 5']);
  });

  it('goes on finding it after the server ran on over it', async () => {
    await rewrite((lines) => lines.slice(0, 3));
    await start();
    await audit.record({ actor: 'lan', act: 'user.add', target: 'g' });
    await audit.record({ actor: 'lan', act: 'user.add', target: 'h' });
    await audit.record({ actor: 'lan', act: 'user.add', target: 'i' });
    await close();
    expect(kinds()).toContain('audit-broken 4');
  });
});

describe('changes that a crash cut off', () => {
  const CHILD = fileURLToPath(new URL('./begin-and-die.ts', import.meta.url));

  it('are on record after it, once', async () => {
    await close();
    const child = spawn(process.execPath, [CHILD, data], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await start();
    for (let n = 0; n < 2; n++) {
      const unfinished = await openUnfinished(data, audit);
      await unfinished.close();
    }
    const page = await records.as(SYSTEM).find('audit', { where: { actor: ['lan'] } });
    expect(page.records.map(({ document }) => [document.act, document.target])).toEqual([
      ['request.unfinished', 'PUT /api/v1/users/minh'],
    ]);
    expect(verify().findings).toEqual([]);
  });

  it('do not gather in the file while all is well', async () => {
    const unfinished = await openUnfinished(data, audit);
    for (let n = 0; n < 700; n++) (await unfinished.begin({ actor: 'lan', target: `PUT /${'x'.repeat(100)}` }))();
    await unfinished.close();
    expect((await readFile(join(data, 'audit', 'under-way'))).length).toBeLessThan(70_000);
    expect(await records.as(SYSTEM).count('audit', { where: { actor: ['lan'] } })).toBe(0);
  });
});
