import { createHash, type X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/** SHA-256 of a certificate's DER, lower-case hexadecimal. */
export function fingerprintOf(certificate: X509Certificate): string {
  return createHash('sha256').update(certificate.raw).digest('hex');
}

/** The server's authority, as it is behind the certificate that the server showed. */
export type FoundAuthority =
  | { readonly kind: 'right'; readonly pem: string; readonly server: X509Certificate }
  | { readonly kind: 'other'; readonly fingerprint: string };

/** Looks for the authority with a fingerprint behind the server's certificate, and that it signed that certificate. */
export function findAuthority(tls: TLSSocket, fingerprint: string): FoundAuthority {
  // Asked once: Node 24 gives the chain to whoever asks first, and nothing to the next.
  const server = tls.getPeerX509Certificate();
  let authority = server?.issuerCertificate;
  for (let depth = 0; depth < 8 && authority?.issuerCertificate; depth++) {
    if (authority.issuerCertificate.fingerprint256 === authority.fingerprint256) break;
    authority = authority.issuerCertificate;
  }
  if (!server || !authority) return { kind: 'other', fingerprint: '' };
  const found = fingerprintOf(authority);
  if (found !== fingerprint || !authority.ca || !server.verify(authority.publicKey)) {
    return { kind: 'other', fingerprint: found };
  }
  return { kind: 'right', pem: authority.toString(), server };
}
