import { createPublicKey } from 'node:crypto';
import { type Issuer, makeCertificate, newPrivateKey } from '../../../server/authority/certificates.ts';

/** A certificate with its key, PEM. */
export interface Worn {
  readonly cert: string;
  readonly key: string;
}

/** What a recipient shows: the right certificate, and those that must never be believed. */
export interface Wardrobe {
  /** The authority's own, for `ca_file`. */
  readonly ca: string;
  readonly right: Worn;
  readonly wrong: readonly Worn[];
}

const HOUSE = ['127.0.0.1'];
const DAY_MS = 86_400_000;

/** Makes them: of a stranger, for another host, one that is over, and one that is not valid yet. */
export async function makeWardrobe(): Promise<Wardrobe> {
  const [authority, stranger] = await Promise.all([openAuthority('Recipients'), openAuthority('Nobody')]);
  const now = Date.now();
  const [right, ...wrong] = await Promise.all([
    certify(authority.issuer, HOUSE, now),
    certify(stranger.issuer, HOUSE, now),
    certify(authority.issuer, ['other.example'], now),
    certify(authority.issuer, HOUSE, now - 60 * DAY_MS),
    certify(authority.issuer, HOUSE, now + 60 * DAY_MS),
  ]);
  return { ca: authority.certificate, right, wrong };
}

async function openAuthority(name: string): Promise<{ issuer: Issuer; certificate: string }> {
  const issuer: Issuer = { key: newPrivateKey(), name };
  const request = { commonName: name, publicKey: publicOf(issuer.key), now: Date.now(), days: 100 };
  return { issuer, certificate: await makeCertificate({ ...request, use: 'authority' }, issuer) };
}

async function certify(issuer: Issuer, hosts: readonly string[], now: number): Promise<Worn> {
  const key = newPrivateKey();
  const request = { commonName: 'recipient', publicKey: publicOf(key), now, days: 30, hosts };
  return { cert: await makeCertificate({ ...request, use: 'server' }, issuer), key };
}

function publicOf(pem: string): string {
  return createPublicKey(pem).export({ type: 'spki', format: 'pem' }) as string;
}
