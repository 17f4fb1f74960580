import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, isIPv6 } from 'node:net';
import { reasonOf, systemCode } from '../errors.ts';
import type { RecordParser, Source } from '../intake.ts';
import { PARSER_NAMES } from '../parsers/index.ts';
import { inBatches } from './batches.ts';
import { documentParser } from './document.ts';
import { isAuthorized, readSecrets, type Secrets } from './http-auth.ts';
import { BodyBudget, HttpFault, readBody } from './http-body.ts';
import { bulkAnswer, parseBulk } from './http-bulk.ts';
import { answerProbe, failure, type Presented } from './http-elastic.ts';
import { otlpAnswer, readOtlp } from './http-otlp.ts';
import { plainRecords } from './http-plain.ts';
import type { Input, InputContext } from './input.ts';
import { type ListenerTls, tlsOptions } from './tls.ts';

/** What an HTTP input is configured with. */
export interface HttpInputOptions {
  readonly host: string;
  readonly port: number;
  readonly parser: string;
  readonly tls: ListenerTls | undefined;
  /** File of secrets; undefined lets everybody in who can reach the port. */
  readonly secrets: string | undefined;
  readonly presentAs: Presented;
  /** Most bytes of one body, decompressed. */
  readonly maxBody: number;
  /** Where the port is taken: how long until it is tried again, milliseconds. */
  readonly retryMs?: number;
  /** How long an answer may wait for the disk, milliseconds. */
  readonly durableMs?: number;
}

const MOST_CONNECTIONS = 256;
const BIND_RETRY_MS = 15_000;
const DURABLE_MS = 20_000;
const HOLD_MS = 10_000;
const RETRY_AFTER_S = 5;

type Face = 'http' | 'bulk' | 'otlp';

/** An answer under way: what is sent when everything it promises is on disk. */
interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
}

/**
 * Listens for logs over HTTP: lines and JSON (`POST /`), the bulk interface of Elasticsearch and OpenSearch, and OTLP
 * (`POST /v1/logs`). A request is answered when all of it is on disk, so a sender that repeats what was not answered
 * loses nothing (at least once).
 */
export class HttpInput implements Input {
  readonly #options: HttpInputOptions;
  readonly #context: InputContext;
  readonly #sources = new Map<Face, Source>();
  readonly #budget: BodyBudget;
  #secrets: Secrets | undefined;
  #server: Server | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;
  /** The port in use, for port 0. */
  port = 0;

  constructor(options: HttpInputOptions, context: InputContext) {
    this.#options = options;
    this.#context = context;
    this.#budget = new BodyBudget(2 * options.maxBody);
  }

  /** Bytes of bodies that are being read, or wait for the disk. */
  get bodyBytes(): number {
    return this.#budget.used;
  }

  async start(): Promise<void> {
    const { host, port, parser } = this.#options;
    const { intake, parserFor } = this.#context;
    const origin = { isLocal: false };
    const parse = (): RecordParser =>
      documentParser({
        line: parserFor(parser, origin),
        json: parserFor('json', origin),
        windows: PARSER_NAMES.includes('windows') ? parserFor('windows', origin) : undefined,
      });
    const address = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
    if (intake.isOpen(`http:${address}`)) return;
    for (const face of ['http', 'bulk', 'otlp'] as const) {
      this.#sources.set(face, intake.open(`${face}:${address}`, parse()));
    }
    await this.#listen();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    const server = this.#server;
    if (!server?.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    // What is being answered gets its answer; what is still being sent is cut off, and comes again.
    const cut = setTimeout(() => server.closeAllConnections(), 1_000);
    await closed;
    clearTimeout(cut);
  }

  async #listen(): Promise<void> {
    const { host, port, tls, secrets } = this.#options;
    try {
      this.#secrets = secrets === undefined ? undefined : readSecrets(secrets);
      const limits = { headersTimeout: 15_000, requestTimeout: 120_000, keepAliveTimeout: 75_000 };
      const server = tls ? createTlsServer({ ...limits, ...(await tlsOptions(tls)) }) : createServer(limits);
      server.maxConnections = MOST_CONNECTIONS;
      server.on('request', (request, response) => void this.#serve(request, response));
      server.on('drop', () => this.#fault(`more than ${MOST_CONNECTIONS} connections`));
      server.on('clientError', (_, socket) => socket.destroy());
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      server.on('error', (error) => this.#fault(reasonOf(error)));
      this.#server = server;
      this.port = (server.address() as AddressInfo).port;
      this.#fault(null);
      this.#context.log.info(
        { listen: `${host}:${this.port}`, tls: tls !== undefined },
        'listening for logs over HTTP',
      );
    } catch (error) {
      const busy = systemCode(error) === 'EADDRINUSE';
      this.#fault(busy ? `port ${port}/tcp is in use by another program` : reasonOf(error));
      if (this.#stopped) return;
      this.#retry = setTimeout(() => void this.#listen(), this.#options.retryMs ?? BIND_RETRY_MS);
    }
  }

  #fault(reason: string | null): void {
    const before = this.#sources.get('http')?.ledger.error ?? null;
    for (const source of this.#sources.values()) source.ledger.error = reason;
    if (reason === null || reason === before) return;
    this.#context.log.warn({ port: this.#options.port, reason }, 'logs over HTTP: a fault; the rest goes on');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const held = { bytes: 0 };
    try {
      const answer = await this.#answer(request, held);
      this.#send(request, response, answer.status, answer.type, answer.body);
    } catch (error) {
      if (!(error instanceof HttpFault)) this.#context.log.error({ err: error }, 'a request over HTTP failed');
      const fault = error instanceof HttpFault ? error : new HttpFault(500, 'This request failed here.');
      // The sender may well give up on it: a request that is lost is counted, as nobody knows how many records it held.
      if (fault.status === 413) this.#sources.get(faceOf(request))?.drop('too_large', 1);
      if (fault.retryAfter !== undefined) response.setHeader('retry-after', String(fault.retryAfter));
      if (fault.status === 401) response.setHeader('www-authenticate', 'Basic realm="haidang", charset="UTF-8"');
      const type = FAULT_TYPES[fault.status] ?? 'illegal_argument_exception';
      const body = JSON.stringify(failure(fault.status, type, fault.message));
      // What is still on its way is not read: the connection ends with the answer.
      if (!request.complete) response.setHeader('connection', 'close');
      this.#send(request, response, fault.status, 'application/json', body);
    } finally {
      this.#budget.give(held.bytes);
    }
  }

  #send(request: IncomingMessage, response: ServerResponse, status: number, type: string, body: string | Buffer): void {
    if (response.destroyed) return;
    const bytes = Buffer.from(body);
    response.writeHead(status, {
      'content-type': type,
      'content-length': bytes.length,
      // The clients of Elastic stop at a server that does not say this.
      ...(this.#options.presentAs === 'elasticsearch' ? { 'x-elastic-product': 'Elasticsearch' } : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }

  async #answer(request: IncomingMessage, held: { bytes: number }): Promise<Answer> {
    const method = request.method ?? '';
    const path = pathOf(request);
    if (this.#secrets && !isAuthorized(this.#secrets, request.headers.authorization)) {
      throw new HttpFault(401, 'Missing or wrong credentials; the file of secrets of this input lists them.');
    }
    const isWrite = method === 'POST' || method === 'PUT';
    const route = isWrite ? routeOf(path) : undefined;
    if (!route) {
      const address = request.headers.host ?? `${this.#options.host}:${this.port}`;
      const probe = answerProbe(method, path, this.#options.presentAs, address);
      if (!probe) throw new HttpFault(404, `There is nothing under ${method} ${path.slice(0, 200)} here.`);
      request.resume();
      const body = probe.isText ? String(probe.body) : JSON.stringify(probe.body);
      return { status: probe.status, type: probe.isText ? 'text/plain; charset=UTF-8' : 'application/json', body };
    }
    await this.#whenReady();
    const body = await readBody(request, this.#options.maxBody, this.#budget, held);
    const peer = request.socket.remoteAddress?.replace(/^::ffff:/, '');
    const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
    if (route.face === 'otlp') {
      const logs = readOtlp(body, type);
      await this.#keep('otlp', logs.documents, peer, logs.rejected);
      return { status: 200, ...otlpAnswer(logs, type) };
    }
    if (route.face === 'bulk') {
      const startedAt = Date.now();
      const bulk = parseBulk(body, route.index);
      await this.#keep('bulk', bulk.documents, peer, bulk.items.length - bulk.documents.length);
      const took = Date.now() - startedAt;
      return { status: 200, type: 'application/json', body: bulkAnswer(bulk.items, took, idOf(request)) };
    }
    const records = route.index === undefined ? plainRecords(body, type) : [body];
    const accepted = await this.#keep('http', records, peer, 0);
    if (route.index === undefined) {
      return { status: 200, type: 'application/json', body: JSON.stringify({ accepted }) };
    }
    const id = route.id ?? idOf(request)(0);
    const made = { _index: route.index, _id: id, _version: 1, result: 'created', _seq_no: 0, _primary_term: 1 };
    return { status: 201, type: 'application/json', body: JSON.stringify(made) };
  }

  /**
   * Hands the records on and gives how many they were when they are on disk; throws `HttpFault` 503 where that takes too
   * long.
   */
  async #keep(face: Face, records: Iterable<Buffer>, peer: string | undefined, refused: number): Promise<number> {
    const source = this.#sources.get(face) as Source;
    if (refused > 0) source.drop('refused', refused);
    let taken = 0;
    const counted = function* () {
      for (const record of records) {
        taken++;
        yield record;
      }
    };
    for (const { lines, marks, empty, consumed } of inBatches(counted())) {
      if (this.#context.intake.behind) await this.#whenReady();
      source.put({ lines, marks, empty, bytes: consumed, ...(peer === undefined ? {} : { peer }) });
    }
    const within = this.#options.durableMs ?? DURABLE_MS;
    if (await this.#context.intake.whenDurable(source.ledger, within)) return taken;
    throw new HttpFault(503, 'The disk buffer cannot be written; what was sent may not be kept.', RETRY_AFTER_S);
  }

  async #whenReady(): Promise<void> {
    const { intake } = this.#context;
    if (!intake.behind) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, Math.min(HOLD_MS, this.#options.durableMs ?? HOLD_MS));
    });
    await Promise.race([intake.whenReady(), late]);
    clearTimeout(timer);
    if (intake.behind) throw new HttpFault(503, 'The disk buffer is full; nothing is taken now.', RETRY_AFTER_S);
  }
}

const FAULT_TYPES: Readonly<Record<number, string>> = {
  401: 'security_exception',
  404: 'resource_not_found_exception',
  413: 'content_too_long_exception',
  429: 'es_rejected_execution_exception',
  500: 'exception',
  503: 'unavailable_shards_exception',
};

interface Route {
  readonly face: Face;
  readonly index?: string;
  readonly id?: string;
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] as string;
}

function faceOf(request: IncomingMessage): Face {
  return routeOf(pathOf(request))?.face ?? 'http';
}

/** Which face an address to write to belongs to; undefined where it is none. */
function routeOf(path: string): Route | undefined {
  const parts = path.split('/').slice(1).map(decoded);
  const last = parts.at(-1);
  if (path === '/' || path === '/events') return { face: 'http' };
  if (path === '/v1/logs') return { face: 'otlp' };
  if (last === '_bulk' && parts.length <= 3)
    return { face: 'bulk', ...(parts.length > 1 ? { index: parts[0] ?? '' } : {}) };
  const [index = '', kind = '', id] = parts;
  if (index === '' || index.startsWith('_') || parts.length < 2 || parts.length > 3) return undefined;
  // A single document; before version 7 the second part was a type of the sender's choice.
  if (kind !== '_doc' && kind !== '_create' && (kind.startsWith('_') || kind === '')) return undefined;
  return { face: 'http', index, ...(id ? { id } : {}) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part).slice(0, 256);
  } catch {
    return part.slice(0, 256);
  }
}

let requests = 0;

/** Ids for documents that came without one: senders only want to see some. */
function idOf(request: IncomingMessage): (at: number) => string {
  const prefix = `${(request.socket.remotePort ?? 0).toString(36)}-${(requests++).toString(36)}-`;
  return (at) => prefix + at.toString(36);
}
