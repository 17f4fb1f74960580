import type { ServerConfig } from '../config.ts';
import { SYSTEM } from '../identity.ts';
import type { RecordStore } from '../store/record-store.ts';

/** Makes the agency of this machine's own collector where it is not there yet. */
export async function ensureOwnAgency(
  records: RecordStore,
  { id, name, contact }: ServerConfig['agency'],
): Promise<void> {
  const view = records.as(SYSTEM);
  if (await view.get('agency', id)) return;
  await view.create('agency', id, { name, contact, securityLevel: 3, createdAt: new Date().toISOString() });
}
