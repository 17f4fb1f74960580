import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { loadX509 } from './x509.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** A machine whose clock is a little behind must still accept a certificate made just now. */
const CLOCK_SLACK_MS = 5 * 60_000;

/** A new ECDSA P-256 private key as PKCS #8 PEM. */
export function newPrivateKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** What a certificate says: whom, for how long, and for which use. */
export interface CertificateRequest {
  readonly commonName: string;
  /** Public key, SubjectPublicKeyInfo PEM (RFC 5280 §4.1.2.7). */
  readonly publicKey: string;
  readonly now: number;
  readonly days: number;
  readonly use: 'authority' | 'server' | 'client';
  /** DNS names and IP addresses. */
  readonly hosts?: readonly string[];
  readonly uris?: readonly string[];
}

/** Who signs: a key, and the name and public key that stand in its certificate. */
export interface Issuer {
  readonly key: string;
  readonly name: string;
}

/** Makes a certificate (RFC 5280) and gives it as PEM. */
export async function makeCertificate(request: CertificateRequest, issuer: Issuer): Promise<string> {
  const x509 = await loadX509();
  const signingKey = await importPrivate(createPrivateKey(issuer.key));
  const issuerPublic = await importPublic(createPublicKey(issuer.key));
  const publicKey = await importPublic(createPublicKey(request.publicKey));
  const names = [
    ...(request.hosts ?? []).map((host) => ({ type: isIP(host) ? ('ip' as const) : ('dns' as const), value: host })),
    ...(request.uris ?? []).map((uri) => ({ type: 'url' as const, value: uri })),
  ];
  const flags = x509.KeyUsageFlags;
  const isAuthority = request.use === 'authority';
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ CN: [request.commonName] }],
    issuer: [{ CN: [issuer.name] }],
    notBefore: new Date(request.now - CLOCK_SLACK_MS),
    notAfter: new Date(request.now + request.days * 86_400_000),
    signingAlgorithm: ALGORITHM,
    publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(isAuthority, isAuthority ? 0 : undefined, true),
      new x509.KeyUsagesExtension(isAuthority ? flags.keyCertSign | flags.cRLSign : flags.digitalSignature, true),
      ...(isAuthority
        ? []
        : [
            new x509.ExtendedKeyUsageExtension([
              request.use === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
            ]),
          ]),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuerPublic),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

/** The public key (PEM) of a PKCS #10 request (RFC 2986), once its signature is checked. @throws Error */
export async function publicKeyOfRequest(csr: string): Promise<string> {
  const x509 = await loadX509();
  const request = new x509.Pkcs10CertificateRequest(csr);
  if (!(await request.verify())) throw new Error('The certificate request is not signed by its own key.');
  return request.publicKey.toString('pem');
}

/** Positive, 127 bits (RFC 5280 §4.1.2.2 allows 20 octets). */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function importPrivate(key: KeyObject): Promise<CryptoKey> {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return crypto.subtle.importKey('pkcs8', new Uint8Array(der), ALGORITHM, false, ['sign']);
}

function importPublic(key: KeyObject): Promise<CryptoKey> {
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error('Only ECDSA keys on P-256 are accepted; make the key with that curve.');
  }
  const der = key.export({ type: 'spki', format: 'der' });
  return crypto.subtle.importKey('spki', new Uint8Array(der), ALGORITHM, true, ['verify']);
}
