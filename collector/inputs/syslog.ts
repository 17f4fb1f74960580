import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { reasonOf, systemCode } from '../errors.ts';
import { BATCH_RECORDS, type Source } from '../intake.ts';
import type { Input, InputContext } from './input.ts';
import { addBytes, type CutLines } from './lines.ts';
import { SyslogFraming } from './syslog-framing.ts';

/** What a syslog input is configured with. */
export interface SyslogInputOptions {
  readonly host: string;
  readonly port: number;
  readonly udp: boolean;
  readonly tcp: boolean;
  readonly parser: string;
}

const MOST_CONNECTIONS = 512;
/** Closing an idle connection costs a sender its next message, so only long silence, or want of room, closes one. */
const IDLE_MS = 6 * 3_600_000;
const RECEIVE_BUFFER = 8 * 1024 * 1024;
const KERNEL_DROPS_MS = 2_000;
const BIND_RETRY_MS = 15_000;

/** Listens for syslog: RFC 3164 and 5424 over UDP (RFC 5426) and TCP (RFC 6587). */
export class SyslogInput implements Input {
  readonly #options: SyslogInputOptions;
  readonly #context: InputContext;
  readonly #listeners: { stop(): Promise<void> }[] = [];
  readonly #retries = new Set<NodeJS.Timeout>();
  #stopped = false;
  /** The ports in use, for port 0. */
  readonly ports: { udp?: number; tcp?: number } = {};

  constructor(options: SyslogInputOptions, context: InputContext) {
    this.#options = options;
    this.#context = context;
  }

  async start(): Promise<void> {
    if (this.#options.udp) await this.#listen('udp');
    if (this.#options.tcp) await this.#listen('tcp');
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#retries) clearTimeout(timer);
    for (const listener of this.#listeners) await listener.stop();
  }

  async #listen(kind: 'udp' | 'tcp'): Promise<void> {
    const { host, port, parser } = this.#options;
    const address = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
    const name = `syslog-${kind}:${address}`;
    if (this.#context.intake.isOpen(name)) return;
    const parse = this.#context.parserFor(parser, { isLocal: false });
    const source = this.#context.intake.open(name, parse);
    const bind = async (): Promise<void> => {
      try {
        const listener =
          kind === 'udp'
            ? await listenUdp(host, port, source, this.#context)
            : await listenTcp(host, port, source, this.#context);
        this.ports[kind] = listener.port;
        this.#listeners.push(listener);
        source.ledger.error = null;
        this.#context.log.info({ listen: `${host}:${listener.port}`, transport: kind }, 'listening for syslog');
      } catch (error) {
        const busy = systemCode(error) === 'EADDRINUSE';
        const reason = busy ? `port ${port}/${kind} is in use by another program` : reasonOf(error);
        if (source.ledger.error !== reason) {
          this.#context.log.warn(
            { listen: address, transport: kind, reason },
            'cannot listen for syslog; the rest goes on, and this is tried again',
          );
        }
        source.ledger.error = reason;
        if (this.#stopped) return;
        const timer = setTimeout(() => {
          this.#retries.delete(timer);
          void bind();
        }, BIND_RETRY_MS);
        this.#retries.add(timer);
      }
    };
    await bind();
  }
}

interface Listener {
  readonly port: number;
  stop(): Promise<void>;
}

async function listenUdp(host: string, port: number, source: Source, { intake, log }: InputContext): Promise<Listener> {
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4' });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  enlarge(socket);
  const gathered = new Map<string, CutLines>();
  let records = 0;
  let scheduled = false;
  const put = () => {
    scheduled = false;
    records = 0;
    for (const [peer, cut] of gathered) {
      const { lines, marks, empty, consumed } = cut;
      source.put({ lines, marks, empty, bytes: consumed, peer });
    }
    gathered.clear();
  };
  socket.on('message', (message, { address }) => {
    if (intake.overflowing) {
      source.drop('spool_full', 1);
      return;
    }
    let cut = gathered.get(address);
    if (!cut) {
      cut = { lines: [], marks: undefined, empty: 0, consumed: 0 };
      gathered.set(address, cut);
    }
    cut.consumed += message.length;
    addBytes(cut, withoutEnd(message), {});
    // Everything that has come in this turn of the loop goes in one batch.
    if (++records >= BATCH_RECORDS) put();
    else if (!scheduled) {
      scheduled = true;
      setImmediate(put);
    }
  });
  socket.on('error', (error) => {
    source.ledger.error = reasonOf(error);
    log.warn({ reason: reasonOf(error) }, 'syslog over UDP has a fault');
  });
  const bound = socket.address().port;
  const before = source.ledger.kernelDropped;
  const watch = setInterval(() => {
    void kernelDrops(bound, isIPv6(host)).then((drops) => {
      if (drops !== undefined) source.ledger.kernelDropped = before + drops;
    });
  }, KERNEL_DROPS_MS);
  watch.unref();
  return {
    port: bound,
    stop: () =>
      new Promise((resolve) => {
        clearInterval(watch);
        socket.close(() => {
          put();
          resolve();
        });
      }),
  };
}

/** Asks for a large receive buffer; the system may give less (net.core.rmem_max). */
function enlarge(socket: UdpSocket): void {
  for (let bytes = RECEIVE_BUFFER; bytes >= 262_144; bytes /= 2) {
    try {
      socket.setRecvBufferSize(bytes);
      return;
    } catch {
      // Some systems refuse rather than give less.
    }
  }
}

function withoutEnd(message: Buffer): Buffer {
  let end = message.length;
  while (end > 0 && (message[end - 1] === 10 || message[end - 1] === 0)) end--;
  return message.subarray(0, end);
}

/** What the kernel has dropped at a UDP port for want of room, from `/proc/net/udp`; undefined off Linux. */
export async function kernelDrops(port: number, v6: boolean): Promise<number | undefined> {
  try {
    const table = await readFile(v6 ? '/proc/net/udp6' : '/proc/net/udp', 'utf8');
    const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    let drops = 0;
    for (const row of table.split('\n').slice(1)) {
      const fields = row.trim().split(/\s+/);
      if (fields[1]?.endsWith(ending)) drops += Number(fields.at(-1)) || 0;
    }
    return drops;
  } catch {
    return undefined;
  }
}

async function listenTcp(host: string, port: number, source: Source, context: InputContext): Promise<Listener> {
  const connections = new Map<Socket, { lastAt: number }>();
  const served = new Set<Promise<void>>();
  const server: Server = createServer({ keepAlive: true, keepAliveInitialDelay: 60_000, noDelay: true });
  server.on('connection', (socket) => {
    if (connections.size >= MOST_CONNECTIONS && !closeIdlest(connections)) {
      source.ledger.error = `more than ${MOST_CONNECTIONS} connections`;
      socket.destroy();
      return;
    }
    const state = { lastAt: Date.now() };
    connections.set(socket, state);
    const done = serve(socket, source, context, state).finally(() => {
      connections.delete(socket);
      served.delete(done);
    });
    served.add(done);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error) => context.log.warn({ reason: reasonOf(error) }, 'syslog over TCP has a fault'));
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : port,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of connections.keys()) socket.destroy();
      await Promise.all(served);
      await closed;
    },
  };
}

/** Makes room for a new connection; false where every one has spoken in the last five minutes. */
function closeIdlest(connections: ReadonlyMap<Socket, { lastAt: number }>): boolean {
  let idlest: [Socket, { lastAt: number }] | undefined;
  for (const entry of connections) if (!idlest || entry[1].lastAt < idlest[1].lastAt) idlest = entry;
  if (!idlest || Date.now() - idlest[1].lastAt < 300_000) return false;
  idlest[0].destroy();
  return true;
}

/** Reads one connection to its end. While the spool is behind nothing is read, and TCP holds the sender. */
async function serve(socket: Socket, source: Source, context: InputContext, state: { lastAt: number }): Promise<void> {
  const framing = new SyslogFraming();
  const peer = socket.remoteAddress;
  const put = ({ lines, marks, empty, consumed }: CutLines) =>
    source.put({ lines, marks, empty, bytes: consumed, ...(peer === undefined ? {} : { peer }) });
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      state.lastAt = Date.now();
      for (const cut of framing.push(chunk)) put(cut);
      if (context.intake.behind) await context.intake.whenReady();
    }
  } catch (error) {
    context.log.debug({ peer, reason: reasonOf(error) }, 'a syslog connection broke off');
  }
  const rest = framing.flush();
  if (!rest) return;
  if (rest.marks)
    context.log.warn(
      { peer, bytes: rest.consumed },
      'a syslog sender went away inside a message; what came of it is kept',
    );
  put(rest);
}
