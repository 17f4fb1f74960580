import { readFileSync } from 'node:fs';
import type { Credentials } from './sign.ts';

/** How storage that speaks S3 is reached. */
export interface S3Settings {
  /** `https://host[:port]`; Amazon's own for the region where it is not given. */
  readonly endpoint: string | undefined;
  readonly region: string;
  /** The bucket stands in the path; otherwise in the host name. */
  readonly pathStyle: boolean;
  /** PEM file of the authority that signed the storage's certificate; the machine's own authorities otherwise. */
  readonly caFile: string | undefined;
  readonly accessKeyFile: string | undefined;
  readonly secretKeyFile: string | undefined;
}

/** As it is where nothing is set. */
export const NO_S3_SETTINGS: S3Settings = {
  endpoint: undefined,
  region: 'us-east-1',
  pathStyle: true,
  caFile: undefined,
  accessKeyFile: undefined,
  secretKeyFile: undefined,
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The keys, from the files of the settings or from the environment. Read for each run, so that new ones need no restart.
 * @throws Error that names what is missing, never a key itself
 */
export function readCredentials(settings: S3Settings, environment: Environment = process.env): Credentials {
  const accessKey = one(
    settings.accessKeyFile,
    environment['AWS_ACCESS_KEY_ID'],
    's3.access_key_file',
    'AWS_ACCESS_KEY_ID',
  );
  const secretKey = one(
    settings.secretKeyFile,
    environment['AWS_SECRET_ACCESS_KEY'],
    's3.secret_key_file',
    'AWS_SECRET_ACCESS_KEY',
  );
  const token = settings.accessKeyFile === undefined ? environment['AWS_SESSION_TOKEN'] || undefined : undefined;
  return { accessKey, secretKey, sessionToken: token };
}

function one(file: string | undefined, variable: string | undefined, setting: string, name: string): string {
  const value = file === undefined ? (variable ?? '') : firstLine(file, setting);
  if (/^[\x21-\x7e]{1,1000}$/.test(value)) return value;
  if (file !== undefined) throw new Error(`The file of "${setting}" holds no key in its first line; write it there.`);
  throw new Error(
    value === ''
      ? `There is no key for the storage: set "${setting}" in the configuration, or ${name} in the environment; for a backup, of the server.`
      : `The environment variable ${name} holds no key; write it without spaces.`,
  );
}

function firstLine(file: string, setting: string): string {
  try {
    return (readFileSync(file, 'utf8').split('\n', 1)[0] ?? '').trim();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(`The file of "${setting}" cannot be read (${code}); check its path and rights.`, { cause });
  }
}

/** Text of the authority's certificate; undefined where the machine's own authorities are to be trusted. */
export function readAuthority({ caFile }: S3Settings): string | undefined {
  if (caFile === undefined) return undefined;
  try {
    return readFileSync(caFile, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(`The file of "s3.ca_file" cannot be read (${code}); check its path and rights.`, { cause });
  }
}

const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\])$/;

/** Reads the setting: https, or http to this machine, as a backup holds private keys. @throws Error that says what it should be */
export function endpoint(value: unknown): string {
  const url = typeof value === 'string' && value.length <= 500 && URL.canParse(value) ? new URL(value) : undefined;
  const bare =
    url && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (url && bare && (url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname)))) {
    return url.origin;
  }
  throw new Error('must be like https://storage.example.vn:9000, without path or keys; http only for this machine.');
}

/** Reads the setting: a region's name as it is signed. */
export function region(value: unknown): string {
  if (typeof value === 'string' && /^[a-z0-9-]{1,64}$/.test(value)) return value;
  throw new Error('must be the name of a region such as us-east-1; many kinds of storage take any.');
}
