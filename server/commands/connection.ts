import { existsSync } from 'node:fs';
import { request } from 'node:http';
import type { ServerConfig } from '../config.ts';
import { controlPath } from '../control/socket.ts';
import type { Problem } from '../schema.ts';

/** The API as commands use it: over the control socket of a running server, or in this process where none runs. */
export interface Connection {
  readonly running: boolean;
  /** Asks and gives the JSON answer. Throws an Error with the problem's detail and advice. */
  ask<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T>;
  /** Sends a file and gives the JSON answer. Throws as `ask` does. */
  sendFile<T>(path: string, bytes: Buffer): Promise<T>;
  /** The bytes of an answer that is a file. Throws as `ask` does. */
  file(path: string): Promise<Buffer>;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
}
/** A text is JSON, bytes are a file. */
type Send = (method: string, path: string, body: string | Buffer | undefined) => Promise<Answer>;

/** An API answer of 4xx or 5xx as a command shows it; a request that was wrong is bad usage. */
export class ApiError extends Error {
  readonly exitCode: number;
  readonly code: string;

  constructor({ code, detail, advice, status }: Problem) {
    super(`${detail} ${advice}`);
    this.code = code;
    this.exitCode = status === 400 ? 2 : 1;
  }
}

/** Connects to the data folder's server, or opens its store where no server runs. */
export async function connect(config: ServerConfig): Promise<Connection> {
  const path = controlPath(config.data);
  const send: Send = (method, url, body) => overSocket(path, method, url, body);
  if (await answers(send)) return connection(true, send, async () => {});
  if (!existsSync(config.data))
    throw new Error(`There is no data folder ${config.data}; start haidang up first, or set HAIDANG_DATA.`);
  const { openStopped } = await import('../stopped.ts');
  const { createLog } = await import('../log.ts');
  // Only what fails: a command's own output is its answer.
  const stopped = await openStopped(config, createLog('error'));
  return connection(false, stopped.send, stopped.close);
}

function connection(running: boolean, send: Send, close: () => Promise<void>): Connection {
  const answered = async (method: string, path: string, body: string | Buffer | undefined): Promise<Buffer> => {
    const { status, bytes } = await send(method, path, body);
    if (status >= 400) throw new ApiError(read(bytes) as Problem);
    return bytes;
  };
  return {
    running,
    close,
    ask: async <T>(method: string, path: string, body?: unknown) =>
      read(await answered(method, path, body === undefined ? undefined : JSON.stringify(body))) as T,
    sendFile: async <T>(path: string, bytes: Buffer) => read(await answered('POST', path, bytes)) as T,
    file: (path) => answered('GET', path, undefined),
  };
}

function read(bytes: Buffer): unknown {
  return bytes.length === 0 ? null : JSON.parse(bytes.toString());
}

async function answers(send: Send): Promise<boolean> {
  try {
    return (await send('GET', '/healthz', undefined)).status === 200;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return false;
    if (code === 'EACCES')
      throw new Error('The control socket belongs to another user; run this as the user who runs the server.');
    throw error;
  }
}

function overSocket(
  socketPath: string,
  method: string,
  path: string,
  body: string | Buffer | undefined,
): Promise<Answer> {
  return new Promise((done, failed) => {
    const headers =
      body === undefined ? {} : { 'content-type': typeOf(body), 'content-length': Buffer.byteLength(body) };
    const sent = request({ socketPath, method, path, headers, timeout: 120_000 }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', failed);
      response.on('end', () => done({ status: response.statusCode ?? 500, bytes: Buffer.concat(pieces) }));
    });
    sent.on('timeout', () => sent.destroy(new Error('The server did not answer within two minutes.')));
    sent.on('error', failed);
    sent.end(body);
  });
}

/** Media type of a body. */
function typeOf(body: string | Buffer): string {
  return typeof body === 'string' ? 'application/json' : 'application/octet-stream';
}
