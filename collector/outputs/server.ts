import { type ClientHttp2Session, connect, constants } from 'node:http2';
import type { Socket } from 'node:net';
import type { BatchReceipt, CollectorStatus } from '../../ecs/wire.ts';
import { reasonOf } from '../errors.ts';
import { type Log, reasonText } from '../log.ts';
import type { StoredFrame } from '../spool/outbox.ts';
import type { Spool } from '../spool/spool.ts';

/** Who the collector is and whom it talks to. */
export interface ServerOutputOptions {
  readonly server: URL;
  /** PEM texts, asked for at each connection, so that renewed certificates are taken up. */
  credentials(): { readonly ca: string; readonly certificate: string; readonly key: string };
  /** What the status report says now. */
  status(): CollectorStatus;
  /** Takes the server's time from an answer, with the times of asking and answering by this machine's clock. */
  onClock(serverNow: number, askedAt: number, answeredAt: number): void;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Opens the connection that TLS goes over, where a proxy is on the way; without it the server is called directly. */
  readonly openSocket?: (() => Promise<Socket>) | undefined;
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
const FIRST_BACKOFF_MS = 100;
const LAST_BACKOFF_MS = 15_000;
const CONNECT_WITHIN_MS = 10_000;
const ANSWER_WITHIN_MS = 30_000;
const STATUS_EVERY_MS = 5_000;
const LONGEST_RETRY_AFTER_MS = 300_000;
const ANSWER_BYTES = 65_536;
const REFUSED_LOG_EVERY_MS = 60_000;
/** Segments carry the time of their acknowledgement by a clock that may have been set since. */
const RESEND_SLACK_MS = 600_000;

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
  #session: ClientHttp2Session | undefined;
  #stopping = false;
  #loop: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  #statusTimer: NodeJS.Timeout | undefined;
  #backoffMs = FIRST_BACKOFF_MS;
  #refusedLoggedAt = -Infinity;
  #isConnected = false;

  constructor(spool: Spool, options: ServerOutputOptions, log: Log) {
    this.#spool = spool;
    this.#options = options;
    this.#log = log;
  }

  start(): void {
    this.#statusTimer = setInterval(() => void this.#report(), this.#options.statusEveryMs ?? STATUS_EVERY_MS);
    this.#loop = this.#run();
  }

  /** Resolves when all that is in the spool has been acknowledged, or after the time. */
  async drain(milliseconds: number): Promise<void> {
    const end = Date.now() + milliseconds;
    while (this.#spool.waiting.frames > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
    if (this.#session && !this.#session.closed)
      await Promise.race([this.#report(), new Promise((r) => setTimeout(r, 200))]);
  }

  /** Connects anew, so that a renewed certificate is used; what was on its way is sent again and known by its ids. */
  reconnect(): void {
    this.#session?.close();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#statusTimer);
    this.#session?.destroy();
    this.#wake?.();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        const session = await this.#connect();
        await this.#askClock(session);
        void this.#report();
        await this.#send(session);
      } catch (error) {
        if (this.#stopping) return;
        if (this.#isConnected || this.#backoffMs === FIRST_BACKOFF_MS) {
          this.#log.warn(
            { server: this.#options.server.host, reason: reasonOf(error) },
            'no connection to the server; events wait in the spool',
          );
        }
        this.#isConnected = false;
        this.#session?.destroy();
        this.#session = undefined;
        await this.#sleep(jitter(this.#backoffMs));
        this.#backoffMs = Math.min(this.#backoffMs * 2, LAST_BACKOFF_MS);
      }
    }
  }

  async #connect(): Promise<ClientHttp2Session> {
    const { server, openSocket } = this.#options;
    const { ca, certificate, key } = this.#options.credentials();
    const socket = await openSocket?.();
    return new Promise((resolve, reject) => {
      const session = connect(server.origin, {
        ca,
        cert: certificate,
        key,
        minVersion: 'TLSv1.3',
        ...(socket ? { socket } : {}),
      });
      this.#session = session;
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
      if (!this.#isConnected) this.#log.info({ server: this.#options.server.host }, 'connected to the server');
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
      if (answer.status === 200 && this.#spool.waiting.frames === 0) this.#backoffMs = FIRST_BACKOFF_MS;
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
        const verdict = this.#post(session, frame);
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
        this.#backoffMs = FIRST_BACKOFF_MS;
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

  async #post(session: ClientHttp2Session, frame: StoredFrame): Promise<Verdict> {
    const answer = await this.#request(session, 'POST', '/v1/batches', frame.payload, {
      'content-type': 'application/x-ndjson',
      'content-encoding': 'zstd',
    });
    const { status, retryAfterMs } = answer;
    if (status === 200) {
      const counted = readReceipt(answer.body);
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
    const { code, detail } = readProblem(answer.body);
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
      return { kind: 'hold', ms: jitter(this.#grow()) };
    }
    if (status === 429 || status === 503) {
      this.#log.warn({ status, code, detail, retryAfterMs }, 'the server asks to wait; events wait in the spool');
      return {
        kind: 'hold',
        ms:
          retryAfterMs === undefined
            ? jitter(this.#grow())
            : retryAfterMs + Math.random() * Math.min(1_000, retryAfterMs / 4),
      };
    }
    this.#log.warn({ status, code, detail }, 'the server failed to take a batch; it is sent again');
    return { kind: 'broken' };
  }

  #grow(): number {
    const now = this.#backoffMs;
    this.#backoffMs = Math.min(now * 2, LAST_BACKOFF_MS);
    return now;
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
    let wake: () => void = () => undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      this.#wake = resolve;
      session.once('close', wake);
      this.#spool.onceFrame(resolve);
      if (this.#spool.hasFrameAfter(sent) || session.closed) resolve();
    });
    session.off('close', wake);
    this.#wake = undefined;
  }

  async #sleep(milliseconds: number): Promise<void> {
    if (this.#stopping) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, milliseconds);
    });
    clearTimeout(timer);
    this.#wake = undefined;
  }
}

function jitter(milliseconds: number): number {
  return milliseconds * (0.5 + Math.random() * 0.5);
}

function readRetryAfter(value: string | string[] | undefined): number | undefined {
  const text = Array.isArray(value) ? value[0] : value;
  if (text === undefined) return undefined;
  const milliseconds = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isFinite(milliseconds) ? Math.min(Math.max(milliseconds, 0), LONGEST_RETRY_AFTER_MS) : undefined;
}

function readTime(body: string): number | undefined {
  try {
    const { now } = JSON.parse(body) as { now?: unknown };
    const time = typeof now === 'string' ? Date.parse(now) : Number.NaN;
    return Number.isFinite(time) ? time : undefined;
  } catch {
    return undefined;
  }
}

/** What a restored server asks for: which restore, and from when on by this machine's clock. */
function readResend(body: string, answeredAt: number): { readonly id: string; readonly since: number } | undefined {
  try {
    const { now, resend } = JSON.parse(body) as { now?: unknown; resend?: { id?: unknown; since?: unknown } };
    const since = Date.parse(String(resend?.since)) - (Date.parse(String(now)) - answeredAt) - RESEND_SLACK_MS;
    if (typeof resend?.id !== 'string' || !/^[0-9a-f]{16}$/.test(resend.id) || !Number.isFinite(since))
      return undefined;
    return { id: resend.id, since };
  } catch {
    return undefined;
  }
}

/** How many events a receipt accounts for; undefined where the answer is none. */
function readReceipt(body: string): number | undefined {
  try {
    const { stored, duplicates, deadLettered } = JSON.parse(body) as Partial<BatchReceipt>;
    const total = Number(stored) + Number(duplicates) + Number(deadLettered);
    return Number.isSafeInteger(total) && total >= 0 ? total : undefined;
  } catch {
    return undefined;
  }
}

/** The code and detail of an RFC 9457 problem document, as far as the answer has them. */
function readProblem(body: string): { code: string | undefined; detail: string } {
  try {
    const problem = JSON.parse(body) as { code?: unknown; type?: unknown; title?: unknown; detail?: unknown };
    const code = [problem.code, problem.type].find((value): value is string => typeof value === 'string');
    const detail = [problem.detail, problem.title].find((value): value is string => typeof value === 'string');
    return { code: code?.replace(/^.*[/:]/, '').slice(0, 60), detail: reasonText(detail ?? '') };
  } catch {
    return { code: undefined, detail: reasonText(body) };
  }
}
