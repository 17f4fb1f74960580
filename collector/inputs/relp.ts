import { isIPv6, type Socket } from 'node:net';
import { reasonOf } from '../errors.ts';
import type { Source } from '../intake.ts';
import { inBatches } from './batches.ts';
import { bindUntilDone, type ConnectionState, type Listener, listenTcp, peerOf, whileOpen } from './connections.ts';
import { HeldBytes } from './held-bytes.ts';
import type { Input, InputContext } from './input.ts';
import { RelpFault, type RelpFrame, RelpFraming, relpAnswer } from './relp-framing.ts';
import type { ListenerTls } from './tls.ts';

/** What a RELP input is configured with. */
export interface RelpInputOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: ListenerTls | undefined;
  readonly parser: string;
  /** Most bytes that unfinished messages of all connections may take together; 32 MiB unless given. */
  readonly mostHeld?: number;
}

const IDLE_MS = 6 * 3_600_000;
const OPEN_WITHIN_MS = 30_000;
const BIND_RETRY_MS = 15_000;
/** How long an answer waits for the disk before the sender is let go, to try again later. */
const DURABLE_MS = 60_000;
/** Frames that were taken and are not yet on disk; the rest waits in the socket. */
const MOST_UNANSWERED = 4_096;
const OFFERS = 'relp_version=0\nrelp_software=haidang,1\ncommands=syslog';

/**
 * Listens for syslog over RELP, plain or over TLS. A message is acknowledged when it is on disk, and not before, so
 * what a crash takes is sent again by the sender; what was on disk and not yet acknowledged comes twice then, at most
 * one window of the sender (128 messages unless set).
 */
export class RelpInput implements Input {
  readonly #options: RelpInputOptions;
  readonly #context: InputContext;
  #listener: Listener | undefined;
  #stopTrying: () => void = () => undefined;
  /** The port in use, for port 0. */
  port = 0;

  constructor(options: RelpInputOptions, context: InputContext) {
    this.#options = options;
    this.#context = context;
  }

  async start(): Promise<void> {
    const { host, port: number, tls, parser } = this.#options;
    const { intake, log } = this.#context;
    const place = isIPv6(host) ? `[${host}]:${number}` : `${host}:${number}`;
    const kind = tls ? 'relp-tls' : 'relp';
    if (intake.isOpen(`${kind}:${place}`)) return;
    const source = intake.open(`${kind}:${place}`, this.#context.parserFor(parser, { isLocal: false }));
    const { ledger } = source;
    const port = { source, held: new HeldBytes(this.#options.mostHeld), context: this.#context };
    const serve = (socket: Socket, state: ConnectionState) => serveRelp(socket, port, state);
    const bind = async () => {
      this.#listener = await listenTcp(host, number, tls, { name: 'RELP', ledger, log, serve });
      this.port = this.#listener.port;
      log.info({ listen: `${host}:${this.port}`, tls: tls !== undefined }, 'listening for syslog over RELP');
    };
    this.#stopTrying = await bindUntilDone({ place: `${number}/tcp`, name: 'RELP', ledger, log }, bind, BIND_RETRY_MS);
  }

  async stop(): Promise<void> {
    this.#stopTrying();
    await this.#listener?.stop();
  }
}

/** What the connections of one port share. */
interface Port {
  readonly source: Source;
  readonly held: HeldBytes;
  readonly context: InputContext;
}

/** Serves one connection: `open`, then `syslog` frames, then `close` or the end. */
async function serveRelp(socket: Socket, port: Port, state: ConnectionState): Promise<void> {
  const { intake, log } = port.context;
  const { source } = port;
  const framing = new RelpFraming();
  const peer = peerOf(socket.remoteAddress);
  let isOpen = false;
  let isLetGo = false;
  let unanswered = 0;
  let answers: Promise<void> = Promise.resolve();
  const share = port.held.open(() => {
    isLetGo = true;
    log.warn({ peer }, 'RELP: senders hold too much of unfinished messages; the one that holds most is let go');
    socket.destroy();
  });
  socket.setTimeout(OPEN_WITHIN_MS, () => socket.destroy());
  const write = (text: string) => {
    if (!socket.destroyed) socket.write(text);
  };
  /** Answers go out in order, each when all put so far is on disk. */
  const answerWhenDurable = (transactions: readonly string[]) => {
    if (transactions.length === 0) return;
    unanswered += transactions.length;
    const durable = intake.whenDurable(source.ledger, DURABLE_MS);
    answers = answers.then(async () => {
      if (await durable) write(transactions.map((each) => relpAnswer(each, '200 OK')).join(''));
      else {
        log.warn({ peer }, 'RELP: the disk buffer cannot be written; the sender is let go and will send again');
        socket.destroy();
      }
      unanswered -= transactions.length;
    });
  };
  /** Hands the messages on, a batch at a time, and no faster than the disk takes them. */
  const keep = async (frames: RelpFrame[]) => {
    const records = frames.map(({ data }) => withoutNewline(data));
    source.drop('empty', records.filter(({ length }) => length === 0).length);
    for (const { lines, marks, empty, consumed } of inBatches(records.filter(({ length }) => length > 0))) {
      if (intake.behind) await whileOpen(socket, intake.whenReady());
      if (socket.destroyed) return;
      source.put({ lines, marks, empty, bytes: consumed, ...(peer === undefined ? {} : { peer }) });
    }
    answerWhenDurable(frames.map(({ transaction }) => transaction));
  };
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      state.lastAt = Date.now();
      share.set(framing.held + chunk.length);
      if (isLetGo) break;
      const messages: RelpFrame[] = [];
      for (const frame of framing.push(chunk)) {
        if (frame.command === 'syslog' && isOpen) messages.push(frame);
        else if (frame.command === 'open' && !isOpen) {
          isOpen = true;
          socket.setTimeout(IDLE_MS);
          write(relpAnswer(frame.transaction, openAnswer(frame.data)));
        } else if (frame.command === 'close' && isOpen) {
          await keep(messages);
          await answers;
          write(`${relpAnswer(frame.transaction, '')}0 serverclose 0\n`);
          socket.end();
          return;
        } else throw new RelpFault(`the command ${frame.command} does not belong here`);
      }
      await keep(messages);
      share.set(framing.held);
      if (unanswered >= MOST_UNANSWERED) await answers;
      if (intake.behind) await whileOpen(socket, intake.whenReady());
    }
  } catch (error) {
    if (error instanceof RelpFault) log.warn({ peer, reason: reasonOf(error) }, 'RELP: a sender broke the protocol');
    else log.debug({ peer, reason: reasonOf(error) }, 'a RELP connection broke off');
  } finally {
    share.close();
    // It was not answered, so its sender has it still.
    if (isLetGo) source.drop('memory_full', 1);
    await answers;
    socket.destroy();
  }
}

function openAnswer(offers: Buffer): string {
  // A sender that offers no syslog could send nothing that this side takes.
  const wanted = /^commands=(.*)$/m.exec(offers.toString('latin1').slice(0, 4_096))?.[1]?.split(',') ?? ['syslog'];
  return wanted.includes('syslog') ? `200 OK\n${OFFERS}` : '500 required command syslog not offered';
}

function withoutNewline(data: Buffer): Buffer {
  return data.at(-1) === 10 ? data.subarray(0, -1) : data;
}
