import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate, newPrivateKey } from '../../../server/authority/certificates.ts';
import { type Connection, connect } from '../../../server/commands/connection.ts';
import { loadConfig } from '../../../server/config.ts';
import { createLog } from '../../../server/log.ts';
import { type RunningServer, startServer } from '../../../server/main.ts';
import type { TaxiiOverview } from '../../../server/taxii/admin-schema.ts';
import { certificateProblem, pinnedCertificates } from '../../../server/taxii/client-certificate.ts';
import { openDatabase } from '../../../server/taxii/database.ts';
import { basic, TYPE } from './national.ts';

const PASSWORD = 'mật khẩu đủ dài của tỉnh';
const DAY = 86_400_000;

/** A certificate that nobody vouches for. */
async function newPair(
  name: string,
  now = Date.now(),
  days = 30,
): Promise<{ readonly cert: string; readonly key: string }> {
  const key = newPrivateKey();
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
  return { key, cert: await makeCertificate({ commonName: name, publicKey, now, days, use: 'client' }, { key, name }) };
}

describe('accounts that are bound to client certificates', () => {
  let folder: string;
  let server: RunningServer;
  let connection: Connection;
  let ca: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'haidang-pins-'));
    const env = {
      HAIDANG_DATA: join(folder, 'data'),
      HAIDANG_PORT: '0',
      HAIDANG_INGEST_PORT: '0',
      HAIDANG_TLS_MODE: 'on',
    };
    const loaded = await loadConfig(undefined, { ...env, HAIDANG_TLS_CLIENT_CERTIFICATES: 'true' });
    const config = { ...loaded, role: 'national' as const, logLevel: 'silent' };
    server = await startServer(config, createLog('silent'), Promise.resolve({ rules: [], problems: [] }));
    connection = await connect(config);
    ca = await readFile(join(folder, 'data/authority/ca.crt'), 'utf8');
    for (const name of ['can-tho', 'lao-cai'])
      await connection.ask('POST', '/api/v1/taxii/accounts', { name, password: PASSWORD });
  }, 60_000);
  afterAll(async () => {
    await connection?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Status and, where it is refused, the words of an answer to an account that shows this pair. */
  const ask = (user: string, pair: object = {}, password = PASSWORD): Promise<string> =>
    new Promise((done, failed) => {
      const headers = { accept: TYPE, authorization: basic(user, password) };
      const sent = request(`${server.address}/taxii2/`, { ...pair, ca, headers, agent: false }, (answer) => {
        let text = '';
        answer.on('data', (piece: Buffer) => {
          text += piece.toString();
        });
        answer.on('end', () =>
          done(`${answer.statusCode} ${(JSON.parse(text) as { description?: string }).description ?? ''}`),
        );
      });
      sent.on('error', failed);
      sent.end();
    });
  const bind = (certificates: readonly string[]) =>
    connection.ask('PUT', '/api/v1/taxii/accounts/can-tho', { certificates });

  it('are let in with the password and the very certificate, and with neither of them alone', async () => {
    const [own, next, stranger] = [await newPair('can-tho'), await newPair('can-tho'), await newPair('can-tho')];
    expect(await ask('can-tho')).toMatch(/^200/);
    await bind([own.cert]);
    expect(await ask('can-tho')).toMatch(/^401 .*showed none/);
    expect(await ask('can-tho', own)).toMatch(/^200/);
    expect(await ask('can-tho', own, 'một mật khẩu sai')).toMatch(/^401 The name or the password/);
    // Of the same name, by another key.
    expect(await ask('can-tho', stranger)).toMatch(/^401 .*another client certificate/);
    expect(await ask('lao-cai')).toMatch(/^200/);
    expect(await ask('lao-cai', stranger)).toMatch(/^200/);
    await bind([own.cert, next.cert]);
    expect([await ask('can-tho', own), await ask('can-tho', next)].map((said) => said.slice(0, 3))).toEqual([
      '200',
      '200',
    ]);
    const { accounts } = await connection.ask<TaxiiOverview>('GET', '/api/v1/taxii');
    const bound = accounts.find(({ name }) => name === 'can-tho')?.certificates ?? [];
    const { fingerprint256 } = new X509Certificate(own.cert);
    expect(bound[0]).toMatchObject({ sha256: fingerprint256.replaceAll(':', '').toLowerCase(), subject: 'CN=can-tho' });
    expect(bound).toHaveLength(2);
    // A new password leaves the bond as it is.
    await connection.ask('PUT', '/api/v1/taxii/accounts/can-tho', { password: `${PASSWORD} mới` });
    expect(await ask('can-tho', {}, `${PASSWORD} mới`)).toMatch(/^401/);
    await bind([]);
    expect(await ask('can-tho', {}, `${PASSWORD} mới`)).toMatch(/^200/);
  });

  it('are not bound to what is no certificate, holds a key, or has ended', async () => {
    const { cert, key } = await newPair('can-tho');
    await expect(bind(['không phải'])).rejects.toThrow(/no certificate in PEM form/);
    await expect(bind([`${cert}${key}`])).rejects.toThrow(/holds a private key/);
    const old = await newPair('can-tho', Date.now() - 40 * DAY);
    await expect(bind([old.cert])).rejects.toThrow(/ended on/);
  });

  it('are let in as long as the certificate is valid', async () => {
    const { cert } = await newPair('can-tho');
    const account = { certificates: pinnedCertificates([cert, cert]) };
    expect(account.certificates).toHaveLength(1);
    const socket = { getPeerX509Certificate: () => new X509Certificate(cert) };
    expect(certificateProblem(account, socket, Date.now())).toBeUndefined();
    expect(certificateProblem(account, socket, Date.now() + 31 * DAY)).toMatch(/has ended/);
    // A socket without TLS: behind a proxy, or on this machine.
    expect(certificateProblem(account, {}, Date.now())).toMatch(/showed none/);
    expect(certificateProblem({ certificates: [] }, {}, Date.now())).toBeUndefined();
  });

  it('are asked for certificates only where this server ends TLS', async () => {
    const file = join(folder, 'haidang.yaml');
    await writeFile(file, 'tls: {client_certificates: true}\n');
    await expect(loadConfig(file, {})).rejects.toThrow(/"tls.client_certificates" needs TLS/);
    await writeFile(file, 'tls: {client_certificates: true, mode: on}\n');
    expect((await loadConfig(file, {})).tls).toMatchObject({ clientCertificates: true, mode: 'on' });
  });

  it('come from a file of before with no certificate', () => {
    const file = join(folder, 'taxii.db');
    openDatabase(file).close();
    const before = new DatabaseSync(file);
    before.exec(`ALTER TABLE account DROP COLUMN certificates; PRAGMA user_version = 1;
      INSERT INTO account (name, password, loopback, disabled) VALUES ('can-tho', 'x', 0, 0)`);
    before.close();
    const db = openDatabase(file);
    expect(db.prepare('SELECT name, certificates FROM account').all()).toEqual([
      { name: 'can-tho', certificates: '[]' },
    ]);
    db.close();
  });
});
