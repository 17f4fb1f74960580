import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { HaidangError } from '../errors.ts';
import type { Account, PinnedCertificate } from './catalog.ts';

/** Reads PEM certificates that an account is to be bound to, the first of each text. @throws HaidangError `HD_BAD_REQUEST` */
export function pinnedCertificates(texts: readonly string[]): PinnedCertificate[] {
  const pinned = texts.map((text, at): PinnedCertificate => {
    let read: X509Certificate;
    try {
      read = new X509Certificate(text);
    } catch {
      throw new HaidangError('HD_BAD_REQUEST', `Certificate ${at + 1} is no certificate in PEM form.`);
    }
    if (/PRIVATE KEY/.test(text))
      throw new HaidangError(
        'HD_BAD_REQUEST',
        `The text of certificate ${at + 1} holds a private key; give the certificate alone.`,
      );
    const notAfter = read.validToDate.toISOString();
    if (read.validToDate.getTime() <= Date.now())
      throw new HaidangError('HD_BAD_REQUEST', `Certificate ${at + 1} ended on ${notAfter}; give the one after it.`);
    return { sha256: sha256Of(read), subject: read.subject.replaceAll('\n', ', ').slice(0, 300), notAfter };
  });
  return pinned.filter(({ sha256 }, at) => pinned.findIndex((one) => one.sha256 === sha256) === at);
}

/**
 * Why a connection does not count as an account that is bound to certificates; undefined where it does. The handshake proved that
 * the other side has the key; which authority signed the certificate does not matter, as the very certificate is known.
 */
export function certificateProblem(
  { certificates }: Pick<Account, 'certificates'>,
  socket: unknown,
  now: number,
): string | undefined {
  if (certificates.length === 0) return undefined;
  const shown = (socket as Partial<Pick<TLSSocket, 'getPeerX509Certificate'>>).getPeerX509Certificate?.();
  if (!shown) return 'This account is bound to a client certificate, and the connection showed none.';
  if (!certificates.some(({ sha256 }) => sha256 === sha256Of(shown)))
    return 'This account is bound to another client certificate than the one that was shown.';
  const isValid = shown.validFromDate.getTime() <= now && now < shown.validToDate.getTime();
  return isValid ? undefined : 'The client certificate has ended, or is not valid yet.';
}

function sha256Of({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.replaceAll(':', '').toLowerCase();
}
