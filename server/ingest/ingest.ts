import { createSecureServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AgencyBook } from '../agencies/names.ts';
import type { Authority } from '../authority/authority.ts';
import { openGapWatch } from '../backup/gap-watch.ts';
import type { Restored } from '../backup/restored.ts';
import { openCollectorBook, type SourceCounters } from '../collectors/collector-book.ts';
import { recoverCounters } from '../collectors/recover-counters.ts';
import { HaidangError } from '../errors.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Log } from '../log.ts';
import type { EventStore, StoredBatch } from '../store/event-store.ts';
import type { RecordStore } from '../store/record-store.ts';
import { paceHandshakes } from '../tls/pace-handshakes.ts';
import { createAssigner } from './assign.ts';
import { createBudget } from './budget.ts';
import { createFairQueue, QUEUE_BOUNDS, type QueueBounds, type QueueWait } from './fair-queue.ts';
import {
  type CollectorRequest,
  type IngestParts,
  takeBatch,
  takeEnrolment,
  takeRenewal,
  takeStatus,
  tellClock,
} from './handlers.ts';
import { acceptSessions, chainOf, listen, refuse, renewCertificate, respond } from './listener.ts';
import { type Evaluation, paceBy } from './pace.ts';
import { admit } from './peer.ts';
import { createQuotas } from './quota.ts';
import { INGEST_LIMITS, type IngestLimits, MAX_SOURCES } from './schema.ts';
import { createTurns } from './turns.ts';

const RENEWAL_CHECK_MS = 12 * 3_600_000;
const STOP_GRACE_MS = 2_000;
const PACE_LOOK_MS = 50;

export interface IngestOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly authority: Authority;
  readonly events: EventStore;
  readonly records: RecordStore;
  /** Called with each stored batch, once it is durable. */
  readonly onStored: (batch: StoredBatch) => void;
  readonly diskState: () => 'ok' | 'warning' | 'stopped';
  readonly log: Log;
  readonly now?: () => number;
  readonly limits?: Partial<IngestLimits>;
  readonly queue?: Partial<QueueBounds>;
  /** How far evaluation is, so that the store does not run away from it; without it nothing is held back. */
  readonly evaluation?: () => Evaluation | undefined;
  /** Set where the store came from a backup. */
  readonly restored?: Restored | undefined;
  /** Who may enrol, and who is cut off; without it the listener takes only those who have a certificate. */
  readonly fleet?: Fleet;
  /** Whose the events of a certificate of several agencies are; without it they are the owner's. */
  readonly agencies?: Pick<AgencyBook, 'all'>;
}

/** The running listener. */
export interface Ingest {
  readonly port: number;
  /** Counters that collectors claimed since this start: fresher than their records. */
  counters(): ReadonlyMap<string, readonly SourceCounters[]>;
  /** For metrics. */
  state(): {
    readonly connections: number;
    readonly bytesInFlight: number;
    readonly batches: number;
    readonly refused: number;
    /** Batches that wait for their turn. */
    readonly waiting: number;
  };
  /** How long the batches of each collector waited since the start. */
  waits(): ReadonlyMap<string, QueueWait>;
  stop(): Promise<void>;
}

type Handler = (request: CollectorRequest) => Promise<object>;

/**
 * Listens for collectors: HTTP/2 over TLS 1.3 with client certificates of our authority, nothing else. Who a batch is
 * from is told by the certificate alone. Plain `node:http2` streams: three addresses need no framework's share of each batch.
 */
export async function startIngest(options: IngestOptions): Promise<Ingest> {
  const { authority, records, log } = options;
  const now = options.now ?? Date.now;
  const limits: IngestLimits = { ...INGEST_LIMITS, ...options.limits };
  const budget = createBudget({ perCollector: limits.bytesPerCollector, inAll: limits.bytesInAll });
  const mayGo = options.evaluation && paceBy(options.evaluation, now);
  const queue = createFairQueue({ ...QUEUE_BOUNDS, ...options.queue }, now, mayGo);
  const quotas = createQuotas(now);
  const book = openCollectorBook({ records, log, maxSources: MAX_SOURCES });
  const totals = { batches: 0, refused: 0 };
  const running = new Set<Promise<void>>();
  let stopping = false;

  const { restored, events } = options;
  const gaps = restored && (await openGapWatch({ restored, events, records, log, now }));
  const assigner = options.agencies && createAssigner(options.agencies);
  const parts: IngestParts = { ...options, budget, queue, quotas, book, limits, gaps, assigner };
  const handlers: Readonly<Record<string, Handler>> = {
    'POST /v1/batches': (request) => takeBatch(request, parts),
    'POST /v1/status': (request) => takeStatus(request, parts),
    'POST /v1/renew': (request) => takeRenewal(request, parts),
    'GET /v1/policy': async ({ peer }) => (await options.fleet?.policyFor(peer)) ?? { policy: null },
    'GET /v1/clock': async () => tellClock(now(), gaps),
  };

  const credentials = await authority.serverCredentials();
  const server = createSecureServer({
    key: credentials.key,
    cert: chainOf(credentials.certificate, authority),
    ca: authority.certificate,
    requestCert: true,
    // Who has no certificate yet may come in to enrol; `acceptSessions` knows nobody else without one.
    rejectUnauthorized: options.fleet === undefined,
    minVersion: 'TLSv1.3',
    allowHTTP1: false,
    handshakeTimeout: 10_000,
    maxHeaderListPairs: 32,
    maxSessionMemory: 32,
    settings: { maxConcurrentStreams: limits.streamsPerConnection, initialWindowSize: 1024 * 1024, enablePush: false },
  });
  server.maxConnections = limits.connections;
  paceHandshakes(server);
  const sessions = acceptSessions(server, limits, log);

  options.fleet?.onCut((id) => {
    for (const [session, peer] of sessions) if (peer?.collector === id) session.destroy();
  });

  const turns = createTurns();
  const serve = async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const turn = turns.take(stream.session ?? stream);
    try {
      if (stopping) throw new HaidangError('HD_STORE_DOWN', 'The server is stopping.', { retryAfter: 2 });
      if (headers[':method'] === 'POST' && headers[':path'] === '/v1/enrol') {
        respond(stream, 200, 'application/json', await takeEnrolment({ stream, headers }, parts));
        return;
      }
      const handler = handlers[`${headers[':method']} ${headers[':path']}`];
      const peer = await admit(stream.session ? sessions.get(stream.session) : undefined, records, now());
      await options.fleet?.admitMachine(peer, headers['haidang-machine']);
      if (!handler) throw new HaidangError('HD_NOT_FOUND', 'Collectors have /v1/batches, /v1/status and /v1/clock.');
      const answer = await handler({ stream, headers, peer, turn, now });
      book.seen(peer.collector, new Date(now()).toISOString());
      if (headers[':path'] === '/v1/batches') totals.batches++;
      respond(stream, 200, 'application/json', answer);
    } catch (error) {
      totals.refused++;
      refuse(stream, error, log);
    } finally {
      turn.leave();
    }
  };
  server.on('stream', (stream, headers) => {
    // A client that resets its stream must not bring the process down.
    stream.on('error', (error) => log.debug({ err: error }, 'A collector broke off a request.'));
    const work = serve(stream, headers).finally(() => running.delete(work));
    running.add(work);
  });

  await recoverCounters(options.events, book, log);
  const port = await listen(server, options.host, options.port);
  const renewal = setInterval(() => void renewCertificate(server, authority, log), RENEWAL_CHECK_MS);
  renewal.unref();
  // Where evaluation was waited for, nothing else wakes the queue.
  const pacing = setInterval(() => queue.wake(), PACE_LOOK_MS);
  pacing.unref();

  return {
    port,
    counters: () => book.counters(),
    state: () => ({ connections: sessions.size, bytesInFlight: budget.inFlight(), waiting: queue.waiting, ...totals }),
    waits: () => queue.waits(),
    async stop() {
      stopping = true;
      clearInterval(renewal);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions.keys()) session.close();
      const grace = setTimeout(() => {
        for (const session of sessions.keys()) session.destroy();
      }, STOP_GRACE_MS);
      await closed;
      clearTimeout(grace);
      await Promise.allSettled(running);
      clearInterval(pacing);
      await book.stop();
    },
  };
}
