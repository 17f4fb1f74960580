/**
 * How a collector gets its certificate: `POST /v1/enrol` over HTTP/2 with TLS and no client certificate, once with each
 * token; afterwards `POST /v1/renew` with the certificate that it has.
 */
export interface EnrolmentRequest {
  readonly token: { readonly id: string; readonly secret: string };
  /** PKCS #10 (RFC 2986), PEM, ECDSA on P-256; its names are not looked at. */
  readonly csr: string;
  /** How it is shown: the machine's name. */
  readonly name: string;
  /** Hash of what tells this machine from others (`machineHash`); null where it has nothing of that kind. */
  readonly machine: string | null;
  readonly version: string;
}

/** The answer to an enrolment, and to a renewal. */
export interface EnrolmentAnswer {
  /** Keeps its id where the collector showed its former certificate (in TLS) and nobody else took the id over. */
  readonly collector: string;
  readonly agency: string;
  readonly certificate: string;
  /** ISO 8601. */
  readonly notAfter: string;
  readonly now: string;
}

/** `POST /v1/renew`. */
export interface RenewalRequest {
  readonly csr: string;
}

/** What a one-time token says: which one it is, the proof, and by what the server is known. */
export interface EnrolmentToken {
  readonly id: string;
  readonly secret: string;
  /** SHA-256 of the DER of the authority's certificate, lower-case hexadecimal. */
  readonly authority: string;
}

const TOKEN = /^hd1\.([a-z0-9]{10})\.([A-Za-z0-9_-]{32})\.([0-9a-f]{64})$/;

/** A token as people hand it on: `hd1.<id>.<secret>.<fingerprint>`. */
export function formatToken({ id, secret, authority }: EnrolmentToken): string {
  return `hd1.${id}.${secret}.${authority}`;
}

/** Reads a token; undefined where it is none, or not whole. */
export function parseToken(text: string): EnrolmentToken | undefined {
  const [, id, secret, authority] = TOKEN.exec(text.trim()) ?? [];
  if (id === undefined || secret === undefined || authority === undefined) return undefined;
  return { id, secret, authority };
}

/** Answer to `GET /v1/policy`: what a group of collectors is to read. `policy` is the very text that is signed. */
export interface SignedPolicy {
  /** JSON: `{"group":…,"version":…,"inputs":[…]}`. */
  readonly policy: string;
  /** ECDSA on P-256 with SHA-256 by the authority's key, DER in base64. */
  readonly signature: string;
}
