import { isIPv6, type Socket } from 'node:net';
import { reasonOf } from '../errors.ts';
import { BATCH_RECORDS, type Source } from '../intake.ts';
import { bindUntilDone, type ConnectionState, type Listener, listenTcp, peerOf, whileOpen } from './connections.ts';
import { HeldBytes } from './held-bytes.ts';
import type { Input, InputContext } from './input.ts';
import { addBytes, type CutLines } from './lines.ts';
import { SyslogFraming } from './syslog-framing.ts';
import type { ListenerTls } from './tls.ts';
import { openUdp } from './udp.ts';

/** What a syslog input is configured with. */
export interface SyslogInputOptions {
  readonly host: string;
  readonly port: number;
  readonly udp: boolean;
  readonly tcp: boolean;
  /** Speaks TLS instead of plain TCP (RFC 5425). */
  readonly tls?: ListenerTls | undefined;
  readonly parser: string;
  /** Most bytes that unfinished messages of all TCP connections may take together; 32 MiB unless given. */
  readonly mostHeld?: number;
}

/** Closing an idle connection costs a sender its next message, so only long silence, or want of room, closes one. */
const IDLE_MS = 6 * 3_600_000;
const BIND_RETRY_MS = 15_000;

/** Listens for syslog: RFC 3164 and 5424 over UDP (RFC 5426), TCP (RFC 6587) and TLS (RFC 5425). */
export class SyslogInput implements Input {
  readonly #options: SyslogInputOptions;
  readonly #context: InputContext;
  readonly #listeners: Listener[] = [];
  readonly #trying: (() => void)[] = [];
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
    for (const stop of this.#trying) stop();
    for (const listener of this.#listeners) await listener.stop();
  }

  async #listen(kind: 'udp' | 'tcp'): Promise<void> {
    const { host, port, parser, tls } = this.#options;
    const { intake, log } = this.#context;
    const transport = kind === 'tcp' && tls ? 'tls' : kind;
    const address = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
    const name = `syslog-${transport}:${address}`;
    if (intake.isOpen(name)) return;
    const source = intake.open(name, this.#context.parserFor(parser, { isLocal: false }));
    const { ledger } = source;
    const shared = { source, held: new HeldBytes(this.#options.mostHeld), context: this.#context };
    const serveOne = (socket: Socket, state: ConnectionState) => serve(socket, shared, state);
    const bind = async () => {
      const listener =
        kind === 'udp'
          ? await listenUdp(host, port, source, this.#context)
          : await listenTcp(host, port, tls, { name: `syslog over ${transport}`, ledger, log, serve: serveOne });
      this.ports[kind] = listener.port;
      this.#listeners.push(listener);
      log.info({ listen: `${host}:${listener.port}`, transport }, 'listening for syslog');
    };
    const place = `${port}/${kind}`;
    this.#trying.push(await bindUntilDone({ place, name: 'syslog', ledger, log }, bind, BIND_RETRY_MS));
  }
}

async function listenUdp(host: string, port: number, source: Source, { intake, log }: InputContext): Promise<Listener> {
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
  const take = (message: Buffer, address: string) => {
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
  };
  const listener = await openUdp(host, port, { name: 'syslog over UDP', ledger: source.ledger, log, take });
  return {
    port: listener.port,
    stop: async () => {
      await listener.stop();
      put();
    },
  };
}

function withoutEnd(message: Buffer): Buffer {
  let end = message.length;
  while (end > 0 && (message[end - 1] === 10 || message[end - 1] === 0)) end--;
  return message.subarray(0, end);
}

/** What the connections of one port share. */
interface Shared {
  readonly source: Source;
  readonly held: HeldBytes;
  readonly context: InputContext;
}

/** Reads one connection to its end. While the spool is behind nothing is read, and TCP holds the sender. */
async function serve(socket: Socket, { source, held, context }: Shared, state: ConnectionState): Promise<void> {
  const { intake, log } = context;
  const framing = new SyslogFraming();
  const peer = peerOf(socket.remoteAddress);
  const put = ({ lines, marks, empty, consumed }: CutLines) =>
    source.put({ lines, marks, empty, bytes: consumed, ...(peer === undefined ? {} : { peer }) });
  let isLetGo = false;
  const share = held.open(() => {
    isLetGo = true;
    log.warn({ peer }, 'syslog: senders hold too much of unfinished messages; the one that holds most is let go');
    socket.destroy();
  });
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      state.lastAt = Date.now();
      for (const cut of framing.push(chunk)) put(cut);
      share.set(framing.held);
      if (isLetGo) break;
      if (intake.behind) await whileOpen(socket, intake.whenReady());
    }
  } catch (error) {
    log.debug({ peer, reason: reasonOf(error) }, 'a syslog connection broke off');
  }
  share.close();
  const rest = framing.flush(isLetGo);
  if (!rest) return;
  if (rest.marks)
    log.warn({ peer, bytes: rest.consumed }, 'a syslog sender went away inside a message; what came of it is kept');
  put(rest);
}
