import { type KeyObject, sign, verify } from 'node:crypto';

/** What a signature says beside the bytes: which incident, to whom, which version, when (seconds since 1970). */
export interface JwsHeader {
  readonly kid: string;
  readonly inc: string;
  readonly rcp: string;
  readonly ver: number;
  readonly iat: number;
}

/**
 * Signs bytes as they are: compact JWS with detached, unencoded payload (RFC 7515 appendix F, RFC 7797 §5), ES256
 * (RFC 7518 §3.4).
 */
export function signDetached(bytes: Buffer, facts: JwsHeader, key: KeyObject): string {
  const header = { alg: 'ES256', b64: false, crit: ['b64'], ...facts };
  const head = Buffer.from(JSON.stringify(header)).toString('base64url');
  const signature = sign('sha256', inputOf(head, bytes), { key, dsaEncoding: 'ieee-p1363' });
  return `${head}..${signature.toString('base64url')}`;
}

/** The facts of a signature that holds for the bytes; undefined where it does not. */
export function verifyDetached(bytes: Buffer, jws: string, key: KeyObject): JwsHeader | undefined {
  const [head = '', payload, signature = '', ...more] = jws.split('.');
  if (payload !== '' || more.length > 0) return undefined;
  try {
    const header: unknown = JSON.parse(Buffer.from(head, 'base64url').toString('utf8'));
    if (typeof header !== 'object' || header === null) return undefined;
    const { alg, b64, crit, ...facts } = header as Record<string, unknown>;
    const isKnown = alg === 'ES256' && b64 === false && JSON.stringify(crit) === '["b64"]';
    const made = Buffer.from(signature, 'base64url');
    if (!isKnown || made.length !== 64) return undefined;
    const holds = verify('sha256', inputOf(head, bytes), { key, dsaEncoding: 'ieee-p1363' }, made);
    return holds ? (facts as unknown as JwsHeader) : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 7797 §3: the payload itself stands where its base64url form would. */
function inputOf(head: string, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${head}.`, 'ascii'), bytes]);
}
