import { readFile } from 'node:fs/promises';
import type { TlsOptions } from 'node:tls';

/** Files of a listener that speaks TLS. */
export interface ListenerTls {
  readonly certificate: string;
  readonly key: string;
  /** CA that senders must show a certificate of (mutual TLS, RFC 5425 §4.2.1); undefined asks for none. */
  readonly clientCa?: string | undefined;
}

/** Longest a TLS handshake may take, milliseconds. */
const HANDSHAKE_MS = 10_000;

/** Reads the files of a listener into what Node's TLS servers take; TLS 1.2 at least (RFC 9325 §3.1.1). */
export async function tlsOptions(files: ListenerTls): Promise<TlsOptions> {
  const [cert, key, ca] = await Promise.all([
    readFile(files.certificate),
    readFile(files.key),
    files.clientCa === undefined ? undefined : readFile(files.clientCa),
  ]);
  return {
    cert,
    key,
    minVersion: 'TLSv1.2',
    handshakeTimeout: HANDSHAKE_MS,
    ...(ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true }),
  };
}
