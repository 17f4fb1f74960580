import type { Audit } from '../accounts/audit.ts';
import { mustBeAnother } from '../accounts/duties.ts';
import { HaidangError } from '../errors.ts';
import { type Identity, SYSTEM } from '../identity.ts';
import { newItemId } from '../incidents/ids.ts';
import type { Incidents, StoredIncident } from '../incidents/incidents.ts';
import { isConflict } from '../incidents/relay.ts';
import type { Log } from '../log.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import { bodyId, type Candidate, type Candidates, deadlineOf, MOST_BODY } from './candidate.ts';
import type { SharingKeys } from './keys.ts';
import {
  type Decision,
  MOST_VERSIONS,
  type OwedLine,
  type SharedVersion,
  type SharingReceiptRecord,
  type SharingRecord,
  settle,
  sharingId,
} from './record.ts';
import type { RequestShare } from './schema.ts';
import type { Recipient, SharingSettings } from './settings.ts';

const TRIES = 30;
const PAGE = 100;
const DAY_MS = 86_400_000;

export type StoredSharing = Versioned<SharingRecord>;

/** One version, named by what a person sees. */
export interface VersionName {
  readonly incident: string;
  readonly recipient: string;
  readonly number: number;
}

/** Who lets what leave: asking, deciding, looking at it again. Each act is one document, and audited. */
export interface Shares {
  /** @throws HaidangError `HD_NOT_FOUND` */
  recipient(id: string): Recipient;
  /** What would leave now. */
  preview(identity: Identity, incident: string, recipient: string, minimal: boolean): Promise<Candidate>;
  /** Freezes what was previewed and asks for a decision; of a pre-authorised class it leaves at once. */
  request(identity: Identity, incident: string, asked: RequestShare): Promise<StoredSharing>;
  /** Lets a version leave: another person than who asked, and only the bytes that were seen. */
  approve(identity: Identity, name: VersionName, sha256: string): Promise<StoredSharing>;
  /** Lets it leave alone, as nobody answered and the term is near. */
  releaseAlone(identity: Identity, name: VersionName, sha256: string, reason: string): Promise<StoredSharing>;
  /** Says no to what somebody else asked. */
  refuse(identity: Identity, name: VersionName, reason: string): Promise<StoredSharing>;
  /** Takes back what one asked oneself. */
  withdraw(identity: Identity, name: VersionName, reason: string): Promise<StoredSharing>;
  /** Looks again at what one person alone let out. */
  review(identity: Identity, name: VersionName, note: string): Promise<StoredSharing>;
  /** Sends once more what was given up. */
  resend(identity: Identity, name: VersionName): Promise<StoredSharing>;
  /** Writes down what the recipient gave for what was carried by hand. */
  receive(identity: Identity, name: VersionName, text: string): Promise<StoredSharing>;
  get(incident: string, recipient: string): Promise<StoredSharing | undefined>;
  ofIncident(incident: string): Promise<readonly StoredSharing[]>;
  body(record: Pick<SharingRecord, 'incident' | 'recipient'>, version: Pick<SharedVersion, 'sha256'>): Promise<string>;
  receipts(name: VersionName): Promise<SharingReceiptRecord | undefined>;
  /** Changes one record; for the forwarder. `check` runs between reading and writing. */
  change(
    incident: string,
    recipient: string,
    make: (record: SharingRecord) => SharingRecord,
    check?: () => Promise<void>,
  ): Promise<StoredSharing>;
  /** Writes the audit lines that a record owes, and gives it without them. */
  relay(stored: StoredSharing): Promise<StoredSharing>;
  /** Writes audit lines that a server which stopped still owed. */
  recover(): Promise<number>;
}

/** Opens the acts of sharing. */
export function openShares(options: {
  readonly records: RecordStore;
  readonly incidents: Pick<Incidents, 'get'>;
  readonly candidates: Candidates;
  readonly keys: SharingKeys;
  readonly settings: SharingSettings;
  readonly audit: Audit;
  readonly log: Pick<Log, 'warn' | 'info'>;
  /** Hears that something may be sent. */
  readonly woken: () => void;
  readonly now?: () => number;
}): Shares {
  const { records, incidents, candidates, keys, settings, audit, log, woken, now = Date.now } = options;
  const view = records.as(SYSTEM);
  const isoNow = () => new Date(now()).toISOString();

  const recipientOf = (id: string): Recipient => {
    const found = settings.recipients.find((one) => one.id === id);
    if (found) return found;
    throw new HaidangError('HD_NOT_FOUND', `There is no recipient "${id.slice(0, 64)}" in the configuration.`);
  };

  async function relay(stored: StoredSharing): Promise<StoredSharing> {
    if (stored.document.pending.length === 0) return stored;
    try {
      for (const { id, by, act, detail } of stored.document.pending)
        await audit.record({ id: `sharing-${id}`, actor: by, act, target: stored.document.incident, detail });
      const done = new Set(stored.document.pending.map(({ id }) => id));
      const { incident, recipient } = stored.document;
      return await change(incident, recipient, (record) => ({
        ...record,
        pending: record.pending.filter(({ id }) => !done.has(id)),
      }));
    } catch (err) {
      log.warn({ err, incident: stored.document.incident }, 'Lines of audit are owed; the next start writes them.');
      return stored;
    }
  }

  async function change(
    incident: string,
    recipient: string,
    make: (record: SharingRecord) => SharingRecord,
    check: () => Promise<void> = async () => {},
  ): Promise<StoredSharing> {
    const id = sharingId(incident, recipient);
    for (let attempt = 1; ; attempt += 1) {
      const found = await view.get('sharing', id);
      const next = settle({ ...make(found?.document ?? empty(incident, recipient)), updatedAt: isoNow() });
      await check();
      try {
        if (found) return await view.replace('sharing', id, next, found.version);
        return await view.create('sharing', id, next);
      } catch (error) {
        const raced = isConflict(error) || (error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS');
        if (!raced || attempt === TRIES) throw error;
      }
    }
  }

  /** A person's act on one version. */
  async function act(
    identity: Identity,
    name: VersionName,
    what: string,
    make: (version: SharedVersion, record: SharingRecord) => SharedVersion,
    detail: Readonly<Record<string, unknown>> = {},
    after: (record: SharingRecord) => SharingRecord = (record) => record,
  ): Promise<StoredSharing> {
    // Whoever may not see the incident does not see what left of it either.
    await incidents.get(identity, name.incident);
    const owed = line(identity, what, { recipient: name.recipient, version: name.number, ...detail });
    const stored = await change(name.incident, name.recipient, (record) => {
      const version = versionOf(record, name);
      const made = make(version, record);
      const versions = record.versions.map((one) => (one.number === name.number ? made : one));
      return after({ ...record, versions, pending: [...record.pending, owed] });
    });
    woken();
    return relay(stored);
  }

  const decide = (
    { incident, recipient }: Pick<SharingRecord, 'incident' | 'recipient'>,
    version: SharedVersion,
    body: string,
    decision: Decision,
  ): SharedVersion => ({
    ...version,
    state: 'approved',
    decision,
    signature: keys.sign(Buffer.from(body), {
      inc: incident,
      rcp: recipient,
      ver: version.number,
      iat: Math.floor(Date.parse(decision.at) / 1000),
    }),
    since: decision.at,
    review: decision.how === 'second-person' ? null : reviewOf(decision.at),
  });

  /** Something new leaves: at once, and in place of what was given up before. */
  const leaving =
    (number: number) =>
    (record: SharingRecord): SharingRecord => ({
      ...record,
      dueAt: record.due === 1 && record.dueAt !== null ? record.dueAt : isoNow(),
      versions: record.versions.map((one) =>
        one.number < number && one.state === 'dead' ? { ...one, state: 'superseded' } : one,
      ),
    });

  async function bodyOf(
    record: Pick<SharingRecord, 'incident' | 'recipient'>,
    version: Pick<SharedVersion, 'sha256'>,
  ): Promise<string> {
    const found = await view.get('sharing-body', bodyId(record, version));
    if (found) return found.document.body;
    throw new HaidangError('HD_NOT_FOUND', 'The bytes of this version are not in the store.');
  }

  async function decided(
    identity: Identity,
    name: VersionName,
    sha256: string,
    how: Decision['how'],
    reason: string,
    may: (version: SharedVersion, record: SharingRecord) => void,
  ): Promise<StoredSharing> {
    await incidents.get(identity, name.incident);
    const found = await view.get('sharing', sharingId(name.incident, name.recipient));
    if (!found)
      throw new HaidangError('HD_NOT_FOUND', 'Nothing of this incident was asked to leave to this recipient.');
    const body = await bodyOf(found.document, versionOf(found.document, name));
    const decision: Decision = { by: identity.name, at: isoNow(), how, reason };
    return act(
      identity,
      name,
      how === 'alone' ? 'sharing.release-alone' : 'sharing.approve',
      (version, record) => {
        mustBe(version, 'requested');
        if (version.sha256 !== sha256)
          throw new HaidangError('HD_RECORD_CONFLICT', 'These are not the bytes that you looked at; look again.');
        may(version, record);
        return decide(name, version, body, decision);
      },
      { sha256, reason },
      leaving(name.number),
    );
  }

  async function turnDown(
    identity: Identity,
    name: VersionName,
    reason: string,
    state: 'refused' | 'withdrawn',
  ): Promise<StoredSharing> {
    if (reason.trim() === '') throw new HaidangError('HD_BAD_REQUEST', 'This needs a reason.');
    return act(
      identity,
      name,
      state === 'refused' ? 'sharing.refuse' : 'sharing.withdraw',
      (version) => {
        mustBe(version, 'requested');
        if (state === 'withdrawn' && version.requestedBy !== identity.name)
          throw new HaidangError('HD_FORBIDDEN', `Only ${version.requestedBy} can take this back.`);
        return { ...version, state, refusal: { by: identity.name, at: isoNow(), reason: reason.trim() } };
      },
      { reason },
    );
  }

  return {
    recipient: recipientOf,
    change,
    relay,
    body: bodyOf,
    async preview(identity, incident, recipient, minimal) {
      return candidates.make(await incidents.get(identity, incident), recipientOf(recipient), minimal);
    },
    async request(identity, incident, asked) {
      const recipient = recipientOf(asked.recipient);
      const found = await incidents.get(identity, incident);
      const candidate = await candidates.make(found, recipient, asked.minimal);
      mustMatch(candidate, asked);
      if (!asked.minimal && !asked.textsRead)
        throw new HaidangError('HD_BAD_REQUEST', 'Texts that people wrote leave only once you say that you read them.');
      const names = { incident, recipient: recipient.id };
      const body = { body: candidate.body };
      await view.create('sharing-body', bodyId(names, candidate), body).catch((error) => {
        // Asked for twice: the id is made of the bytes.
        if (!(error instanceof HaidangError && error.code === 'HD_RECORD_EXISTS')) throw error;
      });
      const at = isoNow();
      const version = versionFrom(candidate, found, identity, { at, note: asked.note ?? '' });
      const how = { recipient: recipient.id, version: candidate.number, sha256: candidate.sha256 };
      const owed = line(identity, asked.minimal ? 'sharing.preauthorised' : 'sharing.request', how);
      const stored = await change(incident, recipient.id, (record) => {
        if ((record.versions.at(-1)?.number ?? 0) + 1 !== candidate.number)
          throw new HaidangError(
            'HD_RECORD_CONFLICT',
            'Somebody asked for this incident to leave meanwhile; look again.',
          );
        if (record.versions.length >= MOST_VERSIONS)
          throw new HaidangError('HD_TOO_LARGE', `An incident has at most ${MOST_VERSIONS} versions a recipient.`);
        const earlier = record.versions.map(
          (one): SharedVersion => (one.state === 'requested' ? { ...one, state: 'superseded' } : one),
        );
        const left = record.versions.filter(({ decision }) => decision !== null).length;
        const next: SharingRecord = {
          ...record,
          versions: [...earlier, version],
          deadline: deadlineOf(found.document, settings, left),
          pending: [...record.pending, owed],
        };
        if (!asked.minimal) return next;
        const decision: Decision = { by: identity.name, at, how: 'preauthorised', reason: asked.note ?? '' };
        const signed = decide(names, version, candidate.body, decision);
        return leaving(version.number)({ ...next, versions: [...earlier, signed] });
      });
      woken();
      return relay(stored);
    },
    approve(identity, name, sha256) {
      return decided(identity, name, sha256, 'second-person', '', (version) =>
        mustBeAnother(identity.name, version.requestedBy, 'The request'),
      );
    },
    releaseAlone(identity, name, sha256, reason) {
      if (reason.trim() === '') throw new HaidangError('HD_BAD_REQUEST', 'Releasing alone needs a reason.');
      return decided(identity, name, sha256, 'alone', reason.trim(), (_, { deadline }) => {
        const from =
          deadline === null ? Number.POSITIVE_INFINITY : Date.parse(deadline) - settings.aloneMinutes * 60_000;
        if (now() >= from) return;
        const detail =
          deadline === null
            ? 'No term runs for this incident: a second person must approve it.'
            : `The term ends at ${deadline}; releasing alone is for the last ${settings.aloneMinutes} minutes before it.`;
        throw new HaidangError('HD_ANOTHER_PERSON', detail);
      });
    },
    refuse: (identity, name, reason) => turnDown(identity, name, reason, 'refused'),
    withdraw: (identity, name, reason) => turnDown(identity, name, reason, 'withdrawn'),
    review(identity, name, note) {
      return act(
        identity,
        name,
        'sharing.review',
        (version) => {
          if (!version.review || version.review.at !== null)
            throw new HaidangError('HD_BAD_REQUEST', 'This version has no review that is open.');
          mustBeAnother(identity.name, version.decision?.by ?? '', 'The decision');
          return { ...version, review: { ...version.review, by: identity.name, at: isoNow(), note: note.trim() } };
        },
        { note },
      );
    },
    resend(identity, name) {
      return act(
        identity,
        name,
        'sharing.resend',
        (version, record) => {
          mustBe(version, 'dead');
          if (record.versions.some(({ number, decision }) => number > version.number && decision !== null))
            throw new HaidangError('HD_BAD_REQUEST', 'A later version left already; this one must not come after it.');
          return { ...version, state: 'approved', attempts: 0, since: isoNow(), problem: null, progress: null };
        },
        {},
        (record) => ({ ...record, dueAt: isoNow() }),
      );
    },
    receive(identity, name, text) {
      return act(
        identity,
        name,
        'sharing.hand-receipt',
        (version) => {
          mustBe(version, 'delivered');
          return { ...version, handReceipt: { text: text.trim(), by: identity.name, at: isoNow() } };
        },
        { text },
      );
    },
    get: (incident, recipient) => view.get('sharing', sharingId(incident, recipient)),
    async ofIncident(incident) {
      return (await view.find('sharing', { where: { incident: [incident] }, limit: 100 })).records;
    },
    async receipts({ incident, recipient, number }) {
      return (await view.get('sharing-receipt', `${sharingId(incident, recipient)}:${number}`))?.document;
    },
    async recover() {
      let count = 0;
      for (;;) {
        const { records: owing } = await view.find('sharing', { where: { waiting: [1] }, limit: PAGE });
        for (const stored of owing) await relay(stored);
        count += owing.length;
        if (owing.length < PAGE) return count;
      }
    },
  };

  function mustMatch(candidate: Candidate, asked: RequestShare): void {
    const reasons = {
      tlp: 'Its sharing mark (TLP) does not let it go to this recipient.',
      unchanged: 'Nothing changed since the last version that left.',
      'too-large': `It is longer than ${MOST_BODY} bytes; take indicators or rules out.`,
      'not-preauthorised': 'It is not of the class that may leave at once; ask for approval.',
    };
    if (candidate.blocked) throw new HaidangError('HD_SHARING_BLOCKED', reasons[candidate.blocked]);
    if (candidate.sha256 !== asked.sha256 || candidate.revision !== asked.version)
      throw new HaidangError('HD_RECORD_CONFLICT', 'What would leave changed since the preview; look at it again.', {
        current: candidate.revision,
      });
  }
}

function versionFrom(
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

function empty(incident: string, recipient: string): SharingRecord {
  const flags = { due: 0, asked: 0, dead: 0, review: 0, waiting: 0 } as const;
  const times = { dueAt: null, deadline: null, updatedAt: '' };
  return { incident, recipient, versions: [], ...flags, ...times, pending: [] };
}

function line(identity: Identity, act: string, detail: Readonly<Record<string, unknown>>): OwedLine {
  return { id: newItemId(), by: identity.name, act, detail };
}

/** Reviewed by the end of the next day. */
function reviewOf(at: string) {
  return { due: new Date(Date.parse(at) + DAY_MS).toISOString(), by: null, at: null, note: '' };
}

/** @throws HaidangError `HD_NOT_FOUND` */
function versionOf(record: SharingRecord, { number }: VersionName): SharedVersion {
  const found = record.versions.find((one) => one.number === number);
  if (found) return found;
  throw new HaidangError('HD_NOT_FOUND', `There is no version ${number} of this incident for this recipient.`);
}

/** @throws HaidangError `HD_RECORD_CONFLICT` */
function mustBe({ number, state }: SharedVersion, wanted: SharedVersion['state']): void {
  if (state === wanted) return;
  throw new HaidangError('HD_RECORD_CONFLICT', `Version ${number} is ${state} by now, and not ${wanted}.`);
}
