import { type ClientHttp2Session, connect, constants } from 'node:http2';
import type { Socket } from 'node:net';
import type { CollectorStatus } from '../../ecs/wire.ts';
import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { StoredFrame } from '../spool/outbox.ts';
import type { Spool } from '../spool/spool.ts';
import { readProblem, readReceipt, readResend, readRetryAfter, readTime } from './answers.ts';
import type { Bandwidth } from './bandwidth.ts';
import { ServerList } from './server-list.ts';

/** Who the collector is and whom it talks to. */
export interface ServerOutputOptions {
  readonly server: URL;
  /** Further servers of the same installation, called in this order where the first does not answer. */
  readonly others?: readonly URL[];
  /** PEM texts, asked for at each connection, so that renewed certificates are taken up. */
  credentials(): { readonly ca: string; readonly certificate: string; readonly key: string };
  /** What the status report says now. */
  status(): CollectorStatus;
  /** Takes the server's time from an answer, with the times of asking and answering by this machine's clock. */
  onClock(serverNow: number, askedAt: number, answeredAt: number): void;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Opens the connection that TLS goes over, where a proxy is on the way; without it the server is called directly. */
  readonly openSocket?: ((server: URL) => Promise<Socket>) | undefined;
  /** Bounds the bytes per second; without it nothing does. */
  readonly bandwidth?: Bandwidth;
  /** For tests: which server is tried when. */
  readonly servers?: ServerList;
  readonly statusEveryMs?: number;
  readonly answerWithinMs?: number;
}

/** An answer: its status, Retry-After in milliseconds, and the beginning of its body. */
interface Answer {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  readonly body: string;
}

const IN_FLIGHT = 4;
const CONNECT_WITHIN_MS = 10_000;
const ANSWER_WITHIN_MS = 30_000;
const STATUS_EVERY_MS = 5_000;
const ANSWER_BYTES = 65_536;
const REFUSED_LOG_EVERY_MS = 60_000;

/** What a frame's answer means for the frames behind it. */
type Verdict =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly reason: string; readonly detail: string }
  | { readonly kind: 'hold'; readonly ms: number }
  | { readonly kind: 'broken' };

/**
 * Sends frames to the server over HTTP/2 with mutual TLS, a few at a time, and acknowledges them in order. While the
 * server is away, full or does not want this collector, frames stay in the spool and are tried again.
 */
export class ServerOutput {
  readonly #options: ServerOutputOptions;
  readonly #spool: Spool;
  readonly #log: Log;
  readonly #servers: ServerList;
  #session: ClientHttp2Session | undefined;
  /** To the first server, while another one is in use. */
  #trial: ClientHttp2Session | undefined;
  #isTrying = false;
  /** The connection ends because we want another one. */
  #isTurning = false;
  #stopping = false;
  #loop: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  #statusTimer: NodeJS.Timeout | undefined;
  #refusedLoggedAt = -Infinity;
  #isConnected = false;

  constructor(spool: Spool, options: ServerOutputOptions, log: Log) {
    this.#spool = spool;
    this.#options = options;
    this.#servers = options.servers ?? new ServerList([options.server, ...(options.others ?? [])]);
    this.#log = log;
  }

  /** The server in use, or called next. */
  get server(): URL {
    return this.#servers.current;
  }

  /** Whether the server answered last. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  start(): void {
    this.#statusTimer = setInterval(() => {
      void this.#report();
      void this.#tryFirst();
    }, this.#options.statusEveryMs ?? STATUS_EVERY_MS);
    this.#loop = this.#run();
  }

  /** Resolves when all that is in the spool has been acknowledged, or after the time. */
  async drain(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    while (this.#spool.waiting.frames > 0 && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 10));
    if (this.#session && !this.#session.closed)
      await Promise.race([this.#report(), new Promise((r) => setTimeout(r, 200))]);
  }

  /** Connects anew, so that a renewed certificate is used; what was on its way is sent again and known by its ids. */
  reconnect(): void {
    if (!this.#session || this.#session.closed) return;
    this.#isTurning = true;
    this.#session.close();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#statusTimer);
    this.#session?.destroy();
    this.#trial?.destroy();
    this.#wake?.();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        const session = await this.#connect(this.#servers.current, (opened) => {
          this.#session = opened;
        });
        await this.#askClock(session);
        void this.#report();
        await this.#send(session);
      } catch (error) {
        if (this.#stopping) return;
        const isTurning = this.#isTurning;
        this.#isTurning = false;
        this.#session?.destroy();
        this.#session = undefined;
        if (isTurning) continue;
        if (this.#isConnected || this.#servers.isFirstFailure) {
          this.#log.warn(
            { server: this.#servers.current.host, reason: reasonOf(error) },
            'no connection to the server; events wait in the spool',
          );
        }
        this.#isConnected = false;
        await this.#sleep(this.#servers.failed());
      }
    }
  }

  async #connect(server: URL, onOpened: (session: ClientHttp2Session) => void): Promise<ClientHttp2Session> {
    const { openSocket } = this.#options;
    const { ca, certificate, key } = this.#options.credentials();
    const socket = await openSocket?.(server);
    return new Promise((resolve, reject) => {
      const session = connect(server.origin, {
        ca,
        cert: certificate,
        key,
        minVersion: 'TLSv1.3',
        ...(socket ? { socket } : {}),
      });
      onOpened(session);
      const late = setTimeout(() => session.destroy(new Error('the server does not answer')), CONNECT_WITHIN_MS);
      session.on('error', reject);
      session.once('close', () => {
        clearTimeout(late);
        reject(new Error('the connection was closed'));
      });
      session.once('connect', () => {
        clearTimeout(late);
        resolve(session);
      });
    });
  }

  async #askClock(session: ClientHttp2Session): Promise<void> {
    const askedAt = Date.now();
    const answer = await this.#request(session, 'GET', '/v1/clock');
    this.#learn(answer, askedAt);
    if (answer.status === 200) {
      const resend = readResend(answer.body, Date.now());
      if (resend) await this.#spool.resend(resend.id, resend.since);
      if (!this.#isConnected) this.#log.info({ server: this.#servers.current.host }, 'connected to the server');
      this.#isConnected = true;
    }
  }

  #learn(answer: Answer, askedAt: number): void {
    if (answer.status !== 200) return;
    const now = readTime(answer.body);
    if (now !== undefined) this.#options.onClock(now, askedAt, Date.now());
  }

  async #report(): Promise<void> {
    const session = this.#session;
    if (!session || session.closed || session.destroyed || session.connecting) return;
    try {
      const askedAt = Date.now();
      const body = Buffer.from(JSON.stringify(this.#options.status()));
      const answer = await this.#request(session, 'POST', '/v1/status', body, { 'content-type': 'application/json' });
      this.#learn(answer, askedAt);
      if (answer.status === 200 && this.#spool.waiting.frames === 0) this.#servers.worked();
    } catch (error) {
      this.#log.debug({ reason: reasonOf(error) }, 'the status report did not reach the server');
    }
  }

  /** Keeps up to `IN_FLIGHT` frames on the way; returns by throwing when the connection is no good any more. */
  async #send(session: ClientHttp2Session): Promise<void> {
    const flying: { frame: StoredFrame; verdict: Promise<Verdict> }[] = [];
    let sent = this.#spool.acked;
    while (!this.#stopping) {
      if (session.closed || session.destroyed) throw new Error('the connection was closed');
      while (flying.length < IN_FLIGHT) {
        const frame = await this.#spool.frameAfter(sent);
        if (!frame) break;
        sent = frame.number;
        const verdict = this.#postInTurn(session, frame);
        verdict.catch(() => undefined);
        flying.push({ frame, verdict });
      }
      const oldest = flying[0];
      if (!oldest) {
        await this.#untilFrame(session, sent);
        continue;
      }
      const verdict = await oldest.verdict;
      if (verdict.kind === 'done' || verdict.kind === 'refused') {
        flying.shift();
        if (verdict.kind === 'done') this.#spool.ack(oldest.frame);
        else await this.#spool.refuse(oldest.frame, verdict.reason, verdict.detail);
        this.#servers.worked();
        continue;
      }
      // What flies behind it may be stored already; sent again it counts as known.
      await Promise.allSettled(flying.map((other) => other.verdict));
      flying.length = 0;
      sent = this.#spool.acked;
      if (verdict.kind === 'broken') throw new Error('the server failed to take a batch');
      await this.#sleep(verdict.ms);
    }
  }

  /** Goes back to the first server where it works again: the one in use is left once nothing is on its way. */
  async #tryFirst(): Promise<void> {
    const first = this.#servers.toReturnTo;
    if (!first || this.#isTrying || !this.#isConnected || this.#stopping) return;
    this.#isTrying = true;
    try {
      const trial = await this.#connect(first, (opened) => {
        this.#trial = opened;
      });
      const { status } = await this.#request(trial, 'GET', '/v1/clock');
      if (status !== 200) throw new Error(`the server answered ${status}`);
      this.#servers.goBack();
      this.#log.info({ server: first.host }, 'the first server works again; events go to it');
      this.reconnect();
    } catch (error) {
      this.#servers.stay();
      this.#log.debug({ server: first.host, reason: reasonOf(error) }, 'the first server does not work yet');
    } finally {
      this.#isTrying = false;
      this.#trial?.destroy();
      this.#trial = undefined;
    }
  }

  /** Posts a frame as soon as the bandwidth allows; frames keep their order. */
  async #postInTurn(session: ClientHttp2Session, frame: StoredFrame): Promise<Verdict> {
    const isWanted = () => !this.#stopping && !session.closed && !session.destroyed;
    const { bandwidth } = this.#options;
    if (bandwidth && !(await bandwidth.take(frame.payload.length, isWanted)))
      throw new Error('the connection was closed');
    return this.#post(session, frame);
  }

  async #post(session: ClientHttp2Session, frame: StoredFrame): Promise<Verdict> {
    const { status, retryAfterMs, body } = await this.#request(session, 'POST', '/v1/batches', frame.payload, {
      'content-type': 'application/x-ndjson',
      'content-encoding': 'zstd',
    });
    if (status === 200) {
      const counted = readReceipt(body);
      if (counted === undefined) {
        this.#log.warn('the server answered a batch without a receipt; it is sent again');
        return { kind: 'broken' };
      }
      if (counted !== frame.events) {
        this.#log.error(
          { frame: frame.number, events: frame.events, counted },
          'the receipt does not count the events sent',
        );
      }
      return { kind: 'done' };
    }
    const { code, detail } = readProblem(body);
    if (status === 400 || status === 413) {
      return { kind: 'refused', reason: code ?? `HTTP ${status}`, detail };
    }
    if (status === 401 || status === 403) {
      if (Date.now() - this.#refusedLoggedAt >= REFUSED_LOG_EVERY_MS) {
        this.#refusedLoggedAt = Date.now();
        this.#log.error(
          { status, code, detail },
          'the server does not accept this collector; events wait in the spool until it does',
        );
      }
      return { kind: 'hold', ms: jitter(this.#servers.grow()) };
    }
    if (status === 429 || status === 503) {
      this.#log.warn({ status, code, detail, retryAfterMs }, 'the server asks to wait; events wait in the spool');
      if (retryAfterMs === undefined) return { kind: 'hold', ms: jitter(this.#servers.grow()) };
      return { kind: 'hold', ms: retryAfterMs + Math.random() * Math.min(1_000, retryAfterMs / 4) };
    }
    this.#log.warn({ status, code, detail }, 'the server failed to take a batch; it is sent again');
    return { kind: 'broken' };
  }

  #request(
    session: ClientHttp2Session,
    method: string,
    path: string,
    body?: Buffer,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const length = body ? { 'content-length': String(body.length) } : {};
      const stream = session.request(
        { ':method': method, ':path': path, ...this.#options.headers, ...headers, ...length },
        { endStream: !body },
      );
      let status = 0;
      let retryAfterMs: number | undefined;
      let answer = '';
      stream.setTimeout(this.#options.answerWithinMs ?? ANSWER_WITHIN_MS, () => {
        reject(new Error('the server does not answer'));
        stream.close(constants.NGHTTP2_CANCEL);
        // A connection that is half open swallows everything: begin anew.
        session.destroy();
      });
      stream.on('response', (fields) => {
        status = Number(fields[':status']) || 0;
        retryAfterMs = readRetryAfter(fields['retry-after']);
      });
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        if (answer.length < ANSWER_BYTES) answer += chunk;
      });
      stream.on('error', reject);
      stream.on('close', () => {
        if (status === 0) reject(new Error('the server broke off without an answer'));
        else resolve({ status, retryAfterMs, body: answer });
      });
      if (body) stream.end(body);
    });
  }

  async #untilFrame(session: ClientHttp2Session, sent: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    session.once('close', resolve);
    this.#spool.onceFrame(resolve);
    if (!this.#spool.hasFrameAfter(sent) && !session.closed) await promise;
    session.off('close', resolve);
    this.#wake = undefined;
  }

  async #sleep(milliseconds: number): Promise<void> {
    if (this.#stopping) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, milliseconds);
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }
}

function jitter(milliseconds: number): number {
  return milliseconds * (0.5 + Math.random() * 0.5);
}
