import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

/** A new ECDSA P-256 private key as PKCS #8 PEM; it never leaves this machine. */
export function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** `ecdsa-with-SHA256`, 1.2.840.10045.4.3.2 (RFC 5758 §3.2), as a DER AlgorithmIdentifier. */
const ECDSA_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex');
/** `commonName`, 2.5.4.3. */
const COMMON_NAME = Buffer.from('0603550403', 'hex');

/** A PKCS #10 certificate request (RFC 2986 §4) for a key, PEM. The server gives the name; the one here says who made it. */
export function requestFor(key: string, name = 'haidang-collector'): string {
  const privateKey = createPrivateKey(key);
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }) as Buffer;
  const attribute = der(0x31, der(0x30, COMMON_NAME, der(0x0c, Buffer.from(name, 'utf8'))));
  const unsigned = der(0x30, der(0x02, Buffer.from([0])), der(0x30, attribute), spki, der(0xa0));
  const signature = sign('sha256', unsigned, privateKey);
  const whole = der(0x30, unsigned, ECDSA_SHA256, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines}\n-----END CERTIFICATE REQUEST-----\n`;
}

/** One DER value: tag, length (X.690 §8.1.3), contents. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  const { length } = body;
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), body]);
}
