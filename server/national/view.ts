import { createHash } from 'node:crypto';
import type { RecordView } from '../store/record-store.ts';
import type { StoredReport } from './board-records.ts';
import type { Contained, ReportedVersion } from './read-reported.ts';
import type { NationalIndicatorRecord, SeenBy } from './record.ts';
import type { BoardDetail, BoardRow, NationalIndicators } from './schema.ts';

/** Names of provinces by account. */
export type ProvinceNames = ReadonlyMap<string, string>;

/** Indicators of an incident whose sightings elsewhere are looked up. */
const MOST_LOOKED_UP = 200;

/** One row of the board. */
export function boardRow({ id, document: record }: StoredReport, names: ProvinceNames): BoardRow {
  const { acknowledgement: seen, tasks } = record;
  return {
    id,
    province: record.province,
    provinceName: names.get(record.province) ?? record.province,
    kind: record.kind,
    reference: record.reference,
    title: record.title,
    severity: record.severity,
    state: record.state,
    rsit: record.rsit,
    tlp: record.tlp,
    detectedAt: record.detectedAt,
    closedAt: record.closedAt,
    version: record.version,
    firstAt: record.firstAt,
    lastAt: record.lastAt,
    updatedAt: record.updatedAt,
    acknowledgement: seen && {
      by: seen.by,
      at: seen.at,
      text: seen.text,
      current: seen.version === record.version,
      sent: record.unsent.length === 0,
    },
    openTasks: tasks.filter(({ answer, withdrawn }) => answer === null && withdrawn === null).length,
    due: record.due,
  };
}

/** One incident with its tasks, what came with it, and who else met its indicators. */
export async function boardDetail(
  stored: StoredReport,
  {
    contents,
    versions,
    names,
    view,
  }: {
    readonly contents: readonly Contained[];
    readonly versions: readonly ReportedVersion[];
    readonly names: ProvinceNames;
    readonly view: RecordView;
  },
): Promise<BoardDetail> {
  const { document: record } = stored;
  const values = new Map(
    contents
      .filter(({ isRevoked }) => !isRevoked)
      .flatMap((one) => one.values.map((value) => [`${value.type}\t${value.value}`, value])),
  );
  const looked = await Promise.all(
    [...values].slice(0, MOST_LOOKED_UP).map(async ([key, { type, value }]) => {
      const id = createHash('sha256').update(key).digest('hex').slice(0, 32);
      const found = await view.get('national-indicator', id);
      return { type, value, seen: seenRows(found?.document.seen ?? [], names) };
    }),
  );
  return {
    incident: boardRow(stored, names),
    summary: record.summary,
    systems: record.systems.map(({ name, level }) => ({ name, level })),
    tasks: record.tasks.map(({ note, answer, withdrawn, ...task }) => ({
      ...task,
      sent: !record.unsent.includes(note),
      withdrawn: withdrawn && { ...withdrawn },
      answer: answer && { at: answer.at, text: answer.text },
    })),
    versions: [...versions],
    objects: contents.map(({ id, type, name, tlp, isRevoked }) => ({ id, type, name, tlp, revoked: isRevoked })),
    indicators: looked,
  };
}

/** One indicator with everybody who met it. */
export function indicatorRow(
  { type, value, tlp, firstAt, lastAt, seen }: NationalIndicatorRecord,
  names: ProvinceNames,
): NationalIndicators['indicators'][number] {
  return { type, value, tlp, firstAt, lastAt, seen: seenRows(seen, names) };
}

function seenRows(seen: readonly SeenBy[], names: ProvinceNames) {
  return seen.map((one) => ({ ...one, provinceName: names.get(one.province) ?? one.province }));
}
