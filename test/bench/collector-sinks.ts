import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { zstdDecompressSync } from 'node:zlib';
import type { FrameHeader } from '../../ecs/wire.ts';
import type { Certificates } from '../collector/receiver.ts';

/** The far end of a run: counts what arrives, and says when it is all there. */
export interface Sink {
  readonly port: number;
  /** Bytes on the wire, without TLS. */
  readonly bytes: () => number;
  readonly received: () => number;
  readonly all: Promise<void>;
  close(): void;
}

const secure = (certificates: Certificates) => ({
  ca: readFileSync(certificates.ca),
  cert: readFileSync(certificates.serverCertificate),
  key: readFileSync(certificates.serverKey),
  requestCert: true,
  rejectUnauthorized: true,
});

/** A server of our wire that looks at the frame's header, counts, and answers with the receipt. */
export async function frameSink(certificates: Certificates, total: number): Promise<Sink> {
  let received = 0;
  let bytes = 0;
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const server = createSecureServer(secure(certificates));
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      let events = 0;
      if (headers[':path'] === '/v1/batches') {
        const body = Buffer.concat(chunks);
        const plain = zstdDecompressSync(body);
        const header = JSON.parse(plain.toString('utf8', 0, plain.indexOf(10))) as FrameHeader;
        events = header.last - header.first + 1;
        received += events;
        bytes += body.length;
      }
      stream.respond({ ':status': 200 });
      stream.end(JSON.stringify({ now: new Date().toISOString(), stored: events, duplicates: 0, deadLettered: 0 }));
      if (received >= total) resolve();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const port = (server.address() as AddressInfo).port;
  return { port, bytes: () => bytes, received: () => received, all, close: () => server.close() };
}

/** A syslog server over TLS (RFC 5425's transport, a newline behind each message) that counts lines. */
export async function lineSink(certificates: Certificates, total: number): Promise<Sink> {
  let received = 0;
  let bytes = 0;
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const server = createTlsServer(secure(certificates), (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) received++;
      if (received >= total) resolve();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const port = (server.address() as AddressInfo).port;
  return { port, bytes: () => bytes, received: () => received, all, close: () => server.close() };
}
