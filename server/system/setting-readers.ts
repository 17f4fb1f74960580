import { isIP } from 'node:net';
import { parseNetwork } from '../../rules/query/ip-address.ts';

/** Readers of single settings: each takes a value of the file, or text of the environment, or throws what it should be. */
type Reader<T> = (value: unknown) => T;

/** Text of a length. */
export function text(min: number, max: number): Reader<string> {
  return (value) => {
    if (typeof value === 'string' && value.length >= min && value.length <= max) return value;
    throw new Error(`must be a text of ${min} to ${max} characters.`);
  };
}

/** A whole number between two, also as text. */
export function integer(min: number, max: number): Reader<number> {
  return (value) => {
    const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max) return number;
    throw new Error(`must be a whole number from ${min} to ${max}.`);
  };
}

/** Yes or no, also as text. */
export const yesOrNo: Reader<boolean> = (value) => {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new Error('must be true or false.');
};

/** A TCP or UDP port. */
export const port: Reader<number> = integer(0, 65_535);

/** A percentage that leaves room on both sides. */
export const percent: Reader<number> = integer(1, 99);

/** One of some words. */
export function oneOf(...words: readonly string[]): Reader<string> {
  return (value) => {
    if (typeof value === 'string' && words.includes(value)) return value;
    throw new Error(`must be one of ${words.join(', ')}.`);
  };
}

/** Name of a server among others. */
export const nodeName: Reader<string> = (value) => {
  if (typeof value === 'string' && /^[a-z0-9-]{1,64}$/.test(value)) return value;
  throw new Error('must be 1 to 64 of a-z, 0-9 and "-".');
};

/** Name of an attribute of a cluster's nodes. */
export const attributeName: Reader<string | undefined> = (value) => {
  if (typeof value === 'string' && /^[a-z][a-z0-9_-]{0,63}$/.test(value)) return value;
  throw new Error('must be 1 to 64 of a-z, 0-9, "_" and "-", with a letter first.');
};

/** An address to listen on. */
export const listenAddress: Reader<string> = (value) => {
  if (typeof value === 'string' && (value === 'localhost' || isIP(value) !== 0)) return value;
  throw new Error('must be an address of this machine, such as 127.0.0.1, 10.20.0.5, :: or 0.0.0.0 (all of them).');
};

/** Host names and addresses, lower case. */
export const hosts: Reader<readonly string[]> = (value) => {
  const valid = (name: unknown) => typeof name === 'string' && (/^[a-z0-9.-]{1,253}$/i.test(name) || isIP(name) !== 0);
  if (Array.isArray(value) && value.length <= 50 && value.every(valid))
    return value.map((name: string) => name.toLowerCase());
  throw new Error('must be a list of at most 50 host names without port, such as [soc.example.vn].');
};

/** Host names, addresses, and networks in CIDR form. */
export const hostsAndNetworks: Reader<readonly string[]> = (value) => {
  const valid = (one: unknown) => {
    if (typeof one !== 'string') return false;
    const [address = '', bits, more] = one.split('/');
    if (bits === undefined) return /^[a-z0-9.-]{1,253}$/i.test(one) || isIP(one) !== 0;
    const most = isIP(address) === 6 ? 128 : 32;
    return more === undefined && isIP(address) !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
  };
  if (Array.isArray(value) && value.length <= 200 && value.every(valid))
    return value.map((one: string) => one.toLowerCase());
  throw new Error('must be a list of at most 200 host names, addresses or networks, such as [10.20.0.0/16].');
};

/** Networks in CIDR form, and addresses as networks of one. */
export const networks: Reader<readonly string[]> = (value) => {
  const valid = (one: unknown) => typeof one === 'string' && one.length <= 64 && parseNetwork(one) !== undefined;
  if (Array.isArray(value) && value.length <= 500 && value.every(valid)) return value;
  throw new Error('must be a list of at most 500 networks, such as [10.20.0.0/16, "fc00::/7"].');
};

/** An IANA time zone. */
export const timeZone: Reader<string> = (value) => {
  try {
    if (typeof value !== 'string') throw new TypeError('not a text');
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone && value;
  } catch {
    throw new Error('must be an IANA time zone such as Asia/Ho_Chi_Minh.');
  }
};

/** An agency's id. */
export const agencyId: Reader<string> = (value) => {
  if (typeof value === 'string' && /^[a-z0-9][a-z0-9-]{0,63}$/.test(value)) return value;
  throw new Error('must be 1 to 64 of a-z, 0-9 and "-", such as so-noi-vu.');
};

/** The local collector's inputs; the collector itself checks each of them. */
export const inputs: Reader<unknown> = (value) => {
  if (value === 'auto') return value;
  const listed = Array.isArray(value) && value.length > 0 && value.length <= 200;
  if (listed && value.every((one) => one !== null && typeof one === 'object' && !Array.isArray(one))) return value;
  throw new Error('must be "auto" or a list of inputs, each with its type.');
};
