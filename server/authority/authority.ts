import { createPrivateKey, createPublicKey, sign, X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { AgencyId, CollectorId } from '../identity.ts';
import {
  type CertificateRequest,
  type Issuer,
  makeCertificate,
  newPrivateKey,
  publicKeyOfRequest,
} from './certificates.ts';
import { readIfThere, writeWhole } from './secret-file.ts';

const AUTHORITY_DAYS = 3_650;
const SERVER_DAYS = 365;
const COLLECTOR_DAYS = 30;
const ISSUER_NAME = 'Hai Dang certificate authority';

/** A certificate and key as a TLS server takes them. */
export interface ServerCredentials {
  readonly certificate: string;
  readonly key: string;
  /** Of the certificate. */
  readonly notAfter: string;
}

/** What a collector is certified by. */
export interface IssuedCertificate {
  readonly certificate: string;
  /** SHA-256 of the DER, lower-case hexadecimal. */
  readonly fingerprint: string;
  /** ISO 8601. */
  readonly notAfter: string;
}

/** Whom to certify; the key as SubjectPublicKeyInfo PEM, or inside a PKCS #10 request. */
export type CollectorRequest = { readonly collector: CollectorId; readonly agency: AgencyId } & (
  | { readonly publicKey: string }
  | { readonly csr: string }
);

/** The built-in certificate authority that stands behind the collectors' mutual TLS. */
export interface Authority {
  /** The authority's own certificate, PEM: what collectors and the ingest listener trust. */
  readonly certificate: string;
  readonly certificatePath: string;
  /** The listener's certificate, made anew when less than a third of its time is left. */
  serverCredentials(): Promise<ServerCredentials>;
  /** The same for the console's port, which browsers reach by these names and addresses besides the loopback ones. */
  consoleCredentials(names: readonly string[]): Promise<ServerCredentials>;
  /** A 30-day client certificate: CN is the collector, URI SAN `urn:haidang:collector:<id>`. */
  issueCollector(request: CollectorRequest): Promise<IssuedCertificate>;
  /** Signs a text by the authority's key: ECDSA on P-256 with SHA-256, DER in base64. */
  sign(text: string): string;
}

export interface AuthorityOptions {
  readonly now?: () => number;
  /** Name of this host in the server certificate. */
  readonly host?: string;
  /** Further DNS names or addresses by which collectors reach this server. */
  readonly names?: readonly string[];
}

/** SHA-256 of a certificate (PEM or DER), lower-case hexadecimal. */
export function fingerprintOf(certificate: string | Buffer): string {
  return new X509Certificate(certificate).fingerprint256.replaceAll(':', '').toLowerCase();
}

/** Whether less than a third of a certificate's time is left. */
export function needsRenewal(certificate: X509Certificate, now: number): boolean {
  const from = certificate.validFromDate.getTime();
  const to = certificate.validToDate.getTime();
  return now < from || to - now < (to - from) / 3;
}

/**
 * Opens the certificate authority in a folder, or makes it at the first start (ECDSA P-256, 10 years; keys mode 0600).
 * @throws Error where a file is damaged or the key of an existing authority is missing; nothing is overwritten then.
 */
export async function openAuthority(folder: string, options: AuthorityOptions = {}): Promise<Authority> {
  const now = options.now ?? Date.now;
  const host = options.host ?? hostname();
  // A machine may bear a name that no certificate can hold; it is then reached by the others.
  const named = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i.test(host) ? [host] : [];
  const hosts = [...new Set(['localhost', ...named, '127.0.0.1', '::1', ...(options.names ?? [])])];
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const root = await openRoot(folder, now());
  const issuer: Issuer = { key: root.key, name: ISSUER_NAME };

  const issue = (request: Omit<CertificateRequest, 'now'>) => makeCertificate({ ...request, now: now() }, issuer);
  let renewing: Promise<ServerCredentials> | undefined;
  let renewingConsole: Promise<ServerCredentials> | undefined;

  return {
    certificate: root.certificate,
    certificatePath: join(folder, 'ca.crt'),
    serverCredentials() {
      renewing ??= openServer(join(folder, 'server'), root.certificate, hosts, now(), issue).finally(() => {
        renewing = undefined;
      });
      return renewing;
    },
    consoleCredentials(names) {
      const all = [...new Set(['localhost', '127.0.0.1', '::1', ...names])];
      renewingConsole ??= openServer(join(folder, 'console'), root.certificate, all, now(), issue).finally(() => {
        renewingConsole = undefined;
      });
      return renewingConsole;
    },
    sign: (text) => sign('sha256', Buffer.from(text), root.key).toString('base64'),
    async issueCollector(request) {
      const publicKey = 'csr' in request ? await publicKeyOfRequest(request.csr) : request.publicKey;
      const certificate = await issue({
        commonName: request.collector,
        publicKey,
        days: COLLECTOR_DAYS,
        use: 'client',
        uris: [`urn:haidang:collector:${request.collector}`],
      });
      return {
        certificate,
        fingerprint: fingerprintOf(certificate),
        notAfter: new X509Certificate(certificate).validToDate.toISOString(),
      };
    },
  };
}

async function openRoot(folder: string, now: number): Promise<{ certificate: string; key: string }> {
  const keyPath = join(folder, 'ca.key');
  const certificatePath = join(folder, 'ca.crt');
  let key = await readIfThere(keyPath);
  let certificate = await readIfThere(certificatePath);
  if (key === undefined && certificate !== undefined) {
    throw new Error(
      `${keyPath} is missing beside ca.crt: restore it from a backup, or remove ${folder} to begin a new authority (every collector then enrols again).`,
    );
  }
  if (key === undefined) {
    key = newPrivateKey();
    await writeWhole(keyPath, key, 0o600);
  }
  const publicKey = publicKeyOf(key, keyPath);
  if (certificate === undefined) {
    // Also after a crash between the two files: the same key and name verify all that was issued before.
    const request = { commonName: ISSUER_NAME, publicKey, now, days: AUTHORITY_DAYS, use: 'authority' } as const;
    certificate = await makeCertificate(request, { key, name: ISSUER_NAME });
    await writeWhole(certificatePath, certificate, 0o644);
  }
  const read = readCertificate(certificate, certificatePath);
  if (!read.checkPrivateKey(createPrivateKey(key))) {
    throw new Error(`${certificatePath} and ${keyPath} do not belong together: restore both from one backup.`);
  }
  if (read.validToDate.getTime() <= now) {
    throw new Error(
      `${certificatePath} expired on ${read.validToDate.toISOString()}: remove ${folder} and enrol the collectors again.`,
    );
  }
  return { certificate, key };
}

async function openServer(
  path: string,
  root: string,
  hosts: readonly string[],
  now: number,
  issue: (request: Omit<CertificateRequest, 'now'>) => Promise<string>,
): Promise<ServerCredentials> {
  const keyPath = `${path}.key`;
  const certificatePath = `${path}.crt`;
  let key = await readIfThere(keyPath);
  let certificate = await readIfThere(certificatePath);
  if (key === undefined || certificate === undefined || !stillGood(certificate, key, root, hosts, now)) {
    // The server's certificate stands for nothing that lasts: a damaged one is replaced, not reported.
    key = newPrivateKey();
    certificate = await issue({
      commonName: 'Hai Dang server',
      publicKey: publicKeyOf(key, keyPath),
      days: SERVER_DAYS,
      use: 'server',
      hosts,
    });
    await writeWhole(keyPath, key, 0o600);
    await writeWhole(certificatePath, certificate, 0o644);
  }
  return { certificate, key, notAfter: new X509Certificate(certificate).validToDate.toISOString() };
}

function stillGood(certificate: string, key: string, root: string, hosts: readonly string[], now: number): boolean {
  try {
    const read = new X509Certificate(certificate);
    return (
      !needsRenewal(read, now) &&
      read.checkPrivateKey(createPrivateKey(key)) &&
      read.verify(new X509Certificate(root).publicKey) &&
      hosts.every((host) => (isIP(host) ? read.checkIP(host) : read.checkHost(host)) !== undefined)
    );
  } catch {
    return false;
  }
}

function publicKeyOf(key: string, path: string): string {
  try {
    return createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
  } catch (cause) {
    throw new Error(`${path} is not a readable private key: restore it from a backup.`, { cause });
  }
}

function readCertificate(certificate: string, path: string): X509Certificate {
  try {
    return new X509Certificate(certificate);
  } catch (cause) {
    throw new Error(`${path} is not a readable certificate: restore it from a backup.`, { cause });
  }
}
