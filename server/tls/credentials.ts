import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { SecureContextOptions } from 'node:tls';
import type { Authority } from '../authority/authority.ts';
import { ConfigError } from '../config-error.ts';
import type { Log } from '../log.ts';

const DAY_MS = 86_400_000;
/** Own files are looked at this often; the built-in certificate lives a year and is made anew long before its end. */
const FILES_MS = 30_000;
const BUILT_IN_MS = 12 * 3_600_000;
const WARN_DAYS = 21;

/** Takes new certificates into use: what an HTTPS server is. */
interface TlsServer {
  setSecureContext(options: SecureContextOptions): void;
}

/** The console's certificate and key, which change while the server runs. */
export interface ConsoleCredentials {
  /** Certificate chain, key and least version, for a new server. */
  current(): SecureContextOptions;
  /** End of the certificate, ISO 8601. */
  notAfter(): string;
  /** This server gets each new certificate too, for connections from then on. */
  serve(server: TlsServer): void;
  /** Looks for a new certificate now; a bad one is told in the log, and the one in use stays. */
  look(): Promise<void>;
  stop(): void;
}

/** Where the certificate comes from: two PEM files of the operator's, or the built-in authority for these names. */
export type CredentialSource =
  | { readonly certificateFile: string; readonly keyFile: string }
  | { readonly authority: Authority; readonly names: readonly string[] };

/**
 * Opens the console's certificate and watches for its successor; TLS 1.3 alone (RFC 8446).
 * @throws ConfigError where own files cannot be used: what is wrong with which, and what to do.
 */
export async function openConsoleCredentials(
  source: CredentialSource,
  { log, now = Date.now, everyMs }: { readonly log: Log; readonly now?: () => number; readonly everyMs?: number },
): Promise<ConsoleCredentials> {
  const servers = new Set<TlsServer>();
  let used = await load(source, now());
  warnOfEnd(used, now(), log);

  async function look(): Promise<void> {
    try {
      const found = await load(source, now());
      if (found.print === used.print) return;
      for (const server of servers) server.setSecureContext(found.options);
      used = found;
      log.info({ notAfter: used.notAfter }, 'the console uses a new certificate');
    } catch (err) {
      log.error({ err }, "the console's new certificate cannot be used; the one before stays in use");
    }
  }
  const timer = setInterval(
    () => {
      warnOfEnd(used, now(), log);
      void look();
    },
    everyMs ?? ('authority' in source ? BUILT_IN_MS : FILES_MS),
  );
  timer.unref();

  return {
    current: () => used.options,
    notAfter: () => used.notAfter,
    serve: (server) => void servers.add(server),
    look,
    stop: () => clearInterval(timer),
  };
}

interface Loaded {
  readonly options: SecureContextOptions;
  readonly notAfter: string;
  readonly print: string;
}

async function load(source: CredentialSource, now: number): Promise<Loaded> {
  if ('authority' in source) {
    const { certificate, key, notAfter } = await source.authority.consoleCredentials(source.names);
    return loaded(`${certificate.trimEnd()}\n${source.authority.certificate}`, key, notAfter);
  }
  const { certificateFile, keyFile } = source;
  const cert = await readPem(certificateFile, 'tls.certificate_file');
  const key = await readPem(keyFile, 'tls.key_file');
  const read = attempt(() => new X509Certificate(cert), `${certificateFile} holds no PEM certificate`);
  const own = attempt(() => createPrivateKey(key), `${keyFile} holds no PEM private key without a passphrase`);
  if (!read.checkPrivateKey(own))
    throw new ConfigError(
      `${certificateFile} and ${keyFile} do not belong together; put the server's own certificate first in the file.`,
    );
  if (read.validToDate.getTime() <= now)
    throw new ConfigError(
      `The certificate of ${certificateFile} ended on ${read.validToDate.toISOString()}; renew it.`,
    );
  return loaded(cert, key, read.validToDate.toISOString());
}

function loaded(cert: string, key: string, notAfter: string): Loaded {
  const print = createHash('sha256').update(cert).update(key).digest('hex');
  return { options: { cert, key, minVersion: 'TLSv1.3' }, notAfter, print };
}

async function readPem(path: string, setting: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new ConfigError(`${path} of "${setting}" cannot be read (${cause.code}); check its path and rights.`);
  });
}

function attempt<T>(read: () => T, wrong: string): T {
  try {
    return read();
  } catch {
    throw new ConfigError(`${wrong}; give PEM files as a certificate authority hands them out.`);
  }
}

function warnOfEnd({ notAfter }: Loaded, now: number, log: Log): void {
  const days = Math.floor((Date.parse(notAfter) - now) / DAY_MS);
  if (days < WARN_DAYS) log.warn({ notAfter, days }, "the console's certificate ends soon; renew it");
}
