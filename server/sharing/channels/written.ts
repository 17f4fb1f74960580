import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StixObject } from '../stix/objects.ts';
import { writeBytesWhole } from '../write-bytes.ts';
import type { Delivery, Shipment } from './channel.ts';
import { versionOf } from './taxii-parts.ts';

/** Writes a file for somebody to carry, whole or not at all; written again it is the same. */
export async function writtenReceipts(
  folder: string,
  name: string,
  bytes: Buffer,
  { body }: Pick<Shipment, 'body'>,
): Promise<Delivery> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeBytesWhole(join(folder, name), bytes);
  const { objects } = JSON.parse(body) as { objects: StixObject[] };
  return {
    outcome: 'delivered',
    objects: objects.map((object) => ({ id: object.id, version: versionOf(object), outcome: 'written' })),
    references: [name],
  };
}
