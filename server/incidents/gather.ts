import type { Severity } from '../../rules/rule.ts';
import type { AlertRecord } from '../alerts/record.ts';
import { HaidangError } from '../errors.ts';
import type { AgencyId } from '../identity.ts';
import { attackOf } from '../rules/attack.ts';
import type { EventView } from '../store/event-store.ts';
import type { RecordView, Versioned } from '../store/record-store.ts';
import { type Gathered, rankOf } from './acts.ts';
import type { EvidenceFiles } from './evidence-files.ts';
import { type AllowList, OBSERVABLE_FIELDS, observablesOf, observableValues } from './indicators.ts';

/** The title of an alert as people of the province read it. */
export type TitleOf = (alert: AlertRecord) => string;

/** Events looked into for observables, over all alerts of one act, the latest of each first. */
const MOST_EVENTS = 500;

interface GatheredAlerts {
  readonly alerts: Gathered['alerts'];
  readonly latest: readonly Versioned<AlertRecord>[];
  /** The highest of theirs; undefined without alerts. */
  readonly severity: Severity | undefined;
  /** When the engine first found one of them. */
  readonly detectedAt: string | undefined;
}

/** Looks up alerts, and what they bring to an incident. One that was joined to another stands for that one. @throws HaidangError `HD_NOT_FOUND` */
export async function gatherAlerts(options: {
  readonly records: RecordView;
  readonly events: EventView;
  readonly ids: readonly string[];
  readonly allowed: AllowList;
  readonly titleOf: TitleOf;
}): Promise<GatheredAlerts> {
  const { records, events, ids, allowed, titleOf } = options;
  const latest = new Map<string, Versioned<AlertRecord>>();
  for (const id of ids) {
    const found = await follow(records, id);
    latest.set(found.id, found);
  }
  let budget = MOST_EVENTS;
  const alerts: Gathered['alerts'][number][] = [];
  for (const { id, document } of latest.values()) {
    const share = Math.ceil(budget / (latest.size - alerts.length));
    const wanted = share === 0 ? [] : document.events.slice(-share);
    budget -= wanted.length;
    const stored = wanted.length === 0 ? [] : await events.getMany(wanted);
    const values = [...OBSERVABLE_FIELDS.flatMap((field) => document.entities[field]?.values ?? [])];
    for (const { event } of stored) values.push(...observableValues(event));
    alerts.push({
      id,
      title: titleOf(document),
      agencies: document.agencies?.map(({ agency }) => agency) ?? [document.agency as AgencyId],
      techniques: attackOf(document.tags).techniques.map((technique) => technique.id),
      observables: observablesOf(values, allowed),
    });
  }
  const documents = [...latest.values()].map(({ document }) => document);
  const [worst] = [...documents].sort((a, b) => rankOf(b.severity) - rankOf(a.severity));
  const [first] = documents.map(({ createdAt }) => createdAt).sort();
  return { alerts, latest: [...latest.values()], severity: worst?.severity, detectedAt: first };
}

async function follow(records: RecordView, id: string): Promise<Versioned<AlertRecord>> {
  let found = await records.get('alert', id);
  for (let steps = 0; found?.document.mergedInto !== undefined && steps < 20; steps += 1)
    found = await records.get('alert', found.document.mergedInto);
  if (found) return found;
  throw new HaidangError('HD_NOT_FOUND', `There is no alert "${id.slice(0, 100)}" that you may see.`);
}

/** Writes events as they are now into a file of lines. @throws HaidangError `HD_NOT_FOUND` where one is not there any more. */
export async function gatherSnapshot(
  { events, files, note }: { readonly events: EventView; readonly files: EvidenceFiles; readonly note: string },
  ids: readonly string[],
): Promise<Gathered['evidence'][number]> {
  const stored = await events.getMany(ids);
  if (stored.length < ids.length) {
    const found = new Set(stored.map(({ id }) => id));
    const gone = ids.find((id) => !found.has(id)) ?? '';
    throw new HaidangError('HD_NOT_FOUND', `Event "${gone.slice(0, 100)}" is not in the store, or not yours to see.`);
  }
  const sorted = [...stored].sort((a, b) => (a.id < b.id ? -1 : 1));
  const bytes = Buffer.from(sorted.map(({ event }) => `${JSON.stringify(event)}\n`).join(''));
  const sha256 = await files.keep(bytes);
  const name = `events-${sha256.slice(0, 12)}.ndjson`;
  return { kind: 'events', name, bytes: bytes.length, sha256, note, events: sorted.map(({ id }) => id) };
}
