import type { Audit } from '../accounts/audit.ts';
import { HaidangError } from '../errors.ts';
import { type AgencyId, type Identity, SYSTEM } from '../identity.ts';
import type { Log } from '../log.ts';
import type { EventStore } from '../store/event-store.ts';
import type { RecordStore, RecordView, Versioned } from '../store/record-store.ts';
import {
  type Actor,
  applyIncidentChanges,
  type Brought,
  bringIn,
  noted,
  rankOf,
  startIncident,
  take,
  wasBrought,
} from './acts.ts';
import { withCustody } from './custody.ts';
import { type EvidenceFiles, MOST_INCIDENT_BYTES, openEvidenceFiles } from './evidence-files.ts';
import { gatherAlerts, gatherSnapshot, type TitleOf } from './gather.ts';
import { newIncidentId, newItemId } from './ids.ts';
import { readObservable } from './indicators.ts';
import { agencyOf, mergeIncidents, partIncidents } from './merge.ts';
import type { EvidenceItem, IncidentRecord } from './record.ts';
import { isConflict, openRelay, type Relay } from './relay.ts';
import type { IncidentChanges, MergeIncidents, NewIncident, PartIncident } from './schema.ts';
import { type IncidentSettingsBook, openIncidentSettings } from './settings.ts';

const TRIES = 20;

export type StoredIncident = Versioned<IncidentRecord>;

/** Incidents: made, changed, merged and parted, each act whole or not at all. */
export interface Incidents {
  /** @throws HaidangError `HD_NOT_FOUND` */
  get(identity: Identity, id: string): Promise<StoredIncident>;
  /** Makes one, of alerts or by hand; with an `id`, once. @throws HaidangError */
  create(identity: Identity, wanted: NewIncident, origin?: MadeBy): Promise<StoredIncident>;
  /** @throws HaidangError `HD_RECORD_CONFLICT` with the version of now where somebody was faster. */
  change(identity: Identity, id: string, changes: IncidentChanges): Promise<StoredIncident>;
  addFile(identity: Identity, id: string, file: { path: string; name: string; note: string }): Promise<StoredIncident>;
  /** The bytes of a piece of evidence; reading it is an entry in its chain of custody. */
  readEvidence(identity: Identity, id: string, evidence: string): Promise<{ item: EvidenceItem; bytes: Buffer }>;
  /**
   * Adds what another part of the server brings, once by its id, to the incident that this one is part of by now; gives that
   * one's id. No agency's scope applies: who answers a request need not see the incident. @throws HaidangError `HD_TOO_LARGE`, `HD_NOT_FOUND`
   */
  bring(id: string, brought: Brought): Promise<string>;
  /** Changes one as another part of the server decides; what `make` gives back unchanged is not written. */
  receive(
    identity: Identity,
    id: string,
    make: (record: IncidentRecord, actor: Actor) => IncidentRecord,
  ): Promise<StoredIncident>;
  merge(identity: Identity, into: string, asked: MergeIncidents): Promise<StoredIncident>;
  /** Gives the one that was parted from. */
  part(identity: Identity, into: string, asked: PartIncident): Promise<StoredIncident>;
  readonly settings: IncidentSettingsBook;
  readonly files: EvidenceFiles;
  readonly relay: Relay;
}

/** How an incident came about that no person wrote by hand. */
export interface MadeBy {
  readonly id: string;
  readonly origin: 'rule' | 'hand';
}

/** Opens the incidents of a record store; evidence lies in the data folder. */
export function openIncidents(options: {
  readonly records: RecordStore;
  readonly events: EventStore;
  readonly audit: Audit;
  readonly log: Log;
  readonly data: string;
  readonly titleOf: TitleOf;
  /** Hears that alerts changed. */
  readonly woken: () => void;
  readonly now?: () => number;
}): Incidents {
  const { records, events, log, titleOf, now = Date.now } = options;
  const files = openEvidenceFiles(options.data);
  const relay = openRelay(options);
  const settings = openIncidentSettings(records, now);
  const actorOf = (identity: Identity): Actor => {
    return { by: identity.name, at: new Date(now()).toISOString(), id: newItemId };
  };

  async function get(identity: Identity, id: string): Promise<StoredIncident> {
    const found = await records.as(identity).get('incident', id);
    if (found) return found;
    throw new HaidangError('HD_NOT_FOUND', `There is no incident "${id.slice(0, 100)}" that you may see.`);
  }

  /** Writes what `make` makes of the newest state; only people's acts conflict, and only where a version is given. */
  async function write(
    identity: Identity,
    id: string,
    version: number | undefined,
    make: (record: IncidentRecord) => IncidentRecord | Promise<IncidentRecord>,
  ): Promise<StoredIncident> {
    const view = records.as(identity);
    for (let attempt = 1; ; attempt += 1) {
      const found = await get(identity, id);
      if (version !== undefined) checkRevision(found, version);
      const next = await make(found.document);
      mayMove(identity, found.document, next);
      try {
        const written = await view.replace('incident', id, next, found.version);
        return await settled(view, written);
      } catch (error) {
        if (!isConflict(error) || attempt === TRIES) throw error;
      }
    }
  }

  /** What is owed is done before the answer where it can be, and at the next start where it cannot. */
  async function settled(view: RecordView, written: StoredIncident): Promise<StoredIncident> {
    try {
      await relay.settle(written.id);
      return (await view.get('incident', written.id)) ?? written;
    } catch (err) {
      log.warn({ err, incident: written.id }, 'What the incident owes could not be done yet; the next start does it.');
      return written;
    }
  }

  async function gather(identity: Identity, ids: readonly string[]) {
    const allowed = await settings.allowed();
    return gatherAlerts({ records: records.as(identity), events: events.as(identity), ids, allowed, titleOf });
  }

  return {
    settings,
    files,
    relay,
    get,
    async create(identity, wanted, made) {
      const actor = actorOf(identity);
      const { alerts, latest, severity, detectedAt } = await gather(identity, wanted.alerts);
      const title = wanted.title?.trim() || alerts[0]?.title;
      if (title === undefined) throw new HaidangError('HD_BAD_REQUEST', 'An incident without alerts needs a title.');
      const ownAgencies = await knownAgencies(records, identity, wanted.agencies ?? []);
      const empty = { tasks: [], comments: [], evidence: [], systems: [], indicators: [], techniques: [], merged: [] };
      const level = wanted.severity ?? severity ?? 'medium';
      const draft: IncidentRecord = {
        ...empty,
        alerts: [],
        acts: [],
        agency: agencyOf({ ownAgencies, alerts: [], merged: [] }),
        ownAgencies,
        title,
        summary: wanted.summary ?? '',
        status: 'open',
        severity: level,
        severityRank: rankOf(level),
        owner: wanted.owner ?? null,
        tlp: wanted.tlp ?? 'amber',
        rsit: null,
        origin: made?.origin ?? (alerts.length > 0 ? 'alerts' : 'hand'),
        detectedAt: wanted.detectedAt ? new Date(wanted.detectedAt).toISOString() : (detectedAt ?? actor.at),
        createdAt: actor.at,
        createdBy: actor.by,
        updatedAt: actor.at,
        closedAt: null,
        outcome: null,
        revision: 0,
        waiting: 0,
        pending: [],
      };
      const taken = latest.find(({ document }) => document.incident !== undefined);
      if (taken && made === undefined)
        throw new HaidangError(
          'HD_RECORD_CONFLICT',
          `Alert "${taken.id}" belongs to incident "${taken.document.incident}" already; add the others to that one.`,
        );
      let record = startIncident(draft, { alerts, evidence: [] }, actor);
      if (wanted.rsit) record = applyIncidentChanges(record, { set: { rsit: wanted.rsit } }, NONE, actor);
      mayMove(identity, undefined, record);
      const view = records.as(identity);
      return settled(view, await view.create('incident', made?.id ?? newIncidentId(), record));
    },
    async change(identity, id, changes) {
      const { version, set, task, removeAlert, removeSystem, removeIndicator, removeTechnique } = changes;
      const careful = set ?? task ?? removeAlert ?? removeSystem ?? removeIndicator ?? removeTechnique;
      if (careful !== undefined && version === undefined)
        throw new HaidangError('HD_BAD_REQUEST', 'This change needs the version that it was decided upon.');
      const before = await get(identity, id);
      if (version !== undefined) checkRevision(before, version);
      const { alerts, latest } = await gather(identity, changes.addAlerts ?? []);
      const taken = latest.find(({ document: { incident } }) => incident !== undefined && incident !== id);
      if (taken)
        throw new HaidangError(
          'HD_RECORD_CONFLICT',
          `Alert "${taken.id}" belongs to incident "${taken.document.incident}" already.`,
        );
      if (changes.addSystem?.agency) await knownAgencies(records, identity, [changes.addSystem.agency]);
      const indicator = changes.addIndicator === undefined ? undefined : readObservable(changes.addIndicator);
      if (changes.addIndicator !== undefined && indicator === undefined)
        throw new HaidangError('HD_NO_INDICATOR', `"${changes.addIndicator.slice(0, 100)}" cannot be looked for.`);
      const snapshot =
        changes.snapshot &&
        (await gatherSnapshot({ ...changes.snapshot, events: events.as(identity), files }, changes.snapshot.events));
      const evidence = snapshot ? [snapshot] : [];
      const gathered = { alerts, evidence, ...(indicator ? { indicator } : {}) };
      return write(identity, id, version, (record) => {
        checkRoom(record, evidence);
        return applyIncidentChanges(record, changes, gathered, actorOf(identity));
      });
    },
    async addFile(identity, id, { path, name, note }) {
      checkRoom((await get(identity, id)).document, []);
      const { sha256, bytes } = await files.keepFile(path);
      const piece = { kind: 'file' as const, name, bytes, sha256, note };
      return write(identity, id, undefined, (record) => {
        checkRoom(record, [piece]);
        return applyIncidentChanges(record, {}, { alerts: [], evidence: [piece] }, actorOf(identity));
      });
    },
    async readEvidence(identity, id, evidence) {
      const { document } = await get(identity, id);
      const bytes = await files.read(take(document.evidence, evidence, 'evidence').sha256);
      const written = await write(identity, id, undefined, (record) => {
        const actor = actorOf(identity);
        const item = take(record.evidence, evidence, 'evidence');
        const read = withCustody(item, { at: actor.at, by: actor.by, act: 'read', note: '' });
        const list = record.evidence.map((one) => (one.id === evidence ? read : one));
        return {
          ...noted({ ...record, evidence: list }, { act: 'custody', to: item.name }, 'incident.evidence.read', actor),
          revision: record.revision,
        };
      });
      return { item: take(written.document.evidence, evidence, 'evidence'), bytes };
    },
    async bring(id, brought) {
      let found = await get(SYSTEM, id);
      for (let steps = 0; found.document.mergedInto !== undefined && steps < 20; steps += 1) {
        if (wasBrought(found.document, brought)) return found.id;
        found = await get(SYSTEM, found.document.mergedInto);
      }
      if (wasBrought(found.document, brought)) return found.id;
      await write(SYSTEM, found.id, undefined, (record) => {
        if (wasBrought(record, brought)) return record;
        if ('evidence' in brought) checkRoom(record, [brought.evidence]);
        return bringIn(record, brought);
      });
      return found.id;
    },
    async receive(identity, id, make) {
      const found = await get(identity, id);
      if (make(found.document, actorOf(identity)) === found.document) return found;
      return write(identity, id, undefined, (record) => make(record, actorOf(identity)));
    },
    async merge(identity, into, asked) {
      return both(identity, into, asked, asked.fromVersion, (pair, actor) => {
        const ids = { into, from: asked.from };
        const merged = mergeIncidents(pair, ids, actor);
        return {
          into: noted(merged.into, { act: 'merged', from: asked.from, note: pair.from.title }, 'incident.merge', actor),
          from: noted(merged.from, { act: 'part-of', to: into, note: pair.into.title }, 'incident.merge', actor),
        };
      });
    },
    async part(identity, into, asked) {
      return both(identity, into, asked, undefined, (pair, actor) => {
        const parted = partIncidents(pair, { into, from: asked.from }, actor.at);
        return {
          into: noted(
            parted.into,
            { act: 'unmerged', from: asked.from, note: pair.from.title },
            'incident.part',
            actor,
          ),
          from: noted(parted.from, { act: 'parted', to: into, note: pair.into.title }, 'incident.part', actor),
        };
      });
    },
  };

  /** Changes two incidents in one step: both or none. */
  async function both(
    identity: Identity,
    into: string,
    asked: { readonly version: number; readonly from: string },
    fromVersion: number | undefined,
    make: (
      pair: { into: IncidentRecord; from: IncidentRecord },
      actor: Actor,
    ) => { into: IncidentRecord; from: IncidentRecord },
  ): Promise<StoredIncident> {
    const view = records.as(identity);
    for (let attempt = 1; ; attempt += 1) {
      const [kept, other] = [await get(identity, into), await get(identity, asked.from)];
      checkRevision(kept, asked.version);
      if (fromVersion !== undefined) checkRevision(other, fromVersion);
      const made = make({ into: kept.document, from: other.document }, actorOf(identity));
      mayMove(identity, kept.document, made.into);
      mayMove(identity, other.document, made.from);
      try {
        const [written, second] = await view.replaceMany('incident', [
          { id: kept.id, document: made.into, ifVersion: kept.version },
          { id: other.id, document: made.from, ifVersion: other.version },
        ]);
        if (!written || !second) throw new HaidangError('HD_INTERNAL', 'The store gave no answer to a change of two.');
        await settled(view, second);
        return await settled(view, written);
      } catch (error) {
        if (!isConflict(error) || attempt === TRIES) throw error;
      }
    }
  }
}

const NONE = { alerts: [], evidence: [] };

/** @throws HaidangError `HD_RECORD_CONFLICT` */
function checkRevision({ id, document }: StoredIncident, version: number): void {
  if (document.revision === version) return;
  const last = document.acts.at(-1);
  throw new HaidangError(
    'HD_RECORD_CONFLICT',
    `Incident "${id}" was changed by ${last?.by ?? 'somebody'} meanwhile; nothing was changed by this act.`,
    { current: document.revision },
  );
}

/** An incident that concerns more than the writer may see would vanish before their eyes. @throws HaidangError `HD_FORBIDDEN` */
function mayMove({ agencies }: Identity, before: IncidentRecord | undefined, after: IncidentRecord): void {
  if (agencies === 'all' || before?.agency === after.agency || agencies.includes(after.agency)) return;
  throw new HaidangError(
    'HD_FORBIDDEN',
    'An incident of several agencies, or of none, needs an account that sees all agencies; name the one agency.',
  );
}

/** @throws HaidangError `HD_TOO_LARGE` */
function checkRoom(record: IncidentRecord, more: readonly { readonly bytes: number }[]): void {
  const bytes = [...record.evidence, ...more].reduce((sum, one) => sum + one.bytes, 0);
  if (bytes > MOST_INCIDENT_BYTES)
    throw new HaidangError('HD_TOO_LARGE', `The evidence of one incident takes at most ${MOST_INCIDENT_BYTES} bytes.`);
}

/** @throws HaidangError `HD_BAD_REQUEST` where an agency is not there, or not the writer's to see. */
async function knownAgencies(
  records: RecordStore,
  { agencies }: Identity,
  ids: readonly string[],
): Promise<readonly AgencyId[]> {
  const known = records.as(SYSTEM);
  for (const id of ids as readonly AgencyId[]) {
    const isSeen = agencies === 'all' || agencies.includes(id);
    if (!isSeen || !(await known.get('agency', id)))
      throw new HaidangError('HD_BAD_REQUEST', `There is no agency "${id}" that you may see.`);
  }
  return ids as readonly AgencyId[];
}
