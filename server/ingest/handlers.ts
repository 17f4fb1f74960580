import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { BatchReceipt, CollectorStatus, ServerClock } from '../../ecs/wire.ts';
import { WIRE_LIMITS } from '../../ecs/wire.ts';
import type { GapWatch } from '../backup/gap-watch.ts';
import type { CollectorBook } from '../collectors/collector-book.ts';
import { HaidangError } from '../errors.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { ENROLMENT_BYTES } from '../fleet/wire.ts';
import type { CollectorId } from '../identity.ts';
import type { EventStore, StoredBatch } from '../store/event-store.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { Assigner, FramePart } from './assign.ts';
import { readBody } from './body.ts';
import type { Budget } from './budget.ts';
import type { FairQueue } from './fair-queue.ts';
import { readFrameHead } from './frame-head.ts';
import { admit, type KnownPeer } from './peer.ts';
import { NO_QUOTA, type Quotas } from './quota.ts';
import { type IngestLimits, statusCheck } from './schema.ts';
import type { Turn } from './turns.ts';

/** One request, known by its certificate. */
export interface CollectorRequest {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly peer: KnownPeer;
  /** Its place among the requests of its connection. */
  readonly turn: Turn;
  readonly now: () => number;
}

/** What the handlers work with. */
export interface IngestParts {
  readonly events: EventStore;
  readonly records: RecordStore;
  readonly onStored: (batch: StoredBatch) => void;
  readonly diskState: () => 'ok' | 'warning' | 'stopped';
  readonly budget: Budget;
  /** Lets batches to the store in a fair order. */
  readonly queue: FairQueue;
  readonly quotas: Quotas;
  readonly book: CollectorBook;
  readonly limits: IngestLimits;
  /** After a restore: notes what cannot be sent again. */
  readonly gaps: GapWatch | undefined;
  /** Without it all events of a certificate are its owner's. */
  readonly assigner?: Assigner | undefined;
  /** Without it nobody can enrol or renew here. */
  readonly fleet?: Fleet | undefined;
}

/** `POST /v1/batches`: the receipt goes out once the batch is durable. */
export async function takeBatch(
  { stream, headers, peer, turn, now }: CollectorRequest,
  deps: IngestParts,
): Promise<BatchReceipt> {
  if (deps.diskState() === 'stopped') {
    throw new HaidangError('HD_STORE_FULL', 'The disk of the store is almost full.', { retryAfter: 30 });
  }
  const { collector } = peer;
  const quota = (await deps.fleet?.quotaOf(peer.record)) ?? NO_QUOTA;
  const share = deps.budget.share(collector, peer.agency);
  try {
    hold(deps, peer, () => deps.quotas.look(collector, quota));
    const begun = now();
    const body = await readBody(stream, headers, { bytes: WIRE_LIMITS.frameBytes, time: deps.limits.bodyTime }, share);
    const head = await readFrameHead(body);
    if (head.collector !== collector) {
      throw new HaidangError('HD_BATCH_MALFORMED', `The batch says it is from another collector than ${collector}.`);
    }
    if (head.part !== undefined) {
      throw new HaidangError('HD_BATCH_MALFORMED', 'The batch says it is a part; only the server takes batches apart.');
    }
    // A slow body leaves time for a revocation.
    const { agency, record } = now() - begun > 1_000 ? await admit(peer, deps.records, now()) : peer;
    const loggedFor = { agency, agencies: record.agencies };
    const parts = (await deps.assigner?.partsOf(loggedFor, body)) ?? [{ agency, body }];
    deps.book.claim(collector, head.sources);
    await turn.come;
    const events = Math.max(0, head.last - head.first + 1);
    hold(deps, peer, () => deps.quotas.charge(collector, quota, events, body.length));
    // On record before the frame is stored: afterwards nobody could tell what lay between.
    await deps.gaps?.look(collector, agency, head);
    const place = { agency, collector, events, bytes: body.length, weight: quota.weight };
    const storing = deps.queue.run(place, () =>
      storeParts(parts, { collector, receivedAt: new Date(now()).toISOString() }, deps),
    );
    turn.leave();
    return await storing;
  } finally {
    share.release();
  }
}

/** Parts of one frame that are with the store at a time. */
const PARTS_TOGETHER = 8;

/**
 * Stores the parts of a frame and says what became of all. Where one fails the collector sends the frame again: those that are
 * stored are known then by their ids, and were handed on to detection already.
 */
async function storeParts(
  parts: readonly FramePart[],
  from: { readonly collector: CollectorId; readonly receivedAt: string },
  { events, onStored }: Pick<IngestParts, 'events' | 'onStored'>,
): Promise<BatchReceipt> {
  const receipt = { stored: 0, duplicates: 0, deadLettered: 0 };
  for (let at = 0; at < parts.length; at += PARTS_TOGETHER) {
    const some = parts.slice(at, at + PARTS_TOGETHER);
    const results = await Promise.allSettled(some.map((part) => events.append({ ...from, ...part })));
    for (const result of results) {
      if (result.status === 'rejected') continue;
      const { stored, duplicates, deadLettered, appended } = result.value;
      receipt.stored += stored;
      receipt.duplicates += duplicates;
      receipt.deadLettered += deadLettered;
      if (appended) onStored(appended);
    }
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }
  return receipt;
}

/** Does what may send a batch back for its quota, and counts where it does. */
function hold({ queue }: Pick<IngestParts, 'queue'>, peer: KnownPeer, look: () => void): void {
  try {
    look();
  } catch (error) {
    queue.sentBack(peer);
    throw error;
  }
}

/** `GET /v1/clock`: the server's time and, after a restore, from which time on (by this clock) to send again. */
export function tellClock(now: number, gaps: GapWatch | undefined): ClockAnswer {
  const clock = { now: new Date(now).toISOString() };
  return gaps ? { ...clock, resend: { id: gaps.restored.id, since: gaps.restored.since } } : clock;
}

/** The answer to a collector that asks for the time. */
export interface ClockAnswer extends ServerClock {
  /**
   * What was acknowledged since then is no longer in the store: a collector sends again all it keeps of it, once for
   * each id. What it sends too much is known by its event ids.
   */
  readonly resend?: { readonly id: string; readonly since: string };
}

/** `POST /v1/status`: the part of the ledger that only the collector knows. */
export async function takeStatus(
  { stream, headers, peer, now }: CollectorRequest,
  { budget, book, limits, fleet }: Pick<IngestParts, 'budget' | 'book' | 'limits' | 'fleet'>,
): Promise<ServerClock> {
  const share = budget.share(peer.collector, peer.agency);
  try {
    const body = await readBody(stream, headers, { bytes: limits.statusBytes, time: limits.bodyTime }, share);
    const status = parseStatus(body);
    if (status.collector !== peer.collector) {
      throw new HaidangError('HD_BAD_REQUEST', `The status says it is of another collector than ${peer.collector}.`);
    }
    await fleet?.admitStatus(peer, status);
    book.report(peer.collector, status);
    book.claim(peer.collector, status.sources);
    return { now: new Date(now()).toISOString() };
  } finally {
    share.release();
  }
}

/** `POST /v1/enrol`: the one request without a certificate. */
export async function takeEnrolment(
  { stream, headers }: Pick<CollectorRequest, 'stream' | 'headers'>,
  { fleet, budget }: Pick<IngestParts, 'fleet' | 'budget'>,
): Promise<object> {
  const socket = stream.session?.socket as TLSSocket | undefined;
  if (!fleet || !socket) throw new HaidangError('HD_NOT_FOUND', 'Nobody can enrol at this server.');
  const address = socket.remoteAddress ?? '';
  fleet.mayTry(address);
  const share = budget.share(`enrolment ${address}`, 'enrolment');
  try {
    const body = await readBody(stream, headers, { bytes: ENROLMENT_BYTES, time: 10_000 }, share);
    return await fleet.enrol(body, address, socket.getPeerX509Certificate());
  } finally {
    share.release();
  }
}

/** `POST /v1/renew`: the next certificate for the one that is shown. */
export async function takeRenewal(
  { stream, headers, peer }: CollectorRequest,
  { fleet, limits, budget }: Pick<IngestParts, 'fleet' | 'limits' | 'budget'>,
): Promise<object> {
  if (!fleet) throw new HaidangError('HD_NOT_FOUND', 'Certificates are not renewed at this server.');
  const share = budget.share(peer.collector, peer.agency);
  try {
    return await fleet.renew(
      await readBody(stream, headers, { bytes: ENROLMENT_BYTES, time: limits.bodyTime }, share),
      peer,
    );
  } finally {
    share.release();
  }
}

function parseStatus(body: Buffer): CollectorStatus {
  let status: unknown;
  try {
    status = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new HaidangError('HD_BAD_REQUEST', 'The status is not JSON.', { cause });
  }
  if (statusCheck.Check(status)) return status;
  const first = statusCheck.Errors(status)[0];
  throw new HaidangError(
    'HD_BAD_REQUEST',
    `The status is wrong at ${first?.instancePath.slice(0, 100) || '/'}: ${first?.message}.`,
  );
}
