import { createPublicKey } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type Authority, openAuthority } from '../../../server/authority/authority.ts';
import { newPrivateKey } from '../../../server/authority/certificates.ts';
import { type AgencyId, type CollectorId, SYSTEM } from '../../../server/identity.ts';
import { type Ingest, type IngestOptions, startIngest } from '../../../server/ingest/ingest.ts';
import type { Log } from '../../../server/log.ts';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import type { EventStore, StoredBatch } from '../../../server/store/event-store.ts';
import type { CollectorRecord } from '../../../server/store/record-kinds.ts';
import type { RecordStore } from '../../../server/store/record-store.ts';

export const DAY_START = Date.UTC(2026, 10, 20, 8, 0, 30);
export const AGENCY = 'so-tai-chinh' as AgencyId;

/** A collector as its server knows it. */
export interface EnrolledCollector {
  readonly id: CollectorId;
  readonly key: string;
  readonly certificate: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly json: Record<string, unknown>;
}

/** A store, an authority and a listener in a temporary folder. */
export interface Lab {
  readonly folder: string;
  readonly events: EventStore;
  readonly records: RecordStore;
  readonly authority: Authority;
  readonly ingest: Ingest;
  readonly stored: StoredBatch[];
  readonly log: Log;
  disk: 'ok' | 'warning' | 'stopped';
  enrol(id: string, agency?: AgencyId): Promise<EnrolledCollector>;
  change(id: string, change: Partial<CollectorRecord>): Promise<void>;
  record(id: string): Promise<CollectorRecord>;
  dial(collector?: EnrolledCollector, authority?: string): ClientHttp2Session;
  /** Stops the listener and the store, and opens them anew on the same folder. */
  restart(): Promise<Lab>;
  close(): Promise<void>;
}

export async function openLab(
  // `store`: what the listener gets in place of the store.
  given: Partial<IngestOptions> & { readonly store?: (events: EventStore) => EventStore } = {},
  folder?: string,
): Promise<Lab> {
  const { store, ...options } = given;
  const at = folder ?? (await mkdtemp(join(tmpdir(), 'hd-ingest-')));
  const log = pino({ level: process.env['TEST_LOG'] ?? 'silent' });
  const { events, records } = await openEmbeddedStore({
    folder: join(at, 'store'),
    log,
    now: () => DAY_START,
    reserveBytes: 0,
    keepFreeBytes: 0,
  });
  const authority = await openAuthority(join(at, 'authority'));
  const stored: StoredBatch[] = [];
  const sessions: ClientHttp2Session[] = [];
  const state = { disk: 'ok' as Lab['disk'] };
  const ingest = await startIngest({
    host: '127.0.0.1',
    port: 0,
    authority,
    events: store?.(events) ?? events,
    records,
    onStored: (batch) => stored.push(batch),
    diskState: () => state.disk,
    log,
    ...options,
  });
  const view = records.as(SYSTEM);
  const close = async () => {
    for (const session of sessions) session.destroy();
    await ingest.stop();
    await events.close();
    await records.close();
  };
  const record = async (id: string) => (await view.get('collector', id))?.document as CollectorRecord;
  return Object.assign(state, {
    folder: at,
    events,
    records,
    authority,
    ingest,
    stored,
    log,
    record,
    async enrol(id: string, agency = AGENCY) {
      const key = newPrivateKey();
      const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
      const collector = id as CollectorId;
      const { certificate, fingerprint, notAfter } = await authority.issueCollector({ collector, agency, publicKey });
      await view.create('collector', id, {
        agency,
        name: id,
        fingerprint,
        notAfter,
        revoked: false,
        createdAt: new Date().toISOString(),
        lastSeenAt: null,
        status: null,
        counters: [],
      });
      return { id: collector, key, certificate };
    },
    async change(id: string, change: Partial<CollectorRecord>) {
      for (;;) {
        const current = await view.get('collector', id);
        if (!current) throw new Error(`There is no collector ${id}.`);
        try {
          await view.replace('collector', id, { ...current.document, ...change }, current.version);
          return;
        } catch {
          // The listener writes the same record.
        }
      }
    },
    dial(collector?: EnrolledCollector, trusted?: string) {
      const session = connect(`https://127.0.0.1:${ingest.port}`, {
        ca: trusted ?? authority.certificate,
        ...(collector ? { key: collector.key, cert: collector.certificate } : {}),
      });
      session.on('error', () => {});
      sessions.push(session);
      return session;
    },
    async restart() {
      await close();
      // What was changed in them meanwhile holds from here on.
      return openLab(given, at);
    },
    async close() {
      await close();
      await rm(at, { recursive: true, force: true });
    },
  });
}

/** Sends a request and reads the answer whole. */
export function send(
  session: ClientHttp2Session,
  method: string,
  path: string,
  body?: Uint8Array | string,
  headers: OutgoingHttpHeaders = {},
): Promise<Answer> {
  const stream = session.request({ ':method': method, ':path': path, ...headers }, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return answerOf(stream);
}

export function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let answered: Record<string, unknown> | undefined;
    let text = '';
    stream.setEncoding('utf8');
    stream.on('response', (headers) => {
      answered = headers;
    });
    stream.on('data', (piece: string) => {
      text += piece;
    });
    stream.on('error', reject);
    stream.on('close', () => {
      if (!answered) return reject(new Error('There was no answer.'));
      return resolve({ status: Number(answered[':status']), headers: answered, json: text ? JSON.parse(text) : {} });
    });
  });
}
