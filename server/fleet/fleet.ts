import type { X509Certificate } from 'node:crypto';
import type { EnrolmentAnswer, SignedPolicy } from '../../ecs/enrolment.ts';
import type { CollectorStatus } from '../../ecs/wire.ts';
import type { Audit } from '../accounts/audit.ts';
import { type Authority, fingerprintOf } from '../authority/authority.ts';
import { HaidangError } from '../errors.ts';
import type { CollectorId } from '../identity.ts';
import type { KnownPeer } from '../ingest/peer.ts';
import { NO_QUOTA, type Quota } from '../ingest/quota.ts';
import type { Log } from '../log.ts';
import type { CollectorRecord } from '../store/record-kinds.ts';
import type { RecordStore } from '../store/record-store.ts';
import { countAttempts } from './attempts.ts';
import { certify, renew } from './certify.ts';
import { changeRecord } from './change-record.ts';
import { watchClones } from './clones.ts';
import { type KeptPolicy, readPolicy, readQuota, writePolicy } from './policies.ts';
import { type MadeToken, makeToken, type TokenOrder } from './tokens.ts';
import { readEnrolment, readRenewal } from './wire.ts';

/** The collectors of the province: who may be one, and who no longer. */
export interface Fleet {
  /** SHA-256 of the authority's certificate: part of every token. */
  readonly authorityFingerprint: string;
  token(order: TokenOrder): Promise<MadeToken>;
  /** `POST /v1/enrol`; `former` is the client certificate, which need not be valid any more. */
  enrol(body: Buffer, address: string, former: X509Certificate | undefined): Promise<EnrolmentAnswer>;
  /** Before the body of an enrolment is read. @throws HaidangError `HD_TOO_MANY` */
  mayTry(address: string): void;
  /** `POST /v1/renew`. */
  renew(body: Buffer, peer: KnownPeer): Promise<EnrolmentAnswer>;
  /** Looks at where a request comes from, by its header `haidang-machine`. @throws HaidangError `HD_CERTIFICATE_COPIED` */
  admitMachine(peer: KnownPeer, machine: unknown): Promise<void>;
  /** Looks at a status before it is taken. @throws HaidangError `HD_CERTIFICATE_COPIED` */
  admitStatus(peer: KnownPeer, status: CollectorStatus): Promise<void>;
  /** Sets what a group of collectors reads, and how much it may send; `restores`: a version whose text this is. */
  setPolicy(group: string, yaml: string, by: string, restores?: number): Promise<KeptPolicy>;
  /** What a collector may send: by the policy of its group, as it was within the last seconds. */
  quotaOf(record: Pick<CollectorRecord, 'group'>): Promise<Quota>;
  /** `GET /v1/policy`. */
  policyFor(peer: KnownPeer): Promise<SignedPolicy | { readonly policy: null }>;
  /** Takes a collector's certificate back, and ends its connections. */
  revoke(id: CollectorId, by: string): Promise<CollectorRecord>;
  /** Tells how connections of a collector to this server are cut; there are none before. */
  onCut(cut: (id: CollectorId) => void): void;
}

export interface FleetOptions {
  readonly records: RecordStore;
  readonly authority: Authority;
  readonly audit: Audit;
  readonly log: Log;
  readonly now?: () => number;
  readonly attempts?: { readonly perAddress: number; readonly inAll: number; readonly audited: number };
}

/** Of collectors that were put into none. */
export const DEFAULT_GROUP = 'default';
const QUOTA_KEPT_MS = 5_000;
const ATTEMPTS = { perAddress: 10, inAll: 240, audited: 20 };

/** Opens the fleet over the record store and the authority. */
export function openFleet(options: FleetOptions): Fleet {
  const { records, authority, audit, log } = options;
  const now = options.now ?? Date.now;
  const parts = { records, authority, audit, now };
  const attempts = countAttempts(options.attempts ?? ATTEMPTS, now);
  const clones = watchClones();
  const quotas = keepQuotas(records, now);
  const authorityFingerprint = fingerprintOf(authority.certificate);
  let cut: (id: CollectorId) => void = () => undefined;

  const takeBack = async (id: CollectorId, by: string, reason: 'person' | 'clone') => {
    const revocation = { at: new Date(now()).toISOString(), by, reason };
    const record = await changeRecord(records, id, (before) =>
      before.revoked ? before : { ...before, revoked: true, revocation },
    );
    cut(id);
    await audit.record({ actor: by, act: 'collector.revoke', target: id, detail: { reason, agency: record.agency } });
    return record;
  };

  return {
    authorityFingerprint,
    async token(order) {
      const made = await makeToken(records, authorityFingerprint, order, now());
      const { agency, agencies, expires } = made.record;
      await audit.record({
        actor: order.by,
        act: 'collector.token',
        target: made.id,
        detail: { agency, agencies, expires },
      });
      return made;
    },
    mayTry: (address) => attempts.begin(address),
    async enrol(body, address, former) {
      const request = readEnrolment(body);
      try {
        const answer = await certify(request, former, parts);
        clones.forget(answer.collector as CollectorId);
        return answer;
      } catch (error) {
        if (error instanceof HaidangError && error.code.startsWith('HD_TOKEN_') && attempts.mayAudit()) {
          const detail = { address, name: request.name, code: error.code };
          await audit.record({ actor: 'unknown', act: 'collector.refused', target: request.token.id, detail });
        }
        throw error;
      }
    },
    renew: (body, peer) => renew(readRenewal(body).csr, peer, parts),
    async admitMachine({ collector, record }, machine) {
      if (typeof machine !== 'string' || !record.machine || record.machine === machine) return;
      if (record.copySeenAt === undefined) {
        const copySeenAt = new Date(now()).toISOString();
        await changeRecord(records, collector, (before) => ({ ...before, copySeenAt }));
        await audit.record({ actor: 'system', act: 'collector.copy', target: collector, detail: { by: 'machine' } });
        log.warn({ collector }, 'A machine with a copy of a collector was refused; it has to enrol anew.');
      }
      throw copied(collector, 'The certificate was made on another machine than the one it comes from.');
    },
    async admitStatus({ collector }, status) {
      if (!clones.isSecond(collector, status.epoch)) return;
      log.warn({ collector }, 'A collector runs in two places at once; its certificate is revoked.');
      await takeBack(collector, 'system', 'clone');
      throw copied(collector, 'The certificate is in use in two places at the same time.');
    },
    async setPolicy(group, yaml, by, restores) {
      const at = new Date(now()).toISOString();
      const again = restores === undefined ? {} : { restores };
      const kept = await writePolicy(records, authority, { group, yaml, by, at, ...again });
      quotas.forget(group);
      await audit.record({
        actor: by,
        act: 'collector.policy',
        target: group,
        detail: { version: kept.version, yaml, ...again },
      });
      return kept;
    },
    quotaOf: ({ group }) => quotas.of(group ?? DEFAULT_GROUP),
    async policyFor({ record }) {
      const kept = await readPolicy(records, record.group ?? DEFAULT_GROUP);
      return kept ? { policy: kept.policy, signature: kept.signature } : { policy: null };
    },
    revoke: (id, by) => takeBack(id, by, 'person'),
    onCut(how) {
      cut = how;
    },
  };
}

function copied(collector: string, what: string): HaidangError {
  return new HaidangError('HD_CERTIFICATE_COPIED', `${collector}: ${what}`);
}

/** Quotas by group, asked for at each batch and read every few seconds: another server may set them too. */
function keepQuotas(records: RecordStore, now: () => number) {
  const kept = new Map<string, { readonly at: number; readonly quota: Promise<Quota> }>();
  return {
    forget: (group: string) => void kept.delete(group),
    of(group: string): Promise<Quota> {
      const known = kept.get(group);
      if (known && Math.abs(now() - known.at) < QUOTA_KEPT_MS) return known.quota;
      const quota = readQuota(records, group).then((read) => ({
        eventsPerSecond: read?.events_per_second ?? null,
        bytesPerSecond: read?.bytes_per_second ?? null,
        weight: read?.weight ?? NO_QUOTA.weight,
      }));
      kept.set(group, { at: now(), quota });
      // A store that is down is asked again by the next one.
      quota.catch(() => kept.delete(group));
      return quota;
    },
  };
}
