import type { AlertRecord } from '../../alerts/record.ts';
import { grownAlert, joinAlerts, newAlert, sameAlert } from '../alert-record.ts';
import type { AlertUpdate, DetectionCommit, Signal } from '../record-store.ts';
import type { OpsRecords } from './ops-records.ts';

/** Most signals that one reading gives. */
const MOST_SIGNALS = 1_000_000;

/** Writes one evaluated stretch; callers hold the transaction. Gives the ids of the alerts that really changed. */
export function commitDetection(records: OpsRecords, commit: DetectionCommit): string[] {
  const upsert =
    records.statement(`INSERT INTO signal (rule, "group", second, batch, count, detail) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET count = excluded.count, detail = excluded.detail
    WHERE count <> excluded.count OR detail <> excluded.detail`);
  for (const { rule, group, second, batch, count, ...detail } of commit.signals) {
    upsert.run(rule, group, second, batch, count, JSON.stringify(detail));
  }
  const changed = commit.alerts.flatMap((update) => writeAlert(records, update));
  records
    .statement("UPDATE counter SET value = ? WHERE name = 'detection' AND value < ?")
    .run(commit.cursor, commit.cursor);
  return changed;
}

/** Where evaluation stands. */
export function detectionCursor(records: OpsRecords): number {
  return Number(records.statement("SELECT value FROM counter WHERE name = 'detection'").get()?.['value']);
}

/** Signals of one group between two seconds, both inclusive, oldest first. */
export function readSignals(records: OpsRecords, rule: string, group: string, from: number, to: number): Signal[] {
  return records
    .statement(
      `SELECT * FROM signal WHERE rule = ? AND "group" = ? AND second BETWEEN ? AND ? ORDER BY second, batch LIMIT ${MOST_SIGNALS}`,
    )
    .all(rule, group, from, to)
    .map((row) => ({
      rule,
      group,
      second: Number(row['second']),
      batch: Number(row['batch']),
      count: Number(row['count']),
      ...(JSON.parse(String(row['detail'])) as Pick<Signal, 'events'>),
    }));
}

/** Signals looked at in one transaction, so that triage does not wait for long. */
const PRUNED_AT_ONCE = 5_000;

/** Where a piece of pruning ends and the next begins. */
export type SignalKey = readonly [rule: string, group: string, second: number, batch: number];

/** Removes old signals of one piece of the table; callers hold the transaction. `next` is where to go on, null at the end. */
export function pruneSignals(
  records: OpsRecords,
  { after, upTo, beforeSecond }: { after: SignalKey | null; upTo: number; beforeSecond: number },
): { readonly removed: number; readonly next: SignalKey | null } {
  const begin = after ?? ['', '', Number.MIN_SAFE_INTEGER, 0];
  const key = '(rule, "group", second, batch)';
  const last = records
    .statement(
      `SELECT rule, "group", second, batch FROM signal WHERE ${key} > (?, ?, ?, ?)
      ORDER BY rule, "group", second, batch LIMIT 1 OFFSET ${PRUNED_AT_ONCE - 1}`,
    )
    .get(...begin);
  const next: SignalKey | null = last
    ? [String(last['rule']), String(last['group']), Number(last['second']), Number(last['batch'])]
    : null;
  const due = `DELETE FROM signal WHERE ${key} > (?, ?, ?, ?) AND second < ? AND batch <= ?`;
  const { changes } = next
    ? records.statement(`${due} AND ${key} <= (?, ?, ?, ?)`).run(...begin, beforeSecond, upTo, ...next)
    : records.statement(due).run(...begin, beforeSecond, upTo);
  return { removed: Number(changes), next };
}

/** Writes an alert, and the alerts that it takes in; gives the ids of those that really changed. */
function writeAlert(records: OpsRecords, { id, detected, merges = [] }: AlertUpdate): string[] {
  const present = records.get('alert', id, 'all');
  const before = present?.document as unknown as AlertRecord | undefined;
  let after = before ? grownAlert(before, detected) : newAlert(detected);
  const changed: string[] = [];
  for (const merged of merges) {
    const other = records.get('alert', merged, 'all');
    if (!other) continue;
    const document = other.document as unknown as AlertRecord;
    const joined = joinAlerts({ id, document: after }, { id: merged, document });
    after = joined.into;
    if (joined.from === document) continue;
    records.write('alert', merged, other.version + 1, { ...joined.from });
    changed.push(merged);
  }
  if (before && sameAlert(before, after)) return changed;
  records.write('alert', id, (present?.version ?? 0) + 1, { ...after });
  return [id, ...changed];
}
