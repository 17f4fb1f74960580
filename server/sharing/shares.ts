import type { Audit } from '../accounts/audit.ts';
import { type DutyPolicy, mustBeAnother } from '../accounts/duties.ts';
import { HaidangError } from '../errors.ts';
import { type Identity, SYSTEM } from '../identity.ts';
import type { Incidents } from '../incidents/incidents.ts';
import type { Log } from '../log.ts';
import type { RecordStore } from '../store/record-store.ts';
import { bodyId, type Candidate, type Candidates, deadlineOf, lastDecided, MOST_BODY } from './candidate.ts';
import type { SharingKeys } from './keys.ts';
import { type Decision, MOST_VERSIONS, type SharedVersion, type SharingRecord } from './record.ts';
import type { RequestShare } from './schema.ts';
import type { Recipient, SharingSettings } from './settings.ts';
import { openShareRecords, type ShareRecords, type StoredSharing, type VersionName } from './share-records.ts';
import { mustBe, owedLine, reviewOf, versionFrom, versionOf } from './versions.ts';

/** Who lets what leave: asking, deciding, looking at it again. Each act is one document, and audited. */
export interface Shares extends ShareRecords {
  /** @throws HaidangError `HD_NOT_FOUND` */
  recipient(id: string): Recipient;
  /** What would leave now. */
  preview(identity: Identity, incident: string, recipient: string, minimal: boolean): Promise<Candidate>;
  /** Freezes what was previewed and asks for a decision; of a pre-authorised class it leaves at once. */
  request(identity: Identity, incident: string, asked: RequestShare): Promise<StoredSharing>;
  /** Lets a version leave: another person than who asked unless the operator wants none, and only the bytes that were seen. */
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
}

/** Opens the acts of sharing. */
export function openShares(options: {
  readonly records: RecordStore;
  readonly incidents: Pick<Incidents, 'get'>;
  readonly candidates: Candidates;
  readonly keys: SharingKeys;
  readonly settings: SharingSettings;
  readonly duties: Pick<DutyPolicy, 'approval'>;
  readonly audit: Audit;
  readonly log: Pick<Log, 'warn' | 'info'>;
  /** Hears that something may be sent. */
  readonly woken: () => void;
  readonly now?: () => number;
}): Shares {
  const { records, incidents, candidates, keys, settings, duties, audit, log, woken, now = Date.now } = options;
  const view = records.as(SYSTEM);
  const kept = openShareRecords({ records, audit, log, now });
  const isoNow = () => new Date(now()).toISOString();

  const recipientOf = (id: string): Recipient => {
    const found = settings.recipients.find((one) => one.id === id);
    if (found) return found;
    throw new HaidangError('HD_NOT_FOUND', `There is no recipient "${id.slice(0, 64)}" in the configuration.`);
  };

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
    const owed = owedLine(identity, what, { recipient: name.recipient, version: name.number, ...detail });
    const stored = await kept.change(name.incident, name.recipient, (record) => {
      const version = versionOf(record, name);
      const made = make(version, record);
      const versions = record.versions.map((one) => (one.number === name.number ? made : one));
      return after({ ...record, versions, pending: [...record.pending, owed] });
    });
    woken();
    return kept.relay(stored);
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
    review: decision.how === 'alone' || decision.how === 'preauthorised' ? reviewOf(decision.at) : null,
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

  async function decided(
    identity: Identity,
    name: VersionName,
    sha256: string,
    how: (version: SharedVersion) => Decision['how'],
    reason: string,
    may: (version: SharedVersion, record: SharingRecord) => void,
  ): Promise<StoredSharing> {
    await incidents.get(identity, name.incident);
    const found = await kept.get(name.incident, name.recipient);
    if (!found)
      throw new HaidangError('HD_NOT_FOUND', 'Nothing of this incident was asked to leave to this recipient.');
    const asked = versionOf(found.document, name);
    const body = await kept.body(found.document, asked);
    const decision: Decision = { by: identity.name, at: isoNow(), how: how(asked), reason };
    return act(
      identity,
      name,
      decision.how === 'alone' ? 'sharing.release-alone' : 'sharing.approve',
      (version, record) => {
        mustBe(version, 'requested');
        if (version.sha256 !== sha256)
          throw new HaidangError('HD_RECORD_CONFLICT', 'These are not the bytes that you looked at; look again.');
        may(version, record);
        return decide(name, version, body, decision);
      },
      { sha256, reason, how: decision.how },
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
      const owed = owedLine(identity, asked.minimal ? 'sharing.preauthorised' : 'sharing.request', how);
      const stored = await kept.change(incident, recipient.id, (record) => {
        const isNext = (record.versions.at(-1)?.number ?? 0) + 1 === candidate.number;
        if (!isNext || lastDecided(record) !== candidate.after)
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
      return kept.relay(stored);
    },
    approve(identity, name, sha256) {
      const how = ({ requestedBy }: SharedVersion) => (requestedBy === identity.name ? 'one-person' : 'second-person');
      return decided(identity, name, sha256, how, '', ({ requestedBy }) => {
        if (duties.approval) mustBeAnother(identity.name, requestedBy, 'The request');
      });
    },
    releaseAlone(identity, name, sha256, reason) {
      if (reason.trim() === '') throw new HaidangError('HD_BAD_REQUEST', 'Releasing alone needs a reason.');
      const alone = () => 'alone' as const;
      return decided(identity, name, sha256, alone, reason.trim(), (_, { deadline }) => {
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
          if (duties.approval) mustBeAnother(identity.name, version.decision?.by ?? '', 'The decision');
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
          return {
            ...version,
            state: 'approved',
            attempts: 0,
            since: isoNow(),
            problem: null,
            progress: { again: true },
          };
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
    ...kept,
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
