import type { TLSSocket } from 'node:tls';
import { HaidangError } from '../errors.ts';
import { type AgencyId, type CollectorId, SYSTEM } from '../identity.ts';
import type { CollectorRecord } from '../store/record-kinds.ts';
import type { RecordStore } from '../store/record-store.ts';

/** What a client certificate says, once TLS has checked that our authority signed it. */
export interface Peer {
  readonly collector: CollectorId;
  readonly fingerprint: string;
  readonly notAfter: number;
}

/** Who a request comes from, as of now. */
export interface KnownPeer extends Peer {
  readonly agency: AgencyId;
  readonly record: CollectorRecord;
}

/** Reads the client certificate of a connection; undefined where it is none of a collector's. */
export function peerOf(socket: TLSSocket): Peer | undefined {
  const certificate = socket.getPeerX509Certificate();
  const collector = /^CN=([a-z0-9]{4,32})$/.exec(certificate?.subject ?? '')?.[1];
  if (!certificate || collector === undefined) return undefined;
  return {
    collector: collector as CollectorId,
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    notAfter: certificate.validToDate.getTime(),
  };
}

/**
 * The collector's record behind a certificate, read at every request and kept nowhere, so that a revocation acts on open
 * connections too. @throws HaidangError `HD_CERTIFICATE`
 */
export async function admit(peer: Peer | undefined, records: RecordStore, now: number): Promise<KnownPeer> {
  if (!peer) throw new HaidangError('HD_CERTIFICATE', 'The certificate names no collector.');
  if (peer.notAfter <= now) {
    throw new HaidangError('HD_CERTIFICATE', `The certificate of ${peer.collector} has expired.`);
  }
  const found = await records.as(SYSTEM).get('collector', peer.collector);
  const record = found?.document;
  if (!record || (record.fingerprint !== peer.fingerprint && record.previousFingerprint !== peer.fingerprint)) {
    throw new HaidangError('HD_CERTIFICATE', `The certificate of ${peer.collector} is not one that is registered.`);
  }
  if (record.revoked && record.revocation?.reason === 'clone') {
    const what = `The certificate of ${peer.collector} was in use in two places and is revoked.`;
    throw new HaidangError('HD_CERTIFICATE_COPIED', what);
  }
  if (record.revoked) throw new HaidangError('HD_CERTIFICATE', `The certificate of ${peer.collector} is revoked.`);
  return { ...peer, agency: record.agency, record };
}
