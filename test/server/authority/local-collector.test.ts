import { X509Certificate } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureLocalCollector } from '../../../server/authority/local-collector.ts';
import { type AgencyId, SYSTEM } from '../../../server/identity.ts';
import { type Lab, openLab, send } from '../ingest/lab.ts';

const DAY = 86_400_000;
let lab: Lab;
let now = Date.now();
const ensure = (agency = 'so-tai-chinh') =>
  ensureLocalCollector({
    authority: lab.authority,
    records: lab.records,
    folder: join(lab.folder, 'collector'),
    agency: agency as AgencyId,
    name: 'may-chu-1',
    now: () => now,
  });

beforeEach(async () => {
  now = Date.now();
  lab = await openLab();
});
afterEach(() => lab.close());

describe('the collector inside `haidang up`', () => {
  it('gets an id, a key for the owner only and a certificate, and is let in with them', async () => {
    const local = await ensure();
    expect(local.id).toMatch(/^c[a-z0-9]{7}$/);
    expect((await stat(local.keyPath)).mode & 0o777).toBe(0o600);
    const [key, certificate, authority] = await Promise.all(
      [local.keyPath, local.certificatePath, local.authorityPath].map((path) => readFile(path, 'utf8')),
    );
    const session = lab.dial({ id: local.id, key: key ?? '', certificate: certificate ?? '' }, authority);
    expect((await send(session, 'GET', '/v1/clock')).status).toBe(200);
    expect(await lab.record(local.id)).toMatchObject({ agency: 'so-tai-chinh', name: 'may-chu-1', revoked: false });
  });

  it('keeps id and certificate over restarts', async () => {
    const first = await ensure();
    expect(first.renewed).toBe(true);
    expect(await ensure()).toEqual({ ...first, renewed: false });
  });

  it('gets a new certificate when a third is left, and the old one is good until it ends', async () => {
    const first = await ensure();
    const before = await readFile(first.certificatePath, 'utf8');
    const { fingerprint } = await lab.record(first.id);
    now += 21 * DAY;
    const second = await ensure();
    expect(second).toMatchObject({ id: first.id, renewed: true });
    expect(new X509Certificate(await readFile(second.certificatePath, 'utf8')).serialNumber).not.toBe(
      new X509Certificate(before).serialNumber,
    );
    expect(await lab.record(first.id)).toMatchObject({ previousFingerprint: fingerprint });
    expect((await lab.record(first.id)).fingerprint).not.toBe(fingerprint);
  });

  it('follows the configured agency, and a revocation stays', async () => {
    const { id } = await ensure();
    await lab.change(id, { revoked: true });
    await ensure('so-y-te');
    expect(await lab.record(id)).toMatchObject({ agency: 'so-y-te', revoked: true });
  });

  it('is registered again where the store was made anew', async () => {
    const { id } = await ensure();
    await lab.records.as(SYSTEM).remove('collector', id);
    expect((await ensure()).id).toBe(id);
    expect((await lab.record(id)).revoked).toBe(false);
  });

  it('names a damaged id or key', async () => {
    const local = await ensure();
    await writeFile(local.keyPath, 'x');
    await expect(ensure()).rejects.toThrow(/collector\.key is not a readable private key/);
    await writeFile(join(lab.folder, 'collector', 'id'), 'NOT AN ID');
    await expect(ensure()).rejects.toThrow(/holds no collector id/);
  });
});
