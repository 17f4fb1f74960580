import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOf, openAuthority } from '../../../server/authority/authority.ts';
import type { AgencyId, CollectorId } from '../../../server/identity.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 10, 22, 8);
let folder: string;
let now: number;
const open = () => openAuthority(folder, { now: () => now, host: 'soc.example' });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hd-authority-'));
  now = START;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const publicKey = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }) as string;
const collector = 'c1234567' as CollectorId;
const agency = 'so-tttt' as AgencyId;

describe('the certificate authority', () => {
  it('is made at the first start and kept: ECDSA P-256, ten years, keys for the owner only', async () => {
    const first = await open();
    await first.serverCredentials();
    const again = await open();
    expect(again.certificate).toBe(first.certificate);
    const root = new X509Certificate(first.certificate);
    expect(root.ca).toBe(true);
    expect(root.verify(root.publicKey)).toBe(true);
    expect(root.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(Math.round((root.validToDate.getTime() - START) / DAY)).toBe(3650);
    for (const name of ['ca.key', 'server.key']) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  });

  it('gives the server a certificate for loopback, localhost and the host, and OpenSSL agrees', async () => {
    const authority = await open();
    const { certificate, key } = await authority.serverCredentials();
    const read = new X509Certificate(certificate);
    expect(read.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
    expect(read.checkPrivateKey(createPrivateKey(key))).toBe(true);
    for (const host of ['localhost', 'soc.example']) expect(read.checkHost(host)).toBe(host);
    for (const address of ['127.0.0.1', '::1']) expect(read.checkIP(address)).toBe(address);
    const said = execFileSync(
      'openssl',
      [
        'verify',
        '-purpose',
        'sslserver',
        '-attime',
        String(START / 1000),
        '-x509_strict',
        '-CAfile',
        'ca.crt',
        'server.crt',
      ],
      { cwd: folder, encoding: 'utf8' },
    );
    expect(said).toContain('OK');
  });

  it('keeps the server certificate while a third of its year is left, and renews it after', async () => {
    const first = await (await open()).serverCredentials();
    now = START + 240 * DAY;
    expect((await (await open()).serverCredentials()).certificate).toBe(first.certificate);
    now = START + 250 * DAY;
    const renewed = await (await open()).serverCredentials();
    expect(renewed.certificate).not.toBe(first.certificate);
    expect(Date.parse(renewed.notAfter)).toBeGreaterThan(now + 360 * DAY);
  });

  it('replaces a damaged server certificate', async () => {
    await (await open()).serverCredentials();
    await writeFile(join(folder, 'server.crt'), 'garbage');
    const { certificate } = await (await open()).serverCredentials();
    expect(new X509Certificate(certificate).checkHost('localhost')).toBe('localhost');
  });

  it('certifies a collector for 30 days by its public key, with its id as name and URI', async () => {
    const authority = await open();
    const issued = await authority.issueCollector({ collector, agency, publicKey: publicKey() });
    const read = new X509Certificate(issued.certificate);
    expect(read.subject).toBe('CN=c1234567');
    expect(read.subjectAltName).toBe('URI:urn:haidang:collector:c1234567');
    expect(read.ca).toBe(false);
    expect(read.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(Date.parse(issued.notAfter) - START).toBe(30 * DAY);
    expect(issued.fingerprint).toBe(fingerprintOf(issued.certificate));
    expect(issued.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  it('certifies a collector by its request, and refuses a request whose signature is false', async () => {
    const authority = await open();
    execFileSync('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'k.pem'], { cwd: folder });
    execFileSync('openssl', ['req', '-new', '-key', 'k.pem', '-subj', '/CN=forged-name', '-out', 'r.pem'], {
      cwd: folder,
    });
    const csr = await readFile(join(folder, 'r.pem'), 'utf8');
    const issued = await authority.issueCollector({ collector, agency, csr });
    expect(new X509Certificate(issued.certificate).subject).toBe('CN=c1234567');

    const der = Buffer.from(csr.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const at = der.indexOf('forged-name');
    der.write('farged-name', at);
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    await expect(authority.issueCollector({ collector, agency, csr: forged })).rejects.toThrow(
      'not signed by its own key',
    );
  });

  it('refuses keys of another kind', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' });
    const authority = await open();
    await expect(authority.issueCollector({ collector, agency, publicKey: rsa as string })).rejects.toThrow('P-256');
  });
});

describe('files of an existing authority', () => {
  it('names a missing key and touches nothing', async () => {
    const { certificate } = await open();
    await unlink(join(folder, 'ca.key'));
    await expect(open()).rejects.toThrow(/ca\.key is missing beside ca\.crt: restore it/);
    expect(await readFile(join(folder, 'ca.crt'), 'utf8')).toBe(certificate);
  });

  it('names a damaged key or certificate', async () => {
    const { certificate } = await open();
    await writeFile(join(folder, 'ca.crt'), certificate.slice(0, 90));
    await expect(open()).rejects.toThrow(/ca\.crt is not a readable certificate/);
    await writeFile(join(folder, 'ca.key'), 'x');
    await expect(open()).rejects.toThrow(/ca\.key is not a readable private key/);
  });

  it('names a key that belongs to another certificate', async () => {
    await open();
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    await writeFile(join(folder, 'ca.key'), other.export({ type: 'pkcs8', format: 'pem' }));
    await expect(open()).rejects.toThrow('do not belong together');
  });

  it('makes the certificate again after a crash between the two files', async () => {
    const before = await open();
    const issued = await before.issueCollector({ collector, agency, publicKey: publicKey() });
    await unlink(join(folder, 'ca.crt'));
    const after = await open();
    const read = new X509Certificate(issued.certificate);
    expect(read.verify(new X509Certificate(after.certificate).publicKey)).toBe(true);
  });
});
