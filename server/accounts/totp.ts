import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** RFC 6238 §4: seconds of one step, and what every authenticator application shows by default (RFC 4226 §5.3). */
const STEP_SECONDS = 30;
const DIGITS = 6;
/** Steps before and after the present one that are accepted, for clocks that are off (RFC 6238 §5.2). */
const DRIFT = 1;
/** RFC 4226 §4, R6: 160 bits. */
const SECRET_BYTES = 20;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A fresh secret in base32 (RFC 4648 §6), as authenticator applications take it. */
export function newTotpSecret(): string {
  return base32(randomBytes(SECRET_BYTES));
}

/** The code of a moment (milliseconds) for a secret in base32. */
export function totpCode(secret: string, now: number): string {
  return codeOf(fromBase32(secret), stepOf(now));
}

/**
 * The step whose code this is; undefined where it is none, or of a step up to `lastStep`: a code that was used, or one
 * before it, is worth nothing (RFC 6238 §5.2).
 */
export function matchTotp(secret: string, code: string, now: number, lastStep: number): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const key = fromBase32(secret);
  let found: number | undefined;
  for (let step = stepOf(now) - DRIFT; step <= stepOf(now) + DRIFT; step++) {
    const fits = timingSafeEqual(Buffer.from(codeOf(key, step)), Buffer.from(code));
    if (fits && step > lastStep) found ??= step;
  }
  return found;
}

/** What an authenticator application reads from a link (Key Uri Format). */
export function totpUri(secret: string, user: string): string {
  const label = `${encodeURIComponent('Hải Đăng')}:${encodeURIComponent(user)}`;
  return `otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent('Hải Đăng')}`;
}

/** Codes for the day when the telephone is gone: 50 random bits each, in two groups. */
export function newRecoveryCodes(count = 10): string[] {
  return Array.from({ length: count }, () => {
    const text = base32(randomBytes(7)).slice(0, 10).toLowerCase();
    return `${text.slice(0, 5)}-${text.slice(5)}`;
  });
}

function stepOf(now: number): number {
  return Math.floor(now / 1000 / STEP_SECONDS);
}

/** RFC 4226 §5.3. */
function codeOf(key: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', key).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0xf;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}

function base32(bytes: Buffer): string {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return (bits.match(/.{1,5}/g) ?? []).map((group) => ALPHABET[Number.parseInt(group.padEnd(5, '0'), 2)]).join('');
}

function fromBase32(text: string): Buffer {
  let bits = '';
  for (const letter of text) bits += ALPHABET.indexOf(letter).toString(2).padStart(5, '0');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
