import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { stringify } from 'yaml';
import type { LiveMessage } from '../../server/realtime/schema.ts';
import { keepLog, keysBelow } from '../kept-logs.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The administrator's password in every end-to-end test. */
export const PASSWORD = 'mot-mat-khau-dai-cho-thu';

/** A port nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/** Waits until `probe` gives something other than undefined; fails with `what` after `milliseconds`. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
  milliseconds = 20_000,
): Promise<T> {
  const end = Date.now() + milliseconds;
  let last: unknown;
  while (Date.now() < end) {
    try {
      const found = await probe();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited ${milliseconds} ms in vain: ${what}${last ? ` (${String(last)})` : ''}`);
}

/** True once somebody listens on `port` of this machine. */
function takes(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(undefined));
  });
}

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** One installation in a temporary folder: started, killed and asked like a real one. */
export class Installation {
  readonly folder: string;
  readonly data: string;
  readonly config: string;
  readonly port: number;
  readonly ingestPort: number;
  readonly syslogPort: number;
  /** Whether the collector listens on `syslogPort` by TCP, as it does unless a test names other inputs. */
  private readonly hearsTcp: boolean;
  /** All that `haidang up` printed so far. */
  out = '';
  err = '';
  private child: ChildProcess | undefined;
  private cookie: string | undefined;
  private readonly env: Readonly<Record<string, string>>;

  private constructor(
    folder: string,
    ports: readonly number[],
    env: Readonly<Record<string, string>>,
    hearsTcp: boolean,
  ) {
    this.folder = folder;
    this.hearsTcp = hearsTcp;
    this.data = join(folder, 'data');
    this.config = join(folder, 'haidang.yaml');
    this.port = ports[0] ?? 0;
    this.ingestPort = ports[1] ?? 0;
    this.syslogPort = ports[2] ?? 0;
    this.env = env;
  }

  /** Lays out a new installation; `inputs` is the collector's list of inputs. */
  static async create(
    options: {
      inputs?: (folder: string, ports: { syslog: number }) => unknown;
      env?: Record<string, string>;
      config?: Record<string, unknown>;
    } = {},
  ): Promise<Installation> {
    const folder = mkdtempSync(join(tmpdir(), 'haidang-e2e-'));
    const ports = [await freePort(), await freePort(), await freePort()];
    const made = new Installation(folder, ports, { HAIDANG_ADMIN_PASSWORD: PASSWORD, ...options.env }, !options.inputs);
    const inputs = options.inputs?.(folder, { syslog: made.syslogPort }) ?? [
      { type: 'syslog', host: '127.0.0.1', port: made.syslogPort, udp: true, tcp: true },
    ];
    writeFileSync(made.config, stringify({ collector: { inputs }, ...options.config }));
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  private environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      HAIDANG_DATA: this.data,
      HAIDANG_PORT: String(this.port),
      HAIDANG_INGEST_PORT: String(this.ingestPort),
      HAIDANG_SYSLOG_PORT: String(this.syslogPort),
      ...this.env,
    };
  }

  /** `haidang up`, ready when `/readyz` says so. */
  async up(): Promise<void> {
    const child = spawn(process.execPath, [join(ROOT, 'bin/cli.ts'), 'up', '--config', this.config], {
      env: this.environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    child.stdout.on('data', (chunk: Buffer) => {
      this.out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.err += chunk.toString();
    });
    let ended = false;
    child.on('exit', () => {
      ended = true;
    });
    await until(
      'haidang up is ready',
      async () => {
        if (ended) return 'ended' as const;
        return (await fetch(`${this.url}/readyz`)).ok ? ('ready' as const) : undefined;
      },
      // A bound for what hangs: a busy machine takes a minute where a quiet one takes two seconds.
      100_000,
    ).then((state) => {
      if (state === 'ended') throw new Error(`haidang up ended: ${this.err.slice(-2000)}${this.out.slice(-2000)}`);
    });
    // The server answers before the collector beside it has opened its ports.
    if (this.hearsTcp) await until('the collector takes syslog', () => takes(this.syslogPort), 60_000);
  }

  get pid(): number {
    if (this.child?.pid === undefined) throw new Error('not running');
    return this.child.pid;
  }

  /** Ends it with a signal and waits; gives the exit code, null where the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child?.exitCode ?? null);
    return new Promise((resolve) => {
      child.once('exit', (code) => resolve(code));
      child.kill(signal);
    });
  }

  /** Runs a command of the command line beside it. */
  cli(args: readonly string[], input?: string): Promise<Answer> {
    return new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [join(ROOT, 'bin/cli.ts'), ...args],
        { env: this.environment(), maxBuffer: 256 * 1024 * 1024 },
        (error, out, err) => resolve({ code: error ? Number(error.code ?? 1) : 0, out, err }),
      );
      if (input !== undefined) child.stdin?.end(input);
    });
  }

  /** Signs in as the administrator once; gives the session's cookie. */
  private async session(): Promise<string> {
    if (!this.cookie) {
      const answer = await fetch(`${this.url}/api/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: this.url },
        body: JSON.stringify({ user: 'admin', password: PASSWORD }),
      });
      if (!answer.ok) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`);
      this.cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    }
    return this.cookie;
  }

  /** Asks the API as the administrator. */
  async api<T>(path: string, init: RequestInit = {}): Promise<T> {
    const cookie = await this.session();
    const answer = await fetch(`${this.url}${path}`, {
      ...init,
      headers: { cookie, origin: this.url, 'content-type': 'application/json', ...init.headers },
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** Opens the live feed as the administrator and hands over each message. */
  async live(onMessage: (message: LiveMessage) => void, since = 0): Promise<WebSocket> {
    const cookie = await this.session();
    const socket = new WebSocket(`${this.url.replace('http', 'ws')}/api/v1/live?since=${since}`, {
      headers: { cookie, origin: this.url },
    });
    socket.on('message', (text) => onMessage(JSON.parse(String(text)) as LiveMessage));
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return socket;
  }

  /** Stops it and removes its folder. */
  async remove(): Promise<void> {
    await this.end('SIGKILL');
    // What the terminal shows once, the set-up link, is for its reader; nothing else of standard output is secret.
    const shown = this.out.replaceAll(/^.*setup\?token=.*$/gm, '');
    const secrets = [PASSWORD, this.cookie?.split('=')[1] ?? '', ...keysBelow(this.data)];
    keepLog(this.folder, `${this.err}\n${shown}`, secrets);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
