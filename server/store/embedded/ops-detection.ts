import type { AlertDetected, AlertRecord } from '../record-kinds.ts';
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
  const changed = commit.alerts.filter((update) => writeAlert(records, update)).map(({ id }) => id);
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

function writeAlert(records: OpsRecords, { id, detected }: AlertUpdate): boolean {
  const present = records.get('alert', id, 'all');
  if (!present) {
    const fresh: AlertRecord = {
      ...detected,
      status: 'new',
      verdict: null,
      owner: null,
      countAtClose: null,
      timeline: [{ at: detected.createdAt, by: 'engine', act: 'created' }],
    };
    records.write('alert', id, 1, { ...fresh });
    return true;
  }
  const before = present.document as unknown as AlertRecord;
  const after: AlertRecord = { ...before, ...detected, createdAt: before.createdAt };
  if (sameDetection(before, after)) return false;
  records.write('alert', id, present.version + 1, { ...after });
  return true;
}

/** Whether nothing changed but the time of looking: a replay must not stir the consoles. */
function sameDetection(before: AlertDetected, after: AlertDetected): boolean {
  return JSON.stringify({ ...before, updatedAt: '' }) === JSON.stringify({ ...after, updatedAt: '' });
}
