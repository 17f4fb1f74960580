import type { Identity } from '../identity.ts';
import type { RecordStore } from '../store/record-store.ts';

/** Events of one source that a restore lost, as on record. */
export interface Loss {
  readonly collector: string;
  readonly source: string;
  readonly events: number;
  readonly from: string;
  readonly to: string;
}

const PAGE = 500;

/** Every loss on record that an identity may see. */
export async function lossesOf(records: RecordStore, identity: Identity): Promise<readonly Loss[]> {
  const losses: Loss[] = [];
  for (let after: string | undefined; ; ) {
    const page = await records.as(identity).find('gap', { limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { document } of page.records) {
      for (const source of document.sources) {
        if (source.events > 0) losses.push({ collector: document.collector, ...source });
      }
    }
    if (page.next === null) return losses;
    after = page.next;
  }
}
