import { SYSTEM } from '../identity.ts';
import type { RecordKinds } from '../store/record-kinds.ts';
import type { RecordKind, RecordStore } from '../store/record-store.ts';
import type { RuleRecord, RuleSettingRecord, RuleVersionRecord } from './record.ts';

const PAGE = 1_000;

/** Rules of the console and people's decisions about rules, by rule id. */
export interface RuleDecisions {
  readonly documents: ReadonlyMap<string, RuleRecord>;
  readonly settings: ReadonlyMap<string, RuleSettingRecord>;
}

/** Reads all of them. */
export async function readDecisions(records: RecordStore): Promise<RuleDecisions> {
  const [documents, settings] = await Promise.all([allOf(records, 'rule'), allOf(records, 'rule-setting')]);
  return { documents, settings };
}

async function allOf<K extends RecordKind>(records: RecordStore, kind: K): Promise<Map<string, RecordKinds[K]>> {
  const found = new Map<string, RecordKinds[K]>();
  for (let after: string | undefined; ; ) {
    const page = await records.as(SYSTEM).find(kind, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { id, document } of page.records) found.set(id, document);
    if (page.next === null) return found;
    after = page.next;
  }
}

/** What holds for a rule about which nobody decided anything. */
export const UNDECIDED: RuleSettingRecord = {
  enabled: true,
  level: null,
  groupBy: null,
  gapSeconds: null,
  exceptions: [],
  reason: '',
  updatedAt: '',
  updatedBy: '',
};

/** The same for a rule that is a draft. */
export const DRAFT: RuleSettingRecord = { ...UNDECIDED, enabled: false, draft: true };

/** Changes the decisions about one rule, whoever else changes them meanwhile. */
export async function changeSetting(
  records: RecordStore,
  rule: string,
  make: (before: RuleSettingRecord) => RuleSettingRecord,
  /** What holds where nobody decided anything yet. */
  undecided: RuleSettingRecord = UNDECIDED,
): Promise<RuleSettingRecord> {
  const view = records.as(SYSTEM);
  for (let attempt = 1; ; attempt++) {
    const found = await view.get('rule-setting', rule);
    const next = make(found?.document ?? undecided);
    try {
      if (found) await view.replace('rule-setting', rule, next, found.version);
      else await view.create('rule-setting', rule, next);
      return next;
    } catch (error) {
      const { code } = error as { code?: string };
      if (attempt === 10 || (code !== 'HD_RECORD_CONFLICT' && code !== 'HD_RECORD_EXISTS')) throw error;
    }
  }
}

/** Keeps a wording of a rule; once is enough. */
export async function keepVersion(records: RecordStore, version: RuleVersionRecord): Promise<void> {
  try {
    await records.as(SYSTEM).create('rule-version', `${version.rule}:${version.version}`, version);
  } catch (error) {
    if ((error as { code?: string }).code !== 'HD_RECORD_EXISTS') throw error;
  }
}

/** The wordings of a rule that are kept, latest first, at most 100. */
export async function versionsOf(records: RecordStore, rule: string): Promise<readonly RuleVersionRecord[]> {
  const orderBy = { field: 'at', descending: true };
  const page = await records.as(SYSTEM).find('rule-version', { where: { rule: [rule] }, orderBy, limit: 100 });
  return page.records.map(({ document }) => document);
}
