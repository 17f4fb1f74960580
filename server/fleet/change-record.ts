import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { CollectorRecord } from '../store/record-kinds.ts';
import type { RecordStore } from '../store/record-store.ts';

const TRIES = 12;

/** Changes a collector's record by compare-and-set; the ingest side writes counters into the same one. */
export async function changeRecord(
  records: RecordStore,
  id: string,
  change: (record: CollectorRecord) => CollectorRecord,
): Promise<CollectorRecord> {
  const view = records.as(SYSTEM);
  for (let attempt = 1; ; attempt++) {
    const current = await view.get('collector', id);
    if (!current) throw new HaidangError('HD_NOT_FOUND', `There is no collector "${id.slice(0, 64)}".`);
    const document = change(current.document);
    try {
      return (await view.replace('collector', id, document, current.version)).document;
    } catch (error) {
      const isRace = error instanceof HaidangError && error.code === 'HD_RECORD_CONFLICT';
      if (!isRace || attempt === TRIES) throw error;
    }
  }
}
