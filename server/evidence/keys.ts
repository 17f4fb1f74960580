import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere, writeWhole } from '../authority/secret-file.ts';

/** Who signs manifests: Ed25519 (RFC 8032). */
export interface EvidenceKey {
  /** SHA-256 of the public key's SubjectPublicKeyInfo, lower-case hexadecimal. */
  readonly fingerprint: string;
  /** Signature in base64. */
  sign(text: string): string;
}

/** Checks signatures of manifests; knows the public key alone. */
export interface EvidenceVerifier {
  readonly fingerprint: string;
  verify(text: string, signature: string): boolean;
}

const PRIVATE = 'evidence.key';
const PUBLIC = 'evidence.pub';

/** Opens the signing key beside the certificate authority's, or makes it (PEM; the private half mode 0600). */
export async function openEvidenceKey(authority: string): Promise<EvidenceKey> {
  const path = join(authority, PRIVATE);
  let pem = await readIfThere(path);
  if (pem === undefined) {
    if (existsSync(join(authority, PUBLIC))) {
      throw new Error(
        `${path} is missing beside ${PUBLIC}: restore it from a backup; without it no day can be signed.`,
      );
    }
    const { privateKey } = generateKeyPairSync('ed25519');
    pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    await writeWhole(path, pem, 0o600);
  }
  const key = readKey(path, () => createPrivateKey(pem));
  const open = createPublicKey(key);
  const text = open.export({ type: 'spki', format: 'pem' }) as string;
  if ((await readIfThere(join(authority, PUBLIC))) !== text) await writeWhole(join(authority, PUBLIC), text, 0o644);
  return {
    fingerprint: fingerprintOf(open),
    sign: (message) => sign(null, Buffer.from(message), key).toString('base64'),
  };
}

/** Path of the public key of a data folder. */
export function publicKeyPath(data: string): string {
  return join(data, 'authority', PUBLIC);
}

/** Reads a public key; undefined where there is none. @throws Error where it is damaged. */
export function readVerifier(path: string): EvidenceVerifier | undefined {
  if (!existsSync(path)) return undefined;
  const key = readKey(path, () => createPublicKey(readFileSync(path)));
  return {
    fingerprint: fingerprintOf(key),
    verify: (text, signature) => verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64')),
  };
}

function fingerprintOf(key: KeyObject): string {
  return hash('sha256', key.export({ type: 'spki', format: 'der' }));
}

function readKey(path: string, read: () => KeyObject): KeyObject {
  try {
    const key = read();
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Said below.
  }
  throw new Error(`${path} is no Ed25519 key: restore it from a backup.`);
}
