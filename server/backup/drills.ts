import { SYSTEM } from '../identity.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { RestoreDrill } from './schema.ts';

const ID = 'restore-drill';

/** The last restore that was tried. */
export async function readDrill(records: RecordStore): Promise<RestoreDrill | undefined> {
  return (await records.as(SYSTEM).get('setting', ID))?.document.value as RestoreDrill | undefined;
}

/** Puts a tried restore in place of the one before. @throws HaidangError `HD_RECORD_CONFLICT` where two are told at once */
export async function writeDrill(records: RecordStore, value: RestoreDrill): Promise<void> {
  const view = records.as(SYSTEM);
  const before = await view.get('setting', ID);
  if (before) await view.replace('setting', ID, { value }, before.version);
  else await view.create('setting', ID, { value });
}
