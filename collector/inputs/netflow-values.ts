import type { ElementType } from './netflow-fields.ts';

/** A decoded value: numbers past what a double holds exactly are text; times are ISO 8601. */
export type FlowValue = string | number | boolean;

const NTP_TO_UNIX_S = 2_208_988_800;
const LONGEST_TEXT = 1_024;

/** Reads a value of a type, of any length that RFC 7011 §6.2 allows (numbers may be shortened); undefined where it is none. */
export function readValue(type: ElementType, bytes: Buffer): FlowValue | undefined {
  switch (type) {
    case 'unsigned':
      return unsigned(bytes);
    case 'signed':
      return bytes.length <= 6 ? bytes.readIntBE(0, bytes.length) : undefined;
    case 'ipv4':
      return bytes.length === 4 ? bytes.join('.') : undefined;
    case 'ipv6':
      return bytes.length === 16 ? ipv6(bytes) : undefined;
    case 'mac':
      return bytes.length === 6 ? [...bytes].map(twoDigits).join('-') : undefined;
    case 'text':
      return text(bytes);
    case 'boolean':
      return bytes[0] === 1;
    case 'float':
      if (bytes.length === 4) return finite(bytes.readFloatBE(0));
      return bytes.length === 8 ? finite(bytes.readDoubleBE(0)) : undefined;
    case 'seconds':
      return bytes.length === 4 ? iso(bytes.readUInt32BE(0) * 1000) : undefined;
    case 'milliseconds':
      return bytes.length === 8 ? iso(Number(bytes.readBigUInt64BE(0))) : undefined;
    case 'micro':
    case 'nano':
      return bytes.length === 8 ? iso(ntp(bytes)) : undefined;
    case 'bytes':
      return bytes.subarray(0, 256).toString('hex');
  }
}

function unsigned(bytes: Buffer): FlowValue | undefined {
  if (bytes.length <= 6) return bytes.readUIntBE(0, bytes.length);
  if (bytes.length > 8) return undefined;
  const value = BigInt(`0x${bytes.toString('hex')}`);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
}

function twoDigits(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

function text(bytes: Buffer): string | undefined {
  const end = bytes.indexOf(0);
  const read = bytes
    .subarray(0, Math.min(end < 0 ? bytes.length : end, LONGEST_TEXT))
    .toString('utf8')
    .trim();
  return read === '' ? undefined : read;
}

/** Milliseconds of an NTP timestamp (RFC 7011 §6.1.9, §6.1.10). */
function ntp(bytes: Buffer): number {
  return (bytes.readUInt32BE(0) - NTP_TO_UNIX_S) * 1000 + Math.floor((bytes.readUInt32BE(4) * 1000) / 2 ** 32);
}

function iso(ms: number): string | undefined {
  return ms > 0 && ms < 4_102_444_800_000 ? new Date(ms).toISOString() : undefined;
}

/** An IPv6 address as RFC 5952 writes it. */
export function ipv6(bytes: Buffer): string {
  const words = Array.from({ length: 8 }, (_, n) => bytes.readUInt16BE(2 * n));
  let best = -1;
  let length = 1;
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && words[end] === 0) end++;
    if (end - start > length) {
      best = start;
      length = end - start;
    }
  }
  const hex = words.map((word) => word.toString(16));
  if (best < 0) return hex.join(':');
  return `${hex.slice(0, best).join(':')}::${hex.slice(best + length).join(':')}`;
}
