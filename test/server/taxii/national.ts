import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Connection, connect } from '../../../server/commands/connection.ts';
import { loadConfig, type ServerConfig } from '../../../server/config.ts';
import { createLog } from '../../../server/log.ts';
import { startServer } from '../../../server/main.ts';

/** Media type of TAXII 2.1. */
export const TYPE = 'application/taxii+json;version=2.1';
/** The data file that the tests load. */
export const DATA_FILE = fileURLToPath(new URL('../../fixtures/taxii/data.json', import.meta.url));
/** Collections of the data file. */
export const COLLECTION = {
  open: '5b1b7c5e-6a0e-4b5e-9d0b-0a4c5a9f1a01',
  read: '5b1b7c5e-6a0e-4b5e-9d0b-0a4c5a9f1a02',
  inbox: '5b1b7c5e-6a0e-4b5e-9d0b-0a4c5a9f1a03',
  closed: '5b1b7c5e-6a0e-4b5e-9d0b-0a4c5a9f1a04',
  empty: '5b1b7c5e-6a0e-4b5e-9d0b-0a4c5a9f1a05',
} as const;
/** Its indicator with three versions. */
export const VERSIONED = 'indicator--0c1b7c5e-6a0e-4b5e-9d0b-0a4c5a9f1b03';
/** Its malware that is there as STIX 2.0 and 2.1. */
export const TWICE = 'malware--0c1b7c5e-6a0e-4b5e-9d0b-0a4c5a9f1b05';

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every form.
  readonly body: any;
}

/** How a request differs from a right one by `admin`; `null` leaves a header out. */
export interface Asking {
  readonly method?: string;
  readonly user?: readonly [name: string, password: string] | null;
  readonly accept?: string | null;
  readonly type?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is where it is a text, else as JSON. */
  readonly body?: unknown;
}

/** A national server of its own, with real HTTP. */
export interface National {
  readonly url: string;
  readonly folder: string;
  readonly config: ServerConfig;
  ask(path: string, asking?: Asking): Promise<Answer>;
  /** The API as commands use it, over the control socket. */
  connection(): Promise<Connection>;
  /** Stops the server, and leaves its folder. */
  pause(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it on a free port, with what `load` names loaded and the account `admin`. */
export async function startNational(load: string | null = DATA_FILE): Promise<National> {
  const folder = await mkdtemp(join(tmpdir(), 'haidang-taxii-'));
  const settings = { HAIDANG_DATA: join(folder, 'data'), HAIDANG_PORT: '0', HAIDANG_INGEST_PORT: '0' };
  const config = { ...(await loadConfig(undefined, settings)), role: 'national' as const, logLevel: 'silent' };
  const server = await startServer(config, createLog('silent'), Promise.resolve({ rules: [], problems: [] }));
  const national: National = {
    url: server.address,
    folder,
    config,
    ask: (path, asking = {}) => ask(`${server.address}${path}`, asking),
    connection: () => connect(config),
    pause: () => server.stop(),
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  if (load !== null) {
    const connection = await national.connection();
    await connection.ask('POST', '/api/v1/taxii/loads', { path: load, passwords: { admin: 'Password0' } });
    await connection.close();
  }
  return national;
}

/** Asks any TAXII server. */
export async function ask(url: string, asking: Asking): Promise<Answer> {
  const { method = 'GET', user = ['admin', 'Password0'], accept = TYPE, type = TYPE, body } = asking;
  const headers: Record<string, string> = { ...asking.headers };
  if (user) headers['authorization'] = basic(...user);
  // Without it, fetch would send one of its own.
  headers['accept'] = accept ?? '';
  if (body !== undefined && type !== null) headers['content-type'] = type;
  const answer = await fetch(url, {
    method,
    headers,
    redirect: 'follow',
    ...(body === undefined ? {} : { body: typeof body === 'string' ? Buffer.from(body) : JSON.stringify(body) }),
  });
  const text = await answer.text();
  let read: unknown = text;
  try {
    read = JSON.parse(text);
  } catch {
    // A page, or nothing.
  }
  return { status: answer.status, headers: answer.headers, body: read };
}

/** An Authorization header (RFC 7617). */
export function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

/** A STIX 2.1 indicator; `number` makes its id. */
export function indicator(number: number, change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const at = '2026-01-02T03:04:05.678Z';
  return {
    type: 'indicator',
    spec_version: '2.1',
    id: `indicator--00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    created: at,
    modified: at,
    name: `Chỉ dấu ${number}`,
    pattern: `[ipv4-addr:value = '203.0.113.${number % 250}']`,
    pattern_type: 'stix',
    valid_from: at,
    ...change,
  };
}
