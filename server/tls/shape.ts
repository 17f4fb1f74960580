import { stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ServerConfig } from '../config.ts';
import { ConfigError } from '../config-error.ts';

/** What of the configuration decides how the console is reached. */
export type ConsoleShape = Pick<ServerConfig, 'host' | 'tls' | 'allowedHosts'>;

/** Files below the data folder that hold private keys or open what others sealed. */
const KEYS = ['ca.key', 'server.key', 'console.key', 'evidence.key', 'secrets.key'].map((name) =>
  join('authority', name),
);

/** Whether only this machine reaches an address to listen on. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Who ends TLS for the console: nobody (loopback alone), this server, or a reverse proxy on this machine. */
export function consoleTls({ host, tls }: Pick<ConsoleShape, 'host' | 'tls'>): 'none' | 'here' | 'proxy' {
  if (tls.mode === 'on') return 'here';
  if (tls.mode === 'off') return 'none';
  if (tls.mode === 'proxy') return 'proxy';
  return isLoopback(host) && tls.certificateFile === undefined ? 'none' : 'here';
}

/** Names besides the loopback ones by which browsers may ask: those listed, and off loopback the address and this machine's name. */
export function consoleNames({ host, allowedHosts }: ConsoleShape, machine = hostname()): readonly string[] {
  if (isLoopback(host)) return allowedHosts;
  const everywhere = host === '0.0.0.0' || host === '::';
  const own = [
    ...(everywhere ? [] : [host]),
    ...(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i.test(machine) ? [machine] : []),
  ];
  return [...new Set([...allowedHosts, ...own.map((name) => name.toLowerCase())])];
}

/** The address that a person opens: what was listened on, by the first name that others know it by. */
export function consoleAddress(listened: string, config: ConsoleShape): string {
  const { port } = new URL(listened);
  const scheme = consoleTls(config) === 'here' ? 'https' : 'http';
  const [name] = isLoopback(config.host) ? [new URL(listened).hostname] : consoleNames(config);
  const host = name !== undefined && isIP(name) === 6 ? `[${name}]` : (name ?? 'localhost');
  return `${scheme}://${host}${port === '' ? '' : `:${port}`}`;
}

/** @throws Error where passwords would go over the network in the clear, or settings of TLS do not go together */
export function mustBeSafe({ host, tls }: Pick<ConsoleShape, 'host' | 'tls'>): void {
  const isEndedElsewhere = tls.mode === 'off' || tls.mode === 'proxy';
  if (!isLoopback(host) && isEndedElsewhere)
    throw new Error(
      `"host" ${host} with "tls.mode" ${tls.mode} would send passwords in the clear; set "tls.mode" to auto, or "host" to 127.0.0.1 with a reverse proxy on this machine.`,
    );
  if ((tls.certificateFile === undefined) !== (tls.keyFile === undefined))
    throw new Error(
      '"tls.certificate_file" and "tls.key_file" belong together; set both, or neither for a certificate of the built-in authority.',
    );
  if (tls.certificateFile !== undefined && isEndedElsewhere)
    throw new Error(`"tls.certificate_file" is not used with "tls.mode" ${tls.mode}; remove one of the two.`);
  if (tls.clientCertificates && consoleTls({ host, tls }) !== 'here')
    throw new Error(
      '"tls.client_certificates" needs TLS that this server ends; set "tls.mode" to on, or "host" to an address of the network.',
    );
}

/**
 * Refuses to start where others on this machine could read a key or write into the store.
 * @throws ConfigError that says which command mends it.
 */
export async function refuseUnsafe({
  data,
  tls,
  s3,
  openSearch,
}: Pick<ServerConfig, 'data' | 'tls' | 's3' | 'openSearch'>): Promise<void> {
  // Windows keeps rights elsewhere: modes there say nothing.
  if (process.platform === 'win32') return;
  const folder = await modeOf(data);
  if (folder !== undefined && (folder & 0o002) !== 0)
    throw new ConfigError(
      `The data folder ${data} can be written by every user of this machine; run: chmod 700 ${data}`,
    );
  for (const key of KEYS) await mustBeOurs(join(data, key), 0o077, '600');
  // A group is usual for these: a service may read what a certificate manager writes.
  for (const file of [tls.keyFile, s3.secretKeyFile, openSearch.passwordFile])
    if (file !== undefined) await mustBeOurs(file, 0o007, '640');
}

async function mustBeOurs(path: string, forbidden: number, better: string): Promise<void> {
  const mode = await modeOf(path);
  if (mode !== undefined && (mode & forbidden) !== 0)
    throw new ConfigError(`${path} can be read by other users of this machine; run: chmod ${better} ${path}`);
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode;
  } catch {
    // Not there yet, or not ours to look at: whoever opens it says so.
    return undefined;
  }
}
