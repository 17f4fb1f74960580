import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import {
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import type { EcsEvent } from '../../ecs/event.ts';
import type { CollectorStatus, FrameHeader, ServerClock } from '../../ecs/wire.ts';

/** A temporary folder, and how to remove it. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'haidang-collector-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Files of a CA, a server and a collector certificate, all P-256. */
export interface Certificates {
  readonly ca: string;
  readonly serverCertificate: string;
  readonly serverKey: string;
  readonly certificate: string;
  readonly key: string;
}

/** Makes a CA and what it signs with the openssl command. */
export function makeCertificates(folder: string, collector = 'c0test01'): Certificates {
  const path = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    path('ca.key'),
    '-out',
    path('ca.pem'),
    '-subj',
    '/CN=Test CA',
    '-days',
    '2',
  );
  const sign = (name: string, subject: string, extension: string) => {
    openssl('req', ...key, '-keyout', path(`${name}.key`), '-out', path(`${name}.csr`), '-subj', subject);
    writeFileSync(path(`${name}.ext`), extension);
    const ca = ['-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial', '-days', '2'];
    openssl(
      'x509',
      '-req',
      '-in',
      path(`${name}.csr`),
      ...ca,
      '-extfile',
      path(`${name}.ext`),
      '-out',
      path(`${name}.pem`),
    );
  };
  sign('server', '/CN=127.0.0.1', 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n');
  sign('collector', `/CN=${collector}`, 'extendedKeyUsage=clientAuth\n');
  return {
    ca: path('ca.pem'),
    serverCertificate: path('server.pem'),
    serverKey: path('server.key'),
    certificate: path('collector.pem'),
    key: path('collector.key'),
  };
}

/** What the receiver answers instead of a receipt. */
export interface OtherAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A small real server of the wire: HTTP/2, mutual TLS, receipts, and every event by its id. */
export class Receiver {
  /** Events by id, in the order in which they first came. */
  readonly events = new Map<string, EcsEvent>();
  /** How often an id came again. */
  repeats = 0;
  batches = 0;
  readonly headers: FrameHeader[] = [];
  readonly statuses: CollectorStatus[] = [];
  /** Names of the certificates that asked. */
  readonly peers = new Set<string>();
  /** Milliseconds that the receiver's clock is ahead. */
  clockOffset = 0;
  /** What a server that came from a backup asks for. */
  resend: ServerClock['resend'];
  /** Called before a batch is taken; gives another answer, or none ever (`silence`), where it is not to be. */
  intercept: ((header: FrameHeader, batch: number) => OtherAnswer | 'silence' | undefined) | undefined;
  #server: Http2SecureServer | undefined;
  readonly #sessions = new Set<ServerHttp2Session>();
  port = 0;

  async start(certificates: Certificates, port = 0): Promise<void> {
    const { readFileSync } = await import('node:fs');
    const server = createSecureServer({
      ca: readFileSync(certificates.ca),
      cert: readFileSync(certificates.serverCertificate),
      key: readFileSync(certificates.serverKey),
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
    });
    server.on('session', (session) => {
      this.#sessions.add(session);
      session.on('close', () => this.#sessions.delete(session));
      session.on('error', () => undefined);
    });
    server.on('stream', (stream: ServerHttp2Stream, headers) => {
      const socket = stream.session?.socket as unknown as { getPeerCertificate(): { subject?: { CN?: string } } };
      const name = socket.getPeerCertificate().subject?.CN;
      if (name) this.peers.add(name);
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', () => undefined);
      stream.on('end', () => {
        const answer = this.#answer(`${headers[':method']} ${headers[':path']}`, Buffer.concat(chunks));
        if (stream.destroyed || answer === 'silence') return;
        stream.respond({ ':status': answer.status, 'content-type': 'application/json', ...answer.headers });
        stream.end(JSON.stringify(answer.body ?? {}));
      });
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    this.port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const session of this.#sessions) session.destroy();
    await closed;
  }

  /** The texts of all events, in order of their first coming. */
  get originals(): string[] {
    return [...this.events.values()].map((event) => String(event.event.original));
  }

  #answer(route: string, body: Buffer): OtherAnswer | 'silence' {
    const clock = { now: new Date(Date.now() + this.clockOffset).toISOString() };
    if (route === 'GET /v1/clock') return { status: 200, body: { ...clock, resend: this.resend } };
    if (route === 'POST /v1/status') {
      try {
        this.statuses.push(JSON.parse(body.toString()) as CollectorStatus);
      } catch {
        // A sender killed in the middle of its report.
        return { status: 400 };
      }
      return { status: 200, body: clock };
    }
    if (route !== 'POST /v1/batches') return { status: 404 };
    let plain: string;
    try {
      plain = zstdDecompressSync(body).toString('utf8');
    } catch {
      // A sender killed in the middle of a batch; nobody reads this answer.
      return { status: 400, body: { code: 'HD_BATCH_MALFORMED' } };
    }
    const [head = '', ...lines] = plain.trimEnd().split('\n');
    const header = JSON.parse(head) as FrameHeader;
    const other = this.intercept?.(header, this.batches);
    if (other) return other;
    this.batches++;
    this.headers.push(header);
    let stored = 0;
    for (const line of lines) {
      const event = JSON.parse(line) as EcsEvent;
      const id = String(event.event.id);
      if (this.events.has(id)) this.repeats++;
      else {
        this.events.set(id, event);
        stored++;
      }
    }
    return { status: 200, body: { stored, duplicates: lines.length - stored, deadLettered: 0 } };
  }
}

/** Waits until `probe` holds; fails with `what` after `milliseconds`. */
export async function until(what: string, probe: () => boolean, milliseconds = 15_000): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!probe()) {
    if (Date.now() > end) throw new Error(`waited ${milliseconds} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

/** A log that keeps what it is told. */
export function quietLog() {
  const told: { level: string; fields: unknown; text: string }[] = [];
  const at =
    (level: string) =>
    (fields: unknown, text?: string): void => {
      told.push({ level, fields, text: text ?? String(fields) });
    };
  return { told, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
