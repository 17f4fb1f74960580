import type { IndicatorType } from '../../incidents/record.ts';
import { observableId } from './ids.ts';

/** A STIX 2.1 object as it is sent. */
export interface StixObject {
  readonly type: string;
  readonly spec_version: '2.1';
  readonly id: string;
  readonly created?: string;
  readonly modified?: string;
  readonly [property: string]: unknown;
}

interface Observable {
  readonly type: IndicatorType;
  readonly value: string;
}

const HASH_NAMES = { md5: 'MD5', sha1: 'SHA-1', sha256: 'SHA-256' } as const;
const SCO_TYPES = {
  ipv4: 'ipv4-addr',
  ipv6: 'ipv6-addr',
  domain: 'domain-name',
  url: 'url',
  email: 'email-addr',
} as const;

/** A text within single quotes of a pattern (STIX 2.1 §9.6). */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** The pattern that finds an observable (STIX 2.1 §9). */
export function patternOf({ type, value }: Observable): string {
  if (type === 'md5' || type === 'sha1' || type === 'sha256')
    return `[file:hashes.'${HASH_NAMES[type]}' = ${quoted(value)}]`;
  return `[${SCO_TYPES[type]}:value = ${quoted(value)}]`;
}

/** The cyber-observable object of an observable (STIX 2.1 §6). */
export function observableObject({ type, value }: Observable): StixObject {
  if (type === 'md5' || type === 'sha1' || type === 'sha256') {
    const hashes = { [HASH_NAMES[type]]: value };
    return { type: 'file', spec_version: '2.1', id: observableId('file', { hashes }), hashes };
  }
  const kind = SCO_TYPES[type];
  return { type: kind, spec_version: '2.1', id: observableId(kind, { value }), value };
}
