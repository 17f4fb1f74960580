import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type EnrolmentAnswer, type EnrolmentRequest, parseToken } from '../../ecs/enrolment.ts';
import { findAuthority } from './authority.ts';
import { askOnce, DialError, openTls, type Way } from './dial.ts';
import { readIfAny, removeFile, writeSecret } from './files.ts';
import { newKey, requestFor } from './key.ts';
import { machineHash } from './machine.ts';

/** Why an enrolment did not come about; `collector/text/messages.ts` says each in words. */
export type EnrolProblem =
  | 'token_form'
  | 'address'
  | 'unreachable'
  | 'proxy'
  | 'untrusted'
  | 'name'
  | 'tls'
  | 'token_unknown'
  | 'token_used'
  | 'token_expired'
  | 'too_many'
  | 'refused'
  | 'folder';

/** An enrolment that did not come about. */
export class EnrolError extends Error {
  readonly problem: EnrolProblem;

  constructor(problem: EnrolProblem, detail: string) {
    super(detail);
    this.problem = problem;
  }
}

export interface EnrolOptions {
  /** One address, or several of one installation with commas between: the first that answers enrols, all are written down. */
  readonly server: string;
  readonly token: string;
  /** Gets `collector.yaml`, `ca.crt` and `identity.pem` (0600). */
  readonly folder: string;
  readonly proxy?: URL | undefined;
  /** PEM file of who signed the certificate of an `https://` proxy; absolute. */
  readonly proxyCa?: string | undefined;
  readonly version: string;
  readonly name?: string;
  readonly machine?: string | null;
  /** Of a new configuration file. */
  readonly inputs?: unknown;
}

/** What an enrolment gave. */
export interface Enrolled {
  readonly collector: string;
  readonly agency: string;
  readonly notAfter: string;
  readonly config: string;
}

const CODES: Readonly<Record<string, EnrolProblem>> = {
  HD_TOKEN_UNKNOWN: 'token_unknown',
  HD_TOKEN_USED: 'token_used',
  HD_TOKEN_EXPIRED: 'token_expired',
  HD_TOO_MANY: 'too_many',
};
const NAME_CODES = new Set(['ERR_TLS_CERT_ALTNAME_INVALID']);

/**
 * Enrols this machine: looks at the server's authority before a word of the token is said, makes a key that stays here,
 * and gets a certificate for it. Asked again with the same token and folder, it goes on where it was cut off.
 * @throws EnrolError
 */
export async function enrol(options: EnrolOptions): Promise<Enrolled> {
  const token = parseToken(options.token);
  if (!token) throw new EnrolError('token_form', 'The token is not whole.');
  const servers = options.server.split(',').map((text) => serverAddress(text.trim()));
  const paths = pathsIn(options.folder);
  const former = formerIdentity(paths.identity);

  const { way, authority } = await firstThatAnswers(servers, options, token.authority);
  const { server } = way;
  // The key is on disk before the token is used: if the answer is lost, the same key may ask again.
  const key = readIfAny(paths.pending) ?? newKey();
  writeSecret(paths.pending, key);
  const request: EnrolmentRequest = {
    token: { id: token.id, secret: token.secret },
    csr: requestFor(key),
    name: (options.name ?? hostname()).slice(0, 200) || 'collector',
    machine: options.machine === undefined ? machineHash() : options.machine,
    version: options.version,
  };
  const tls = await openTls(way, { ca: authority, cert: former, key: former, verify: true }).catch(asEnrolError);
  const { status, body } = await askOnce(tls, server, 'POST', '/v1/enrol', request).catch((error: Error) => {
    throw new EnrolError('unreachable', error.message);
  });
  if (status !== 200) throw refusal(status, body);
  const answer = JSON.parse(body) as EnrolmentAnswer;
  checkAnswer(answer, key);
  return keep(paths, { answer, key, authority, servers, options });
}

interface Paths {
  readonly config: string;
  readonly identity: string;
  readonly pending: string;
  readonly authority: string;
}

function pathsIn(folder: string): Paths {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const at = (name: string) => join(folder, name);
    return {
      config: at('collector.yaml'),
      identity: at('identity.pem'),
      pending: at('pending.key'),
      authority: at('ca.crt'),
    };
  } catch (error) {
    throw new EnrolError('folder', (error as Error).message);
  }
}

/** `https://host:port`, as people write it: the port of collectors where none is said. */
function serverAddress(text: string): URL {
  const full = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(full)) throw new EnrolError('address', text.slice(0, 200));
  const url = new URL(full);
  if (url.protocol !== 'https:' || url.pathname !== '/' || url.username !== '') {
    throw new EnrolError('address', text.slice(0, 200));
  }
  if (url.port === '' && !/:443\/?$/.test(full)) url.port = '8443';
  return url;
}

/** The first of several servers that is reached and has the right authority; the last one's problem where none is. */
async function firstThatAnswers(
  servers: readonly URL[],
  { proxy, proxyCa }: EnrolOptions,
  fingerprint: string,
): Promise<{ readonly way: Way; readonly authority: string }> {
  let problem: unknown;
  for (const server of servers) {
    const way: Way = { server, proxy, proxyCa };
    try {
      return { way, authority: await lookAtAuthority(way, fingerprint) };
    } catch (error) {
      problem = error;
    }
  }
  throw problem;
}

/** The authority's certificate, known by its fingerprint; nothing but a TLS handshake is said for it. */
async function lookAtAuthority(way: Way, fingerprint: string): Promise<string> {
  const tls = await openTls(way, { verify: false }).catch(asEnrolError);
  try {
    const found = findAuthority(tls, fingerprint);
    if (found.kind === 'right') return found.pem;
    throw new EnrolError('untrusted', found.fingerprint);
  } finally {
    tls.destroy();
  }
}

function asEnrolError(error: unknown): never {
  if (!(error instanceof DialError)) throw error;
  if (error.step === 'tcp') throw new EnrolError('unreachable', error.message);
  if (error.step === 'proxy') throw new EnrolError('proxy', error.message);
  throw new EnrolError(NAME_CODES.has(error.code) ? 'name' : 'tls', error.message);
}

function refusal(status: number, body: string): EnrolError {
  let problem: { readonly code?: unknown; readonly detail?: unknown } = {};
  try {
    problem = JSON.parse(body) as typeof problem;
  } catch {
    // The status says enough.
  }
  const detail = typeof problem.detail === 'string' ? problem.detail.slice(0, 500) : `HTTP ${status}`;
  return new EnrolError(CODES[String(problem.code)] ?? 'refused', detail);
}

function checkAnswer(answer: EnrolmentAnswer, key: string): void {
  const isWhole = /^[a-z0-9]{4,32}$/.test(String(answer.collector)) && typeof answer.certificate === 'string';
  if (!isWhole || !new X509Certificate(answer.certificate).checkPrivateKey(createPrivateKey(key))) {
    throw new EnrolError('refused', 'The server answered with a certificate that is not for this key.');
  }
}

/** The identity of an earlier enrolment, whatever its age: it shows that this is the same machine. */
function formerIdentity(path: string): string | undefined {
  const pem = readIfAny(path);
  try {
    if (pem === undefined || !new X509Certificate(pem).checkPrivateKey(createPrivateKey(pem))) return undefined;
    return pem;
  } catch {
    return undefined;
  }
}

interface Kept {
  readonly answer: EnrolmentAnswer;
  readonly key: string;
  readonly authority: string;
  readonly servers: readonly URL[];
  readonly options: EnrolOptions;
}

function keep({ config, identity, pending, authority: authorityPath }: Paths, kept: Kept): Enrolled {
  const { answer, key, authority, servers, options } = kept;
  const before = readIfAny(config);
  const hadId = /^id: *([a-z0-9]{4,32})/m.exec(before ?? '')?.[1];
  writeSecret(authorityPath, authority, 0o644);
  writeSecret(identity, `${answer.certificate.trimEnd()}\n${key}`);
  // A spool holds events under the id that they got: another id begins another spool, and the old one stays as it is.
  const spool = hadId === undefined || hadId === answer.collector ? 'spool' : `spool-${answer.collector}`;
  if (before === undefined) {
    const lines = [
      '# The configuration of this collector; docs/collector.md explains every key.',
      `id: ${answer.collector}`,
      `server: ${written(servers)}`,
      'ca: ca.crt',
      'certificate: identity.pem',
      'key: identity.pem',
      'renew: true',
      `spool: ${spool}`,
      ...(options.proxy ? [`proxy: ${options.proxy.href}`] : []),
      ...(options.proxyCa === undefined ? [] : [`proxy_ca: ${JSON.stringify(options.proxyCa)}`]),
      `inputs: ${JSON.stringify(options.inputs ?? 'auto')}`,
      '',
    ];
    writeSecret(config, lines.join('\n'));
  } else {
    // What people wrote stays; who and where is replaced.
    const lines = before
      .replace(/^id:.*$/m, `id: ${answer.collector}`)
      .replace(SERVER_KEY, (text) =>
        servers.every(({ origin }) => text.includes(origin)) ? text : `server: ${written(servers)}`,
      );
    writeSecret(config, spool === 'spool' ? lines : lines.replace(/^spool:.*$/m, `spool: ${spool}`));
  }
  removeFile(pending);
  const { collector, agency, notAfter } = answer;
  return { collector, agency, notAfter, config };
}

/** The key with its value: one address, or a list in either form of YAML. */
const SERVER_KEY = /^server:.*(?:\n[ \t]*-.*)*$/m;

function written(servers: readonly URL[]): string {
  const origins = servers.map(({ origin }) => origin);
  return origins.length === 1 ? `${origins[0]}` : `[${origins.join(', ')}]`;
}
