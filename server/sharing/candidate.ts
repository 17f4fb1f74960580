import { createHash } from 'node:crypto';
import type { AgencyBook } from '../agencies/names.ts';
import type { RuleBook } from '../alerts/queries.ts';
import { SYSTEM } from '../identity.ts';
import type { StoredIncident } from '../incidents/incidents.ts';
import { detectionOf } from '../incidents/merge.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { SharingKeys } from './keys.ts';
import { versionObjects } from './object-versions.ts';
import { mayLeave, type Prepared, prepareIncident } from './prepare.ts';
import { type SharedVersion, type SharingRecord, sharingId } from './record.ts';
import type { Recipient, SharingSettings } from './settings.ts';
import { stixId } from './stix/ids.ts';
import type { StixObject } from './stix/objects.ts';

/** Why an incident cannot leave as it is now. */
export type Blocked = 'tlp' | 'unchanged' | 'too-large' | 'not-preauthorised';

/** What would leave now, byte for byte. */
export interface Candidate extends Pick<Prepared, 'withheld' | 'texts'> {
  readonly number: number;
  /** The last version that was let out when it was made, 0 where none was: it is compared with that one. */
  readonly after: number;
  /** The incident's revision that it shows. */
  readonly revision: number;
  readonly body: string;
  readonly sha256: string;
  readonly objects: readonly StixObject[];
  readonly minimal: boolean;
  readonly blocked: Blocked | null;
}

/** Longest frozen version. */
export const MOST_BODY = 8 * 1024 * 1024;
const SEVERITIES = ['informational', 'low', 'medium', 'high', 'critical'];
/** Since when a reporting center is known: the version of what is said of it. */
const KNOWN_SINCE = '2026-01-01T00:00:00.000Z';

/** Makes candidates of incidents. */
export interface Candidates {
  make(found: StoredIncident, recipient: Recipient, minimal: boolean): Promise<Candidate>;
}

/** What candidates are made of. */
export interface CandidateOptions {
  readonly records: RecordStore;
  readonly agencies: AgencyBook;
  readonly rules: () => RuleBook;
  readonly keys: SharingKeys;
  readonly settings: SharingSettings;
}

/** Opens the gate between incidents and what leaves. */
export function openCandidates({ records, agencies, rules, keys, settings }: CandidateOptions): Candidates {
  const view = records.as(SYSTEM);

  /** The objects that left last: what later versions are compared with. */
  async function leftBefore(record: SharingRecord | undefined): Promise<readonly StixObject[]> {
    const last = record?.versions.findLast(({ decision }) => decision !== null);
    if (!record || !last) return [];
    const found = await view.get('sharing-body', bodyId(record, last));
    if (!found) throw new Error(`The bytes of version ${last.number} of "${record.incident}" are not in the store.`);
    return (JSON.parse(found.document.body) as { objects: StixObject[] }).objects;
  }

  return {
    async make({ id, document: incident }, recipient, minimal) {
      const looked = await Promise.all(incident.alerts.map(({ id: alert }) => view.get('alert', alert)));
      const record = (await view.get('sharing', sharingId(id, recipient.id)))?.document;
      const prepared = prepareIncident({
        id,
        incident,
        reporter: { id: settings.reporterId, name: settings.reporterName, createdAt: KNOWN_SINCE },
        agencies: await agencies.all(),
        alerts: looked.flatMap((alert) => alert ?? []),
        rules: rules(),
        recipient: recipient.id,
        pseudonym: (kind, value) => keys.pseudonym(recipient.id, kind, value),
        minimal,
      });
      const before = await leftBefore(record);
      const objects = versionObjects(prepared.bundle.objects, before, incident.updatedAt);
      const number = (record?.versions.at(-1)?.number ?? 0) + 1;
      const bundle = {
        type: 'bundle',
        id: stixId('bundle', settings.reporterId, id, recipient.id, String(number)),
        objects,
      };
      const body = JSON.stringify(bundle);
      return {
        number,
        after: lastDecided(record),
        revision: incident.revision,
        body,
        sha256: createHash('sha256').update(body).digest('hex'),
        objects,
        withheld: prepared.withheld,
        texts: prepared.texts,
        minimal,
        blocked: blockedBy(),
      };

      function blockedBy(): Blocked | null {
        if (!mayLeave(incident.tlp, recipient.tlp)) return 'tlp';
        if (minimal && !isPreauthorised(incident, settings)) return 'not-preauthorised';
        if (Buffer.byteLength(body) > MOST_BODY) return 'too-large';
        return JSON.stringify(objects) === JSON.stringify(before) ? 'unchanged' : null;
      }
    },
  };
}

/** Number of the last version that somebody let out; 0 where none was. */
export function lastDecided(record: Pick<SharingRecord, 'versions'> | undefined): number {
  return record?.versions.findLast(({ decision }) => decision !== null)?.number ?? 0;
}

/** Where the frozen bytes of a version are. */
export function bodyId(
  record: Pick<SharingRecord, 'incident' | 'recipient'>,
  { sha256 }: Pick<SharedVersion, 'sha256'>,
) {
  return `${sharingId(record.incident, record.recipient)}:${sha256}`;
}

/** Whether an incident is of the class that may leave at once in its minimal form. */
export function isPreauthorised(
  { severity, rsit }: Pick<StoredIncident['document'], 'severity' | 'rsit'>,
  { preauthorised }: Pick<SharingSettings, 'preauthorised'>,
): boolean {
  if (!preauthorised) return false;
  const isGrave = SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(preauthorised.severity);
  return isGrave && (preauthorised.classes.length === 0 || preauthorised.classes.includes(rsit ?? ''));
}

/** When the term that runs now ends: the first one of those that apply, later ones once something has left. */
export function deadlineOf(
  incident: Pick<StoredIncident['document'], 'severity' | 'rsit' | 'detectedAt' | 'merged'>,
  { clocks }: Pick<SharingSettings, 'clocks'>,
  left: number,
): string | null {
  const { severity, rsit } = incident;
  const from = Date.parse(detectionOf(incident));
  const ends = clocks
    .filter((clock) => SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(clock.severity))
    .filter(({ classes }) => classes.length === 0 || classes.includes(rsit ?? ''))
    .map(({ hours }) => from + hours * 3_600_000)
    .sort((a, b) => a - b);
  const end = ends[Math.min(left, ends.length - 1)];
  return end === undefined ? null : new Date(end).toISOString();
}
