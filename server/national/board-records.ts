import { createHash } from 'node:crypto';
import type { Audit } from '../accounts/audit.ts';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import { isConflict } from '../incidents/relay.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import { type NationalIncidentRecord, settleIncident } from './record.ts';

export type StoredReport = Versioned<NationalIncidentRecord>;

const TRIES = 30;

/** What provinces reported, in the record store: each change is one document, and what it owes others is in it. */
export interface BoardRecords {
  get(id: string): Promise<StoredReport | undefined>;
  /**
   * Changes one record, again where somebody was faster; `first` makes it where it is not there. What comes out unchanged is
   * not written. @throws HaidangError `HD_NOT_FOUND`
   */
  change(
    id: string,
    make: (record: NationalIncidentRecord) => NationalIncidentRecord,
    options?: { readonly first?: NationalIncidentRecord; readonly check?: () => Promise<void> },
  ): Promise<StoredReport>;
  /** Writes the lines of audit that a record owes. */
  writeOwed(stored: StoredReport): Promise<StoredReport>;
}

/** Id of the record of an account's incident. */
export function reportId(account: string, object: string): string {
  return createHash('sha256')
    .update(JSON.stringify([account, object]))
    .digest('hex')
    .slice(0, 24);
}

/** Opens them. */
export function openBoardRecords(options: { readonly records: RecordStore; readonly audit: Audit }): BoardRecords {
  const { records, audit } = options;
  const view = records.as(SYSTEM);

  const change: BoardRecords['change'] = async (id, make, { first, check = async () => {} } = {}) => {
    for (let attempt = 1; ; attempt += 1) {
      const found = await view.get('national-incident', id);
      const before = found?.document ?? first;
      if (!before) throw new HaidangError('HD_NOT_FOUND', 'There is no such incident on the board.');
      const made = make(before);
      if (found && made === before) return found;
      const next = settleIncident(made);
      await check();
      try {
        if (found) return await view.replace('national-incident', id, next, found.version);
        return await view.create('national-incident', id, next);
      } catch (error) {
        const raced = isConflict(error) || (error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS');
        if (!raced || attempt === TRIES) throw error;
      }
    }
  };

  return {
    get: (id) => view.get('national-incident', id),
    change,
    async writeOwed(stored) {
      const { pending } = stored.document;
      if (pending.length === 0) return stored;
      for (const { id, by, act, detail } of pending)
        await audit.record({ id: `board-${id}`, actor: by, act, target: stored.id, detail });
      const done = new Set(pending.map(({ id }) => id));
      return change(stored.id, (record) => ({
        ...record,
        pending: record.pending.filter(({ id }) => !done.has(id)),
      }));
    },
  };
}
