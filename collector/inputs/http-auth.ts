import { hash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Who may send: hashes of every `Authorization` value that is right. */
export type Secrets = readonly Buffer[];

const SCHEMES = ['basic', 'apikey', 'bearer'] as const;

/**
 * Reads a file of secrets, one a line: `basic NAME:PASSWORD`, `apikey ID:KEY` (or the key already in base64), `bearer
 * TOKEN`; empty lines and `#` are skipped. Throws an Error that names the line, never its content.
 */
export function readSecrets(path: string): Secrets {
  const secrets: Buffer[] = [];
  const lines = readFileSync(path, 'utf8').split('\n');
  for (const [at, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, given = '', value = ''] = /^(\S+)\s+(\S.*)$/.exec(line) ?? [];
    const scheme = SCHEMES.find((known) => known === given.toLowerCase());
    if (scheme === undefined) throw new Error(`${path}:${at + 1} does not begin with basic, apikey or bearer`);
    if (scheme === 'basic' && !value.includes(':')) throw new Error(`${path}:${at + 1} is not NAME:PASSWORD`);
    const isPlain = scheme !== 'bearer' && value.includes(':');
    secrets.push(digest(scheme, isPlain ? Buffer.from(value).toString('base64') : value));
  }
  if (secrets.length === 0) throw new Error(`${path} holds no secret`);
  return secrets;
}

/** Says whether an `Authorization` header (RFC 9110 §11.6.2) carries one of the secrets; takes the same time for each. */
export function isAuthorized(secrets: Secrets, header: string | undefined): boolean {
  const [, scheme = '', value = ''] = /^(\S{1,16}) +(\S{1,8000})$/.exec(header ?? '') ?? [];
  const given = digest(scheme.toLowerCase(), value);
  let found = false;
  for (const secret of secrets) found = timingSafeEqual(secret, given) || found;
  return found;
}

function digest(scheme: string, value: string): Buffer {
  return hash('sha256', `${scheme} ${value}`, 'buffer');
}
