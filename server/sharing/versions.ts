import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import { newItemId } from '../incidents/ids.ts';
import type { StoredIncident } from '../incidents/incidents.ts';
import type { Candidate } from './candidate.ts';
import type { OwedLine, SharedVersion, SharingRecord } from './record.ts';
import type { VersionName } from './share-records.ts';

const DAY_MS = 86_400_000;

/** A version that was just asked for. */
export function versionFrom(
  candidate: Candidate,
  { document }: StoredIncident,
  identity: Identity,
  { at, note }: { readonly at: string; readonly note: string },
): SharedVersion {
  return {
    number: candidate.number,
    state: 'requested',
    requestedBy: identity.name,
    requestedAt: at,
    note,
    revision: candidate.revision,
    tlp: document.tlp,
    minimal: candidate.minimal,
    objects: candidate.objects.length,
    bytes: Buffer.byteLength(candidate.body),
    sha256: candidate.sha256,
    signature: null,
    decision: null,
    refusal: null,
    review: null,
    attempts: 0,
    since: null,
    problem: null,
    progress: null,
    delivered: null,
    handReceipt: null,
  };
}

/** The record of an incident and a recipient before anything was asked. */
export function emptySharing(incident: string, recipient: string): SharingRecord {
  const flags = { due: 0, asked: 0, dead: 0, review: 0, waiting: 0 } as const;
  const times = { dueAt: null, deadline: null, updatedAt: '' };
  return { incident, recipient, versions: [], ...flags, ...times, pending: [] };
}

/** A line that the audit trail is owed. */
export function owedLine(identity: Identity, act: string, detail: Readonly<Record<string, unknown>>): OwedLine {
  return { id: newItemId(), by: identity.name, act, detail };
}

/** The review of what one person let out: within a day. */
export function reviewOf(at: string) {
  return { due: new Date(Date.parse(at) + DAY_MS).toISOString(), by: null, at: null, note: '' };
}

/** The version of that number. @throws HaidangError `HD_NOT_FOUND` */
export function versionOf(record: SharingRecord, { number }: VersionName): SharedVersion {
  const found = record.versions.find((one) => one.number === number);
  if (found) return found;
  throw new HaidangError('HD_NOT_FOUND', `There is no version ${number} of this incident for this recipient.`);
}

/** That a version is still in a state. @throws HaidangError `HD_RECORD_CONFLICT` */
export function mustBe({ number, state }: SharedVersion, wanted: SharedVersion['state']): void {
  if (state === wanted) return;
  throw new HaidangError('HD_RECORD_CONFLICT', `Version ${number} is ${state} by now, and not ${wanted}.`);
}
