import { createHash } from 'node:crypto';

/** Namespace of all ids that this program makes of its own objects. */
const OWN = '5a9e8a0c-6f0c-5d43-9d7b-0f7d2c1b6a11';
/** Namespace of cyber-observable objects (STIX 2.1 §2.9). */
const OBSERVABLES = '00abedb4-aa42-466c-9c01-fed23315a9b7';

/** UUID version 5 of a name within a namespace (RFC 9562 §5.5). */
export function uuid5(namespace: string, name: string): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex').slice(0, 32);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Id of an object of ours: the same key gives the same id, on every server and after every restart. */
export function stixId(type: string, ...key: readonly string[]): string {
  return `${type}--${uuid5(OWN, JSON.stringify([type, ...key]))}`;
}

/** Id of an observable by the properties that identify it, as every other maker of it has it. */
export function observableId(type: string, identifying: Readonly<Record<string, unknown>>): string {
  // One property alone identifies each kind made here, so that its canonical form (RFC 8785) is plain JSON.
  return `${type}--${uuid5(OBSERVABLES, JSON.stringify(identifying))}`;
}
