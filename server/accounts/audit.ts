import { randomBytes } from 'node:crypto';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { RecordStore } from '../store/record-store.ts';

/** One act worth keeping: who did what to what. `id` makes writing it again harmless. */
export interface Act {
  readonly actor: string;
  readonly act: string;
  readonly target: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly id?: string;
}

/** Writes acts to the audit trail; an act whose id is there already is written once. */
export interface Audit {
  /** Durable, and to be found among the records, when it returns. */
  record(act: Act): Promise<void>;
  /** Durable when it returns, and found a moment later: for what happens often, as reading does. */
  note(act: Act): Promise<void>;
}

/** The audit trail in the record store alone, without the signed chain (`audit/audit-log.ts`) that a server keeps. */
export function openAudit(records: RecordStore, now: () => number = Date.now): Audit {
  const view = records.as(SYSTEM);
  const record = async ({ actor, act, target, detail = {}, id }: Act): Promise<void> => {
    const at = new Date(now()).toISOString();
    try {
      await view.create('audit', id ?? `${at}-${randomBytes(6).toString('hex')}`, { at, actor, act, target, detail });
    } catch (error) {
      if (!(id !== undefined && error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS')) throw error;
    }
  };
  return { record, note: record };
}
