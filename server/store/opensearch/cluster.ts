import { Client, errors } from '@opensearch-project/opensearch';
import { HaidangError } from '../../errors.ts';
import { type BulkBody, type BulkItem, type BulkResult, nextBody, outcomeOf } from './bulk.ts';
import { SinkPool } from './byte-sink.ts';
import { type ClusterAddress, Credentials, clientOptions } from './connection.ts';
import type { Json } from './mapping.ts';
import { Pace } from './pace.ts';

export type { BulkItem, BulkResult } from './bulk.ts';

/** Where to log; a pino logger fits. */
export interface StoreLog {
  info(detail: object, message: string): void;
  warn(detail: object, message: string): void;
  error(detail: object, message: string): void;
}

/** One question to the cluster. */
export interface ClusterRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: Json;
  /** Statuses that are answers and not failures. */
  readonly accept?: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

export interface ClusterAnswer<Body> {
  readonly status: number;
  readonly body: Body;
}

/** Longest time for an answer, milliseconds; a shard without a place answers itself after `SHARD_SECONDS`. */
const REQUEST_TIME = 30_000;
const SHARD_SECONDS = 10;
/** Pauses before what the cluster was too busy for is sent again, milliseconds. */
const PAUSES = [50, 200, 500, 1_000, 2_000, 4_000];
/** Bulk requests with events that may be under way at the same time. */
export const LANES = 3;
/** An answer says of each item no more than this. */
const BULK_ANSWER = 'errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason';

const DONE: BulkResult = { status: 201, reason: undefined };

/** The cluster as the store sees it: JSON in and out, busy answers waited for, failures as errors of the catalogue. */
export class Cluster {
  readonly #client: Client;
  readonly #credentials: Credentials;
  readonly #log: StoreLog;
  readonly #pace = new Pace(LANES);
  readonly #sinks = new SinkPool(LANES);

  /** An address alone stands for a cluster without more to say about it. */
  constructor(address: ClusterAddress | string, log: StoreLog) {
    const full = typeof address === 'string' ? { url: address } : address;
    this.#client = new Client({ ...clientOptions(full), maxRetries: 2, requestTimeout: REQUEST_TIME });
    this.#credentials = new Credentials(full);
    this.#log = log;
  }

  /** @throws HaidangError `HD_STORE_DOWN`, `HD_STORE_FULL` */
  async request<Body = Json>(request: ClusterRequest): Promise<ClusterAnswer<Body>> {
    const { method, path, query = {}, body, accept = [], signal } = request;
    try {
      return await this.#send<Body>(
        { method, path, querystring: query, ...(body === undefined ? {} : { body }) },
        { ignore: [...accept] },
        signal,
      );
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#failure(error, `${method} ${path}`);
    }
  }

  /**
   * Writes items, durable when it returns (`index.translog.durability: request`), and gives what became of each in
   * order: done, there already (409), or refused for good (400, 413). What the cluster was too busy for is sent again until
   * nothing gets through for some seconds. `paced`: many items, whose requests share the lanes with others of that kind.
   *
   * @throws HaidangError `HD_STORE_DOWN`, `HD_STORE_FULL` where some are not written, though others may be.
   */
  async bulk(items: readonly BulkItem[], options: { readonly paced?: boolean } = {}): Promise<BulkResult[]> {
    const results = new Array<BulkResult>(items.length);
    let left = items.map((_, at) => at);
    for (let round = 0; left.length > 0; round++) {
      const busy = await this.#bulkRound(items, left, results, options.paced === true);
      // As long as some get through, the cluster works.
      if (busy.length < left.length) round = 0;
      const pause = PAUSES[round];
      if (busy.length > 0 && pause === undefined) {
        throw down(`It was too busy for ${busy.length} documents: ${results[busy[0] ?? 0]?.reason}`);
      }
      // A little by chance, so that several servers do not come back at the same moment.
      if (busy.length > 0) await new Promise((done) => setTimeout(done, (pause ?? 0) * (0.75 + Math.random() / 2)));
      left = busy.sort((a, b) => a - b);
    }
    return results;
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  /** Sends what is left once; gives what the cluster was too busy for. */
  async #bulkRound(
    items: readonly BulkItem[],
    places: readonly number[],
    results: BulkResult[],
    paced: boolean,
  ): Promise<number[]> {
    const left = [...places];
    const busy: number[] = [];
    const send = async () => {
      const body = nextBody(items, left, { size: this.#pace.size, sinks: this.#sinks, oneIndex: paced });
      if (!body) return;
      const answers = await this.#sendBulk(body);
      for (const [at, place] of body.places.entries()) {
        const result = answers[at] ?? { status: 500, reason: 'The answer does not say.' };
        results[place] = result;
        const outcome = outcomeOf(result, items[place]?.action ?? 'index');
        if (outcome === 'blocked') throw full(result.reason ?? '');
        if (outcome === 'denied') throw down(`It does not allow this user to write: ${result.reason}`);
        if (outcome === 'busy') busy.push(place);
      }
    };
    const lanes = Array.from({ length: paced ? LANES : 1 }, async () => {
      while (left.length > 0) await (paced ? this.#pace.inLane(send) : send());
    });
    const ends = await Promise.allSettled(lanes);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    if (busy.length > 0) this.#pace.refused();
    return busy;
  }

  async #sendBulk({ index, sink, places, full }: BulkBody): Promise<BulkResult[]> {
    const from = performance.now();
    try {
      const { body } = await this.#send<{ errors?: boolean; items: Readonly<Record<string, BulkAnswer>>[] }>(
        {
          method: 'POST',
          path: index === undefined ? '/_bulk' : `/${index}/_bulk`,
          querystring: { timeout: `${SHARD_SECONDS}s`, filter_path: BULK_ANSWER },
          bulkBody: sink.written(),
        },
        // What is sent twice changes nothing, but the pause between is ours to choose.
        { maxRetries: 0 },
      );
      this.#pace.answered(performance.now() - from, full);
      // Answered, so that nobody reads it any more.
      this.#sinks.give(sink);
      if (body.errors === false) return places.map(() => DONE);
      return (body.items ?? []).map((item) => {
        const { status = 500, error } = Object.values(item)[0] ?? {};
        return { status, reason: error && reasonOf(error) };
      });
    } catch (error) {
      const status = error instanceof errors.ResponseError ? error.statusCode : undefined;
      if (status === 413 && places.length > 1) this.#pace.refused();
      if (status === 429 || status === 503 || (status === 413 && places.length > 1)) {
        return places.map(() => ({ status: 429, reason: responseReason(error as ResponseError) }));
      }
      if (status === 413) return [{ status, reason: 'The document is larger than the cluster takes.' }];
      throw this.#failure(error, 'POST /_bulk');
    }
  }

  /** Sends a request, once more with a new password where there is one. */
  async #send<Body>(
    params: Parameters<Client['transport']['request']>[0],
    options: { ignore?: number[]; maxRetries?: number },
    signal?: AbortSignal | undefined,
  ): Promise<ClusterAnswer<Body>> {
    for (let tries = 0; ; tries++) {
      signal?.throwIfAborted();
      const sent = this.#client.transport.request(params, { ...options, headers: { ...this.#credentials.headers } });
      const abort = () => sent.abort();
      signal?.addEventListener('abort', abort, { once: true });
      try {
        const answer = await sent;
        return { status: answer.statusCode ?? 0, body: answer.body as Body };
      } catch (error) {
        const unknown = error instanceof errors.ResponseError && error.statusCode === 401;
        if (tries > 0 || !unknown || !(await this.#credentials.renew())) throw error;
      } finally {
        signal?.removeEventListener('abort', abort);
      }
    }
  }

  #failure(error: unknown, request: string): unknown {
    if (error instanceof errors.ResponseError) {
      const reason = responseReason(error);
      this.#log.warn({ status: error.statusCode, request, reason }, 'The OpenSearch cluster refused a request.');
      if (reason.includes('cluster_block_exception')) return full(reason, error);
      if (error.statusCode === 401)
        return down('It does not accept user and password; put the right ones in place', error);
      return down(`It answered ${error.statusCode} to ${request}: ${reason}`, error);
    }
    const reason = error instanceof Error ? error.message : String(error);
    this.#log.warn({ request, reason }, 'The OpenSearch cluster does not answer.');
    return down(`${request} failed: ${reason}`, error);
  }
}

type ResponseError = InstanceType<typeof errors.ResponseError>;

interface BulkAnswer {
  readonly status?: number;
  readonly error?: BulkError;
}

interface BulkError {
  readonly type?: string;
  readonly reason?: string;
  readonly caused_by?: { readonly reason?: string };
}

function reasonOf({ type, reason, caused_by: cause }: BulkError): string {
  return [`${type}: ${reason}`, ...(cause?.reason === undefined ? [] : [cause.reason])].join(': ');
}

function responseReason(error: ResponseError): string {
  const body: unknown = error.body;
  const text = typeof body === 'string' ? body : JSON.stringify((body as { error?: unknown } | null)?.error ?? body);
  return (text ?? '').slice(0, 500);
}

function down(why: string, cause?: unknown): HaidangError {
  return new HaidangError('HD_STORE_DOWN', `The OpenSearch cluster cannot be used. ${why}.`, { cause, retryAfter: 5 });
}

function full(why: string, cause?: unknown): HaidangError {
  return new HaidangError('HD_STORE_FULL', `The OpenSearch cluster takes no writes: ${why}.`, {
    cause,
    retryAfter: 10,
  });
}
