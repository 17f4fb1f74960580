import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { openSecretBox } from '../accounts/secret-box.ts';
import type { Authority } from '../authority/authority.ts';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { RecordStore } from '../store/record-store.ts';
import { type JwsHeader, signDetached, verifyDetached } from './jws.ts';

/** The public half, as recipients need it: trust in it comes from the authority's certificate, given to them once. */
export interface PublicSharingKey {
  readonly kid: string;
  readonly jwk: { readonly kty: string; readonly crv: string; readonly x: string; readonly y: string };
  /** The authority's signature over `kid`: ECDSA with SHA-256, DER in base64. */
  readonly vouched: string;
  /** The authority's certificate, PEM. */
  readonly authority: string;
}

/** The keys of sharing: one signs what leaves, one makes pseudonyms that only this province can resolve. */
export interface SharingKeys {
  /** Stands for a value towards one recipient, always the same one; towards another recipient it is another. */
  pseudonym(recipient: string, kind: string, value: string): string;
  /** Detached JWS over bytes. */
  sign(bytes: Buffer, facts: Omit<JwsHeader, 'kid'>): string;
  /** Whether a signature is over these bytes and says these facts. */
  holds(bytes: Buffer, signature: string, facts: Omit<JwsHeader, 'kid' | 'iat'>): boolean;
  readonly public: PublicSharingKey;
}

const ID = 'sharing-keys';
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

interface Sealed {
  readonly signing: string;
  readonly pseudonyms: string;
}

/** Opens the keys, or makes them: sealed in the record store under `authority/secrets.key` (mode 0600). @throws Error where that key is not the one they were sealed under */
export async function openSharingKeys(options: {
  readonly records: RecordStore;
  readonly data: string;
  readonly authority: Pick<Authority, 'sign' | 'certificate'>;
}): Promise<SharingKeys> {
  const { records, data, authority } = options;
  const box = await openSecretBox(data);
  const view = records.as(SYSTEM);
  const make = (): Sealed => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const signing = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    return { signing: box.seal(signing, ID), pseudonyms: box.seal(randomBytes(32).toString('base64'), ID) };
  };
  const read = async () => (await view.get('setting', ID))?.document.value as Sealed | undefined;
  let sealed = await read();
  if (!sealed) {
    try {
      await view.create('setting', ID, { value: make() });
    } catch (error) {
      // Another server was first: its keys are the ones.
      if (!(error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS')) throw error;
    }
    sealed = await read();
  }
  if (!sealed) throw new Error('The keys of sharing could not be stored.');
  const signing = createPrivateKey(box.open(sealed.signing, ID));
  return keysOf(signing, Buffer.from(box.open(sealed.pseudonyms, ID), 'base64'), authority);
}

function keysOf(signing: KeyObject, secret: Buffer, authority: Pick<Authority, 'sign' | 'certificate'>): SharingKeys {
  const publicKey = createPublicKey(signing);
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const jwk = { kty: 'EC', crv: 'P-256', x, y };
  // RFC 7638 §3: the required members in lexicographic order.
  const kid = createHash('sha256')
    .update(JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x, y }))
    .digest('base64url');
  return {
    public: { kid, jwk, vouched: authority.sign(kid), authority: authority.certificate },
    pseudonym(recipient, kind, value) {
      const mac = createHmac('sha256', secret)
        .update(JSON.stringify([recipient, kind, value]))
        .digest();
      return [...mac.subarray(0, 10)].map((byte) => LETTERS[byte % 32]).join('');
    },
    sign: (bytes, facts) => signDetached(bytes, { ...facts, kid }, signing),
    holds(bytes, signature, facts) {
      const header = verifyDetached(bytes, signature, publicKey);
      if (!header || header.kid !== kid) return false;
      return header.inc === facts.inc && header.rcp === facts.rcp && header.ver === facts.ver;
    },
  };
}
