import { randomInt, X509Certificate } from 'node:crypto';
import type { EnrolmentAnswer, EnrolmentRequest } from '../../ecs/enrolment.ts';
import type { Audit } from '../accounts/audit.ts';
import { type Authority, fingerprintOf } from '../authority/authority.ts';
import { publicKeyOfRequest } from '../authority/certificates.ts';
import { HaidangError } from '../errors.ts';
import { type AgencyId, type CollectorId, SYSTEM } from '../identity.ts';
import type { CollectorRecord } from '../store/record-kinds.ts';
import type { RecordStore } from '../store/record-store.ts';
import { changeRecord } from './change-record.ts';
import { checkToken, sha256 } from './tokens.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** What certifying works with. */
export interface CertifyParts {
  readonly records: RecordStore;
  readonly authority: Authority;
  readonly audit: Audit;
  readonly now: () => number;
}

/**
 * Gives a collector its first certificate for a token. `former` is the certificate that it showed in TLS, of whatever
 * age: a machine that enrols again keeps its id, and with it its spool, unless the id is in use by another.
 * @throws HaidangError `HD_TOKEN_…`, `HD_BAD_REQUEST`
 */
export async function certify(
  request: EnrolmentRequest,
  former: X509Certificate | undefined,
  { records, authority, audit, now }: CertifyParts,
): Promise<EnrolmentAnswer> {
  const publicKey = await keyOf(request.csr);
  const keyHash = sha256(publicKey);
  const found = await checkToken(records, request.token, keyHash, now());
  const token = found.document;
  const { agency, agencies } = token;
  const kept = await formerId(former, agency, { records, authority });
  const collector = (token.usedBy as CollectorId | null) ?? kept ?? newId();
  const usedAt = new Date(now()).toISOString();
  // The token first, with compare-and-set: of two that come at once, one gets the certificate.
  if (token.usedAt === null) {
    const used = { ...token, usedAt, usedBy: collector, keyHash };
    await records
      .as(SYSTEM)
      .replace('enrolment-token', found.id, used, found.version)
      .catch((error: unknown) => {
        if (!(error instanceof HaidangError) || error.code !== 'HD_RECORD_CONFLICT') throw error;
        throw new HaidangError('HD_TOKEN_USED', 'The enrolment token was used at this moment by another collector.');
      });
  }
  const issued = await authority.issueCollector({ collector, agency, publicKey });
  const { machine, name } = request;
  const { fingerprint, notAfter } = issued;
  const base = { agency, agencies, name, machine, fingerprint, notAfter, revoked: false };
  const current = await records.as(SYSTEM).get('collector', collector);
  if (!current) {
    const fresh: CollectorRecord = { ...base, createdAt: usedAt, lastSeenAt: null, status: null, counters: [] };
    await records.as(SYSTEM).create('collector', collector, fresh);
  } else {
    await changeRecord(records, collector, (record) => {
      const { previousFingerprint, revocation, copySeenAt, ...rest } = record;
      return { ...rest, ...base };
    });
  }
  const detail = { agency, agencies, name, token: found.id, fingerprint, again: current !== undefined };
  await audit.record({ actor: `collector:${collector}`, act: 'collector.enrol', target: collector, detail });
  const { certificate } = issued;
  return { collector, agency, certificate, notAfter, now: new Date(now()).toISOString() };
}

/** Gives a collector that is known by its certificate the next one. The one before is accepted until it expires. */
export async function renew(
  csr: string,
  { collector, fingerprint }: { readonly collector: CollectorId; readonly fingerprint: string },
  { records, authority, audit, now }: CertifyParts,
): Promise<EnrolmentAnswer> {
  const publicKey = await keyOf(csr);
  let agency = '' as AgencyId;
  const issued = await authority.issueCollector({ collector, agency, publicKey });
  await changeRecord(records, collector, (record) => {
    if (record.revoked) throw new HaidangError('HD_CERTIFICATE', `The certificate of ${collector} is revoked.`);
    agency = record.agency;
    const { notAfter } = issued;
    return { ...record, previousFingerprint: fingerprint, fingerprint: issued.fingerprint, notAfter };
  });
  const detail = { fingerprint: issued.fingerprint, notAfter: issued.notAfter };
  await audit.record({ actor: `collector:${collector}`, act: 'collector.renew', target: collector, detail });
  const { certificate, notAfter } = issued;
  return { collector, agency, certificate, notAfter, now: new Date(now()).toISOString() };
}

async function keyOf(csr: string): Promise<string> {
  try {
    return await publicKeyOfRequest(csr);
  } catch (cause) {
    throw new HaidangError(
      'HD_BAD_REQUEST',
      'The certificate request is not a signed PKCS #10 request with a P-256 key.',
      {
        cause,
      },
    );
  }
}

/** The id of a former certificate, where it is one of ours, of the same agency, and no living collector has the id. */
async function formerId(
  former: X509Certificate | undefined,
  agency: AgencyId,
  { records, authority }: Pick<CertifyParts, 'records' | 'authority'>,
): Promise<CollectorId | undefined> {
  const id = /^CN=([a-z0-9]{4,32})$/.exec(former?.subject ?? '')?.[1] as CollectorId | undefined;
  if (!former || id === undefined || !former.verify(new X509Certificate(authority.certificate).publicKey))
    return undefined;
  const record = (await records.as(SYSTEM).get('collector', id))?.document;
  if (!record || record.agency !== agency) return undefined;
  const isItsOwn = [record.fingerprint, record.previousFingerprint].includes(fingerprintOf(former.raw));
  // A copy of the disk shows the same certificate; who is refused as the copy becomes a collector of its own.
  return isItsOwn && (record.revoked || record.copySeenAt === undefined) ? id : undefined;
}

function newId(): CollectorId {
  return `c${Array.from({ length: 9 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')}` as CollectorId;
}
