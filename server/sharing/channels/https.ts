import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { ERRORS, HaidangError } from '../../errors.ts';
import { checkUrl, guardedLookup, type OutboundPolicy } from '../../system/outbound.ts';

/** What came back; `body` is bounded. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Files of one recipient's connection; read anew for each connection, so that they can be renewed. */
export interface Credentials {
  /** Whether the recipient is spoken to by TLS; without it only within this machine. */
  readonly secure: boolean;
  readonly user: string | undefined;
  readonly passwordFile: string | undefined;
  readonly caFile: string | undefined;
  readonly certificateFile: string | undefined;
  readonly keyFile: string | undefined;
}

/** Requests to one recipient: no redirects, no proxies, bounded in time and size. */
export interface Http {
  ask(method: 'GET' | 'POST', url: string, options?: Asking): Promise<Answer>;
  /** Reads the files of the credentials again. */
  forget(): void;
  close(): void;
}

interface Asking {
  readonly accept?: string;
  readonly type?: string;
  readonly body?: Buffer;
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 30_000;
const MOST_ANSWER = 16 * 1024 * 1024;

/** What the errors of TLS mean for whoever can mend them. */
const TLS_FAULTS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself; name its authority in "ca_file"',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not known here; name it in "ca_file"',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not known here; name it in "ca_file"',
  UNABLE_TO_GET_ISSUER_CERT: 'its authority is not known here; name it in "ca_file"',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not known here; name it in "ca_file"',
  CERT_SIGNATURE_FAILURE: 'its certificate is not from the authority in "ca_file"',
  CERT_HAS_EXPIRED: 'its certificate has expired (or the clock of this server is wrong)',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet (or the clock of this server is wrong)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name than that of "root"',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it wants a certificate of this server; set "certificate_file"',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not know the authority of "certificate_file"',
};

/** Opens the connections to one recipient; what the policy does not allow is never connected to. */
export function openHttp(credentials: Credentials, policy: OutboundPolicy): Http {
  let kept: Promise<Ready> | undefined;
  const ready = (): Promise<Ready> => {
    kept ??= makeReady(credentials, policy);
    kept.catch(() => {
      kept = undefined;
    });
    return kept;
  };
  const forget = () => {
    const old = kept;
    kept = undefined;
    old?.then(({ agent }) => agent.destroy()).catch(() => undefined);
  };
  return {
    forget,
    close: forget,
    async ask(method, url, { accept, type, body, signal } = {}) {
      checkUrl(url, policy);
      const { agent, authorization } = await ready();
      return new Promise((done, failed) => {
        const late = AbortSignal.timeout(TIMEOUT_MS);
        const stop = AbortSignal.any([late, ...(signal ? [signal] : [])]);
        const fail = (error: unknown) =>
          failed(new Error(reasonOf(late.aborted ? late.reason : error, new URL(url).host), { cause: error }));
        const send = url.startsWith('http:') ? httpRequest : httpsRequest;
        const sent = send(
          url,
          {
            method,
            agent,
            signal: stop,
            headers: {
              'user-agent': 'haidang',
              ...(authorization === undefined ? {} : { authorization }),
              ...(accept === undefined ? {} : { accept }),
              ...(type === undefined ? {} : { 'content-type': type }),
              ...(body === undefined ? {} : { 'content-length': body.length }),
            },
          },
          (response) => {
            const pieces: Buffer[] = [];
            let size = 0;
            response.on('data', (piece: Buffer) => {
              size += piece.length;
              if (size > MOST_ANSWER) response.destroy(new Error('its answer is longer than 16 MiB'));
              else pieces.push(piece);
            });
            response.on('error', fail);
            response.on('aborted', () => fail(new Error('its answer broke off')));
            response.on('end', () =>
              done({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }),
            );
          },
        );
        sent.on('error', fail);
        sent.end(body);
      });
    },
  };
}

interface Ready {
  readonly agent: HttpAgent | HttpsAgent;
  readonly authorization: string | undefined;
}

async function makeReady(credentials: Credentials, policy: OutboundPolicy): Promise<Ready> {
  const { secure, user, passwordFile, caFile, certificateFile, keyFile } = credentials;
  const [ca, cert, key, password] = await Promise.all([
    readSecret(caFile, 'authority'),
    readSecret(certificateFile, 'certificate'),
    readSecret(keyFile, 'key'),
    readSecret(passwordFile, 'password'),
  ]);
  const options = { keepAlive: true, maxSockets: 32, lookup: guardedLookup(policy, { isPlain: !secure }) };
  const tls = { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
  const [line = ''] = password?.toString('utf8').split(/\r?\n/, 1) ?? [];
  return {
    agent: secure ? new HttpsAgent({ ...options, ...tls }) : new HttpAgent(options),
    authorization: user === undefined ? undefined : `Basic ${Buffer.from(`${user}:${line}`).toString('base64')}`,
  };
}

async function readSecret(path: string | undefined, what: string): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  return readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`The file of the ${what} (${path}) cannot be read (${cause.code}); check its path and rights.`);
  });
}

/** One sentence that says who did not answer and why. */
function reasonOf(error: unknown, host: string): string {
  if (error instanceof HaidangError) return `${error.message} ${ERRORS[error.code].advice}`;
  const { code = '', message = '', name = '' } = error as { code?: string; message?: string; name?: string };
  const tls = TLS_FAULTS[code];
  if (tls !== undefined) return `${host}: ${tls}.`;
  if (name === 'TimeoutError') return `${host} did not answer within ${TIMEOUT_MS / 1000} s.`;
  if (code === 'ECONNREFUSED') return `${host} refuses connections.`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `The name of ${host} is not found.`;
  return `${host} was not reached: ${code === '' ? message : code}.`;
}
