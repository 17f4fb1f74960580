import { createSocket } from 'node:dgram';
import { createServer, isIP } from 'node:net';
import type { InputConfig } from '../input-config.ts';

/** A port that an input listens on. */
export interface InputPort {
  readonly host: string;
  readonly port: number;
  readonly isUdp: boolean;
}

/** Where an input listens; undefined where it does not. */
export function portOf(input: InputConfig): InputPort | undefined {
  if (!('port' in input) || typeof input.port !== 'number') return undefined;
  const isUdp = input.type === 'netflow' || (input.type === 'syslog' && input.udp && !input.tcp);
  return { host: 'host' in input ? String(input.host) : '127.0.0.1', port: input.port, isUdp };
}

/** Takes a port and gives it back. @throws Error of the system where it cannot be had */
export function tryPort({ host, port, isUdp }: InputPort): Promise<void> {
  return isUdp ? bindUdp(host, port) : listenTcp(host, port);
}

function listenTcp(host: string, port: number): Promise<void> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => server.close(() => resolve()));
  });
}

function bindUdp(host: string, port: number): Promise<void> {
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind(port, host, () => socket.close(() => resolve()));
  });
}
