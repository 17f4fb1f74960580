import { Client, errors } from '@opensearch-project/opensearch';
import { HaidangError } from '../../errors.ts';
import type { Json } from './mapping.ts';

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

/** One write of a bulk request; `lines` are its action and document. */
export interface BulkItem {
  readonly action: 'create' | 'index' | 'delete';
  readonly index: string;
  readonly id: string;
  readonly document?: Json;
  /** Write only where the document is still the one that was read. */
  readonly if?: { readonly seqNo: number; readonly term: number };
}

export interface BulkResult {
  readonly status: number;
  /** Why it was refused; undefined where it was done. */
  readonly reason: string | undefined;
}

const BULK_BYTES = 8 * 1024 * 1024;
const BULK_ITEMS = 1_000;
/** Pauses before what the cluster was too busy for is sent again, milliseconds. */
const PAUSES = [50, 200, 500, 1_000, 2_000, 4_000];

/** The cluster as the store sees it: JSON in and out, busy answers waited for, failures as errors of the catalogue. */
export class Cluster {
  readonly #client: Client;
  readonly #log: StoreLog;

  /** `url` may hold user and password. */
  constructor(url: string, log: StoreLog) {
    this.#client = new Client({ node: url, maxRetries: 2, requestTimeout: 30_000 });
    this.#log = log;
  }

  /** @throws HaidangError `HD_STORE_DOWN`, `HD_STORE_FULL` */
  async request<Body = Json>(request: ClusterRequest): Promise<ClusterAnswer<Body>> {
    const { method, path, query = {}, body, accept = [], signal } = request;
    signal?.throwIfAborted();
    const sent = this.#client.transport.request(
      { method, path, querystring: query, ...(body === undefined ? {} : { body }) },
      { ignore: [...accept] },
    );
    const abort = () => sent.abort();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const answer = await sent;
      return { status: answer.statusCode ?? 0, body: answer.body as Body };
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#failure(error, `${method} ${path}`);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /**
   * Writes items, durable when it returns (`index.translog.durability: request`), and gives what became of each in
   * order. Items that the cluster was too busy for are sent again for some seconds.
   *
   * @throws HaidangError `HD_STORE_DOWN`, `HD_STORE_FULL` where some are not written, though others may be.
   */
  async bulk(items: readonly BulkItem[], options: { readonly parallel?: number } = {}): Promise<BulkResult[]> {
    const results = new Array<BulkResult>(items.length);
    let left = items.map((_, at) => at);
    for (let round = 0; left.length > 0; round++) {
      const chunks = chunksOf(items, left);
      const next: number[] = [];
      let busy = '';
      const send = async (chunk: Chunk) => {
        for (const [at, result] of (await this.#sendBulk(chunk)).entries()) {
          const place = chunk.places[at] ?? 0;
          results[place] = result;
          if (result.status !== 429 && result.status !== 503) continue;
          busy = result.reason ?? '';
          next.push(place);
        }
      };
      const senders = Array.from({ length: options.parallel ?? 1 }, async () => {
        for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) await send(chunk);
      });
      const ends = await Promise.allSettled(senders);
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
      const pause = PAUSES[round];
      if (next.length > 0 && pause === undefined) throw down(`It is too busy: ${busy}`);
      if (next.length > 0) await new Promise((done) => setTimeout(done, pause));
      left = next.sort((a, b) => a - b);
    }
    const blocked = results.find(({ reason }) => reason?.includes('cluster_block_exception'));
    if (blocked) throw full(blocked.reason ?? '');
    return results;
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #sendBulk({ lines }: Chunk): Promise<BulkResult[]> {
    try {
      const answer = await this.#client.transport.request({ method: 'POST', path: '/_bulk', bulkBody: lines });
      const body = answer.body as { items: Readonly<Record<string, BulkAnswer>>[] };
      return body.items.map((item) => {
        const { status = 500, error } = Object.values(item)[0] ?? {};
        return { status, reason: error && `${error.type}: ${error.reason}` };
      });
    } catch (error) {
      throw this.#failure(error, 'POST /_bulk');
    }
  }

  #failure(error: unknown, request: string): unknown {
    if (error instanceof errors.ResponseError) {
      const reason = responseReason(error);
      this.#log.warn({ status: error.statusCode, request, reason }, 'The OpenSearch cluster refused a request.');
      if (reason.includes('cluster_block_exception')) return full(reason, error);
      return down(`It answered ${error.statusCode} to ${request}: ${reason}`, error);
    }
    const reason = error instanceof Error ? error.message : String(error);
    this.#log.warn({ request, reason }, 'The OpenSearch cluster does not answer.');
    return down(`${request} failed: ${reason}`, error);
  }
}

interface BulkAnswer {
  readonly status?: number;
  readonly error?: { readonly type: string; readonly reason: string };
}

interface Chunk {
  readonly places: number[];
  readonly lines: string;
}

function chunksOf(items: readonly BulkItem[], places: readonly number[]): Chunk[] {
  const chunks: { places: number[]; texts: string[]; size: number }[] = [];
  for (const place of places) {
    const item = items[place];
    if (!item) continue;
    const text = bulkText(item);
    let chunk = chunks.at(-1);
    if (!chunk || chunk.places.length >= BULK_ITEMS || chunk.size + text.length > BULK_BYTES) {
      chunk = { places: [], texts: [], size: 0 };
      chunks.push(chunk);
    }
    chunk.places.push(place);
    chunk.texts.push(text);
    chunk.size += text.length;
  }
  return chunks.map((chunk) => ({ places: chunk.places, lines: chunk.texts.join('') }));
}

function bulkText({ action, index, id, document, if: condition }: BulkItem): string {
  const place = {
    _index: index,
    _id: id,
    ...(condition ? { if_seq_no: condition.seqNo, if_primary_term: condition.term } : {}),
  };
  const head = `${JSON.stringify({ [action]: place })}\n`;
  return document === undefined ? head : `${head}${JSON.stringify(document)}\n`;
}

function responseReason(error: InstanceType<typeof errors.ResponseError>): string {
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
