import { isIPv6 } from 'node:net';
import { BATCH_RECORDS, type Source } from '../intake.ts';
import { bindUntilDone, type Listener } from './connections.ts';
import type { Input, InputContext } from './input.ts';
import { decodePacket } from './netflow-decode.ts';
import { flowEvent, flowLine } from './netflow-event.ts';
import { restoreTemplates, templatePosition } from './netflow-position.ts';
import { TemplateCache } from './netflow-templates.ts';
import { openUdp } from './udp.ts';

/** What a NetFlow input is configured with. */
export interface NetflowInputOptions {
  readonly host: string;
  readonly port: number;
}

const BIND_RETRY_MS = 15_000;
const BATCH_BYTES = 256 * 1024;

/**
 * Listens for flows over UDP: NetFlow v5, v9 and IPFIX. A flow is a record. What cannot be read is counted as dropped:
 * `unknown_template` (a set of records whose template has not come yet), `malformed`, `not_netflow` (a datagram each), `too_many_records` (what is more
 * than 1,024 in a datagram).
 */
export class NetflowInput implements Input {
  readonly #options: NetflowInputOptions;
  readonly #context: InputContext;
  readonly #templates = new TemplateCache();
  readonly #waiting = new Map<string, { lines: string[]; bytes: number }>();
  #records = 0;
  #bytes = 0;
  #scheduled = false;
  #source: Source | undefined;
  #listener: Listener | undefined;
  #stopTrying: () => void = () => undefined;
  /** The port in use, for port 0. */
  port = 0;

  constructor(options: NetflowInputOptions, context: InputContext) {
    this.#options = options;
    this.#context = context;
  }

  async start(): Promise<void> {
    const { host, port } = this.#options;
    const { intake, log } = this.#context;
    const name = `netflow:${isIPv6(host) ? `[${host}]` : host}:${port}`;
    if (intake.isOpen(name)) return;
    const source = intake.open(name, flowEvent);
    this.#source = source;
    restoreTemplates(this.#templates, source.ledger.position);
    this.#templates.hasNews = false;
    const { ledger } = source;
    const bind = async () => {
      const take = (message: Buffer, address: string, from: number) => this.#take(message, address, from, source);
      this.#listener = await openUdp(host, port, { name: 'NetFlow', ledger, log, take });
      this.port = this.#listener.port;
      log.info({ listen: `${host}:${this.port}` }, 'listening for NetFlow and IPFIX');
    };
    this.#stopTrying = await bindUntilDone({ place: `${port}/udp`, name: 'NetFlow', ledger, log }, bind, BIND_RETRY_MS);
  }

  async stop(): Promise<void> {
    this.#stopTrying();
    await this.#listener?.stop();
    this.#put();
  }

  #take(message: Buffer, address: string, port: number, source: Source): void {
    // The port is part of who exports: two exporters may stand behind one address, each with templates of its own.
    const exporter = isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
    const packet = decodePacket(message, exporter, this.#templates);
    if (!packet) {
      source.drop('not_netflow', 1);
      return;
    }
    if (this.#templates.hasNews) {
      this.#templates.hasNews = false;
      source.mark(templatePosition(this.#templates));
    }
    source.drop('unknown_template', packet.unknownSets);
    source.drop('malformed', packet.malformed);
    source.drop('too_many_records', packet.tooMany);
    if (packet.flows.length === 0) return;
    if (this.#context.intake.overflowing) {
      source.drop('spool_full', packet.flows.length);
      return;
    }
    const batch = this.#waiting.get(address) ?? { lines: [], bytes: 0 };
    this.#waiting.set(address, batch);
    for (const flow of packet.flows) batch.lines.push(flowLine(packet, flow, exporter));
    batch.bytes += message.length;
    this.#records += packet.flows.length;
    this.#bytes += message.length;
    if (this.#records >= BATCH_RECORDS || this.#bytes >= BATCH_BYTES) this.#put();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => this.#put());
    }
  }

  #put(): void {
    this.#scheduled = false;
    this.#records = 0;
    this.#bytes = 0;
    for (const [peer, { lines, bytes }] of this.#waiting) {
      for (let at = 0; at < lines.length; at += BATCH_RECORDS) {
        const share = lines.slice(at, at + BATCH_RECORDS);
        this.#source?.put({ lines: share, empty: 0, bytes: Math.ceil((bytes * share.length) / lines.length), peer });
      }
    }
    this.#waiting.clear();
  }
}
