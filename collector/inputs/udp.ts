import { createSocket, type Socket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { reasonOf } from '../errors.ts';
import type { SourceLedger } from '../ledger.ts';
import type { Log } from '../log.ts';
import { type Listener, peerOf } from './connections.ts';

/** What is told of a UDP port, and who takes its datagrams. */
export interface UdpServed {
  readonly name: string;
  readonly ledger: SourceLedger;
  readonly log: Log;
  take(message: Buffer, address: string, port: number): void;
}

const RECEIVE_BUFFER = 8 * 1024 * 1024;
const KERNEL_DROPS_MS = 2_000;

/** Listens on UDP with a large receive buffer; what the kernel drops for want of room is kept in the ledger. */
export async function openUdp(host: string, port: number, served: UdpServed): Promise<Listener> {
  const { name, ledger, log, take } = served;
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4' });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  enlarge(socket);
  socket.on('message', (message, from) => take(message, peerOf(from.address) ?? '', from.port));
  socket.on('error', (error) => {
    ledger.error = reasonOf(error);
    log.warn({ reason: reasonOf(error) }, `${name} has a fault`);
  });
  const bound = socket.address().port;
  const before = ledger.kernelDropped;
  const watch = setInterval(() => {
    void kernelDrops(bound, isIPv6(host)).then((drops) => {
      if (drops !== undefined) ledger.kernelDropped = before + drops;
    });
  }, KERNEL_DROPS_MS);
  watch.unref();
  return {
    port: bound,
    stop: () =>
      new Promise((resolve) => {
        clearInterval(watch);
        socket.close(() => resolve());
      }),
  };
}

/** Asks for a large receive buffer; the system may give less (net.core.rmem_max). */
function enlarge(socket: Socket): void {
  for (let bytes = RECEIVE_BUFFER; bytes >= 262_144; bytes /= 2) {
    try {
      socket.setRecvBufferSize(bytes);
      return;
    } catch {
      // Some systems refuse rather than give less.
    }
  }
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
