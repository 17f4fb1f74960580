import { setTimeout as sleep } from 'node:timers/promises';
import { namedIn, type OutboundPolicy } from '../../system/outbound.ts';
import type { ObjectReceipt } from '../record.ts';
import type { ChannelSettings } from '../settings.ts';
import type { StixObject } from '../stix/objects.ts';
import type { Channel, Delivery, Shipment, Voyage } from './channel.ts';
import { openHttp } from './https.ts';
import { alreadyThere } from './taxii-again.ts';
import { Failure, type Place, type Status, TaxiiClient } from './taxii-client.ts';
import { cutInTwo, type Part, partsOf, readProgress, versionOf } from './taxii-parts.ts';

/** Times that a "pending" may take and how often the same part is sent again after it. */
export interface TaxiiPatience {
  readonly pendingMs: number;
  readonly tries: number;
  readonly pollMs: number;
  readonly mostPollMs: number;
}

const PATIENCE: TaxiiPatience = { pendingMs: 1_800_000, tries: 3, pollMs: 1_000, mostPollMs: 60_000 };

/** How often a probe's status is asked for, and after how many times as many sends as elsewhere it is left. */
const PROBE_LOOKS = 5;
const PROBE_TRIES = 4;

/** What a part is about, and where it goes. */
interface Envelope {
  readonly objects: readonly StixObject[];
  /** All objects of the version. */
  readonly whole: readonly StixObject[];
  readonly place: Place;
  /** Whether some of it may have come in an attempt that was given up. */
  readonly mayBeThere: boolean;
}

/** How one part of a version fared in one step. */
type Step =
  | { readonly is: 'done'; readonly part: Part; readonly objects: readonly ObjectReceipt[] }
  | { readonly is: 'split' }
  | { readonly is: 'over'; readonly delivery: Delivery };

/** Pushes versions into a TAXII 2.1 collection, one envelope after the other. */
export function taxiiChannel(
  settings: Extract<ChannelSettings, { kind: 'taxii' }>,
  options: {
    readonly now?: () => number;
    readonly patience?: Partial<TaxiiPatience>;
    /** What of the state network may be asked; nothing unless given. */
    readonly outbound?: OutboundPolicy;
  } = {},
): Channel {
  const { now = Date.now, outbound = { allowPrivate: [] } } = options;
  const patience = { ...PATIENCE, ...options.patience };
  const credentials = { ...settings, secure: settings.root.startsWith('https:') };
  const http = openHttp(credentials, namedIn(outbound, [settings.root]));
  const client = new TaxiiClient(http, settings, now);

  async function deliver(shipment: Shipment, voyage: Voyage): Promise<Delivery> {
    try {
      return await deliverParts(shipment, voyage);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const { message: reason, afterMs, isFinal } = error;
      return isFinal ? { outcome: 'refused', reason } : { outcome: 'later', reason, afterMs };
    }
  }

  async function deliverParts(shipment: Shipment, voyage: Voyage): Promise<Delivery> {
    const objects = (JSON.parse(shipment.body) as { objects: StixObject[] }).objects;
    const place = await client.place();
    let parts = readProgress(shipment.progress, objects.length) ?? partsOf(objects, place.maxLength);
    const keep = async (at: number, ...by: readonly Part[]) => {
      parts = [...parts.slice(0, at), ...by, ...parts.slice(at + 1)];
      await voyage.keep({ parts });
    };
    for (let at = 0; at < parts.length; ) {
      const part = parts[at];
      if (!part || part.state === 'done') {
        at += 1;
        continue;
      }
      const { mayBeThere } = shipment;
      const envelope = { objects: objects.slice(part.from, part.to), whole: objects, place, mayBeThere };
      const step = await forward(part, envelope, voyage, (next) => keep(at, next));
      if (step.is === 'over') return step.delivery;
      if (step.is === 'split') {
        const halves = cutInTwo(part);
        if (!halves)
          return {
            outcome: 'refused',
            reason: `Object ${objects[part.from]?.id} alone is larger than the recipient takes.`,
          };
        await keep(at, ...halves);
        continue;
      }
      // The last part needs no keeping: the receipts are next.
      if (at === parts.length - 1) parts = [...parts.slice(0, at), step.part];
      else await keep(at, step.part);
      at += 1;
    }
    return outcomeOf(objects, parts);
  }

  /** One step with one part: asks how it fared, or sends it. */
  async function forward(
    part: Part,
    envelope: Envelope,
    voyage: Voyage,
    keep: (part: Part) => Promise<void>,
  ): Promise<Step> {
    const { objects, place } = envelope;
    if (part.state === 'pending' && part.status !== null) {
      const status = await client.status(part.status, voyage.signal);
      if (status?.status === 'complete') return settled(part, envelope, status, voyage);
      const waited = now() - part.since;
      if (status && waited < patience.pendingMs) {
        const afterMs = Math.min(patience.mostPollMs, Math.max(patience.pollMs, waited / 4));
        return { is: 'over', delivery: { outcome: 'working', afterMs } };
      }
      if (place.canRead && (await client.missing(place, objects, voyage.signal)).length === 0)
        return settled(part, envelope, undefined, voyage);
      const waits = part.waits ?? 0;
      if (waits >= patience.tries) {
        const reason = `The recipient said ${waits} times that it is at it, and never came to an end.`;
        return { is: 'over', delivery: { outcome: 'refused', reason, references: [part.status] } };
      }
    }
    let wanted = objects;
    if (part.tries > 0 && place.canRead) {
      // It may have arrived, with the answer lost on the way.
      wanted = await client.missing(place, objects, voyage.signal);
      if (wanted.length === 0) return settled(part, envelope, undefined, voyage);
    }
    const sent: Part = { ...part, state: 'sent', status: null, tries: part.tries + 1, since: now() };
    // Written down before it leaves: after a crash it is known that it may have arrived.
    await keep(sent);
    await voyage.check();
    const answer = await client.post(wanted, voyage.signal).catch((error) => {
      // Some say 400 where a line was too slow for them: that is not the envelope's fault, and passes.
      if (!(error instanceof Failure) || error.status !== 400 || sent.tries >= patience.tries) throw error;
      throw new Failure(error.message, { afterMs: error.afterMs, status: 400 });
    });
    if (answer === 'too-large') return { is: 'split' };
    if (answer.status === 'complete') return settled(sent, envelope, answer, voyage);
    const waits = (part.waits ?? 0) + 1;
    const pending: Part = { ...sent, state: 'pending', status: answer.id, since: now(), waits };
    await keep(pending);
    return { is: 'over', delivery: { outcome: 'working', afterMs: patience.pollMs } };
  }

  /** Reads a final status; what it calls a failure is no failure where the object is there in this version. */
  async function settled(
    part: Part,
    { objects, whole, place, mayBeThere }: Envelope,
    status: Status | undefined,
    voyage: Voyage,
  ): Promise<Step> {
    const reasons = new Map(status?.failures.map(({ id, message }) => [id, message]));
    if (status && status.failureCount > reasons.size && reasons.size === 0)
      for (const { id } of objects.slice(0, status.failureCount)) reasons.set(id, '');
    if (reasons.size > 0 && place.canRead) {
      const missing = await client.missing(place, objects, voyage.signal);
      const gone = new Set(missing.map(({ id }) => id));
      for (const id of reasons.keys()) if (!gone.has(id)) reasons.delete(id);
    } else if (reasons.size > 0) {
      // A recipient that says so has it, where it may have come before.
      if (part.tries > 1)
        for (const [id, message] of reasons) if (/already|duplicate|exists/i.test(message)) reasons.delete(id);
      const there = await alreadyThere(reasons, {
        objects,
        whole,
        sentBefore: part.tries > 1 || mayBeThere,
        taken: await voyage.taken(),
        probe: (object) => probe(object, part, voyage),
      });
      for (const id of there) reasons.delete(id);
    }
    const receipts = objects.map((object): ObjectReceipt => {
      const message = reasons.get(object.id);
      const named = { id: object.id, version: versionOf(object) };
      if (message === undefined) return { ...named, outcome: 'accepted' };
      return { ...named, outcome: 'refused', message: (message || 'No reason was given.').slice(0, 500) };
    });
    const refused = receipts.filter(({ outcome }) => outcome === 'refused');
    const failures = refused.map(({ id, message = '' }) => ({ id, message }));
    const references = status ? [...part.references, status.id] : part.references;
    return { is: 'done', part: { ...part, state: 'done', references, failures }, objects: receipts };
  }

  /** Sends one object once more, to hear how the recipient calls a duplicate. */
  async function probe(object: StixObject, { tries }: Part, voyage: Voyage): Promise<Status | undefined> {
    await voyage.check();
    const answer = await client.post([object], voyage.signal);
    let status = answer === 'too-large' ? undefined : answer;
    for (let looks = 0; status?.status === 'pending' && looks < PROBE_LOOKS; looks += 1) {
      await sleep(patience.pollMs, undefined, { signal: voyage.signal });
      status = await client.status(status.id, voyage.signal);
    }
    if (status?.status === 'complete') return status;
    if (tries > patience.tries * PROBE_TRIES) return undefined;
    throw new Failure('The recipient does not say whether it already has what it did not take.');
  }

  return { deliver, close: () => http.close() };
}

function outcomeOf(objects: readonly StixObject[], parts: readonly Part[]): Delivery {
  const reasons = new Map(parts.flatMap(({ failures }) => failures.map(({ id, message }) => [id, message] as const)));
  const references = parts.flatMap(({ references: some }) => some);
  const receipts = objects.map((object): ObjectReceipt => {
    const message = reasons.get(object.id);
    const named = { id: object.id, version: versionOf(object) };
    return message === undefined ? { ...named, outcome: 'accepted' } : { ...named, outcome: 'refused', message };
  });
  if (reasons.size === 0) return { outcome: 'delivered', objects: receipts, references };
  const [first] = reasons;
  const reason = `The recipient refused ${reasons.size} of ${objects.length} objects; the first: ${first?.[0]}: ${first?.[1]}`;
  return { outcome: 'refused', reason, objects: receipts, references };
}
