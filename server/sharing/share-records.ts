import type { Audit } from '../accounts/audit.ts';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import { isConflict } from '../incidents/relay.ts';
import type { Log } from '../log.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import { bodyId } from './candidate.ts';
import { type SharedVersion, type SharingReceiptRecord, type SharingRecord, settle, sharingId } from './record.ts';
import { emptySharing } from './versions.ts';

const TRIES = 30;
const PAGE = 100;

export type StoredSharing = Versioned<SharingRecord>;

/** One version, named by what a person sees. */
export interface VersionName {
  readonly incident: string;
  readonly recipient: string;
  readonly number: number;
}

/** What left, in the record store: each change is one document, and what it owes the audit trail is in it. */
export interface ShareRecords {
  get(incident: string, recipient: string): Promise<StoredSharing | undefined>;
  ofIncident(incident: string): Promise<readonly StoredSharing[]>;
  /** The frozen bytes. @throws HaidangError `HD_NOT_FOUND` */
  body(record: Pick<SharingRecord, 'incident' | 'recipient'>, version: Pick<SharedVersion, 'sha256'>): Promise<string>;
  receipts(name: VersionName): Promise<SharingReceiptRecord | undefined>;
  /** Changes one record, again where somebody was faster; `check` runs between reading and writing. */
  change(
    incident: string,
    recipient: string,
    make: (record: SharingRecord) => SharingRecord,
    check?: () => Promise<void>,
  ): Promise<StoredSharing>;
  /** Writes the audit lines that a record owes, and gives it without them. */
  relay(stored: StoredSharing): Promise<StoredSharing>;
  /** Writes audit lines that a server which stopped still owed; gives how many records owed some. */
  recover(): Promise<number>;
}

/** Opens them. */
export function openShareRecords(options: {
  readonly records: RecordStore;
  readonly audit: Audit;
  readonly log: Pick<Log, 'warn'>;
  readonly now: () => number;
}): ShareRecords {
  const { records, audit, log, now } = options;
  const view = records.as(SYSTEM);

  async function change(
    incident: string,
    recipient: string,
    make: (record: SharingRecord) => SharingRecord,
    check: () => Promise<void> = async () => {},
  ): Promise<StoredSharing> {
    const id = sharingId(incident, recipient);
    for (let attempt = 1; ; attempt += 1) {
      const found = await view.get('sharing', id);
      const made = make(found?.document ?? emptySharing(incident, recipient));
      const next = settle({ ...made, updatedAt: new Date(now()).toISOString() });
      await check();
      try {
        if (found) return await view.replace('sharing', id, next, found.version);
        return await view.create('sharing', id, next);
      } catch (error) {
        const raced = isConflict(error) || (error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS');
        if (!raced || attempt === TRIES) throw error;
      }
    }
  }

  async function relay(stored: StoredSharing): Promise<StoredSharing> {
    const { pending, incident, recipient } = stored.document;
    if (pending.length === 0) return stored;
    try {
      for (const { id, by, act, detail } of pending)
        await audit.record({ id: `sharing-${id}`, actor: by, act, target: incident, detail });
      const done = new Set(pending.map(({ id }) => id));
      return await change(incident, recipient, (record) => ({
        ...record,
        pending: record.pending.filter(({ id }) => !done.has(id)),
      }));
    } catch (err) {
      log.warn({ err, incident }, 'Lines of audit are owed; the next act or start writes them.');
      return stored;
    }
  }

  return {
    change,
    relay,
    get: (incident, recipient) => view.get('sharing', sharingId(incident, recipient)),
    async ofIncident(incident) {
      return (await view.find('sharing', { where: { incident: [incident] }, limit: 100 })).records;
    },
    async body(record, version) {
      const found = await view.get('sharing-body', bodyId(record, version));
      if (found) return found.document.body;
      throw new HaidangError('HD_NOT_FOUND', 'The bytes of this version are not in the store.');
    },
    async receipts({ incident, recipient, number }) {
      return (await view.get('sharing-receipt', `${sharingId(incident, recipient)}:${number}`))?.document;
    },
    async recover() {
      let count = 0;
      let after: string | undefined;
      do {
        const filter = { where: { waiting: [1] }, limit: PAGE, ...(after === undefined ? {} : { after }) };
        const page = await view.find('sharing', filter);
        for (const stored of page.records) await relay(stored);
        count += page.records.length;
        after = page.next ?? undefined;
      } while (after !== undefined);
      return count;
    },
  };
}
