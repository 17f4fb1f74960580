import { createHash } from 'node:crypto';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import { newItemId } from '../incidents/ids.ts';
import type { Log } from '../log.ts';
import type { RecordStore } from '../store/record-store.ts';
import { waitOf } from './backoff.ts';
import type { Channel, Delivery, Shipment } from './channels/channel.ts';
import type { SharingKeys } from './keys.ts';
import {
  type Progress,
  type SharedVersion,
  type SharingReceiptRecord,
  type SharingRecord,
  sharingId,
} from './record.ts';
import type { StoredSharing } from './share-records.ts';
import type { Shares } from './shares.ts';

/** How many incidents are on their way at once. */
const AT_ONCE = 16;
const PAGE = 500;
const LOOK_MS = 1_000;
const DEADLINE_NONE = '9999';

export interface ForwarderOptions {
  readonly records: RecordStore;
  readonly shares: Shares;
  readonly keys: SharingKeys;
  /** The channel of a recipient; undefined where it is no longer in the configuration. */
  readonly channelOf: (recipient: string) => Channel | undefined;
  readonly giveUpMs: number;
  readonly log: Pick<Log, 'warn' | 'info' | 'error'>;
  readonly now?: () => number;
  readonly random?: () => number;
  /** How often to look where nobody says that there is something new. */
  readonly lookMs?: number;
}

/** The outbox at work: first in, first out for each incident and recipient, many of them side by side. */
export interface Forwarder {
  /** Sends what is due until `end` fires; `check` is asked before each send. */
  work(lease: { check(): Promise<void> }, end: AbortSignal): Promise<void>;
  /** Says that there may be something to send. */
  wake(): void;
}

/** Makes the forwarder; whoever holds the lease lets it work. */
export function openForwarder(options: ForwarderOptions): Forwarder {
  const { records, shares, keys, channelOf, giveUpMs, log } = options;
  const { now = Date.now, random = Math.random, lookMs = LOOK_MS } = options;
  const view = records.as(SYSTEM);
  let rouse: () => void = () => undefined;
  let woken = false;

  /** Sends the oldest version that waits, or goes on with it. */
  async function sendHead(stored: StoredSharing, check: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { incident, recipient } = stored.document;
    const head = stored.document.versions.find(({ state }) => state === 'approved');
    if (!head) return;
    const update = (make: (record: SharingRecord, version: SharedVersion) => SharingRecord) =>
      shares.change(
        incident,
        recipient,
        (record) => {
          const version = record.versions.find(({ number }) => number === head.number);
          return version?.state === 'approved' ? make(record, version) : record;
        },
        check,
      );
    const channel = channelOf(recipient);
    let delivery: Delivery;
    if (!channel) delivery = { outcome: 'later', reason: 'The recipient is not in the configuration of this server.' };
    else
      try {
        const shipment = await shipmentOf(stored.document, head);
        delivery =
          typeof shipment === 'string'
            ? { outcome: 'refused', reason: shipment }
            : await channel.deliver(shipment, {
                check,
                signal,
                async keep(progress: Progress) {
                  await update((record, version) =>
                    replaced(record, {
                      ...version,
                      progress: isSentAgain(version) ? { ...progress, again: true } : progress,
                    }),
                  );
                },
                taken: () => takenBefore(stored.document, head.number),
              });
      } catch (error) {
        if (signal.aborted || isLost(error)) throw error;
        log.warn({ err: error, incident, recipient }, 'Sending failed; it is tried again.');
        delivery = { outcome: 'later', reason: error instanceof Error ? error.message : String(error) };
      }
    // What was broken off by our own end is no failure of theirs.
    if (signal.aborted && delivery.outcome === 'later') return;
    if (delivery.outcome === 'delivered' || delivery.outcome === 'refused') await keepReceipts(head, delivery);
    await shares.relay(await update((record, version) => ended(record, version, delivery)));

    async function keepReceipts(
      { number }: SharedVersion,
      { objects = [], references = [] }: Partial<Pick<SharingReceiptRecord, 'objects' | 'references'>>,
    ): Promise<void> {
      const id = `${sharingId(incident, recipient)}:${number}`;
      const receipt = { at: isoNow(), references, objects };
      await check();
      const before = await view.get('sharing-receipt', id);
      if (before) await view.replace('sharing-receipt', id, receipt, before.version);
      else await view.create('sharing-receipt', id, receipt);
    }
  }

  /** What was taken of this version and of those before it; a version that was delivered holds all that left before it. */
  async function takenBefore(record: SharingRecord, number: number): Promise<ReadonlySet<string>> {
    const { incident, recipient } = record;
    const taken = new Set<string>();
    for (const one of sinceDelivered(record, number)) {
      const receipts = await shares.receipts({ incident, recipient, number: one.number });
      for (const { id, version, outcome } of receipts?.objects ?? [])
        if (outcome === 'accepted') taken.add(`${id} ${version}`);
    }
    return taken;
  }

  const isoNow = (after = 0) => new Date(now() + after).toISOString();

  /** The version as the channel takes it; a sentence where its bytes are not what was approved. */
  async function shipmentOf(record: SharingRecord, version: SharedVersion): Promise<Shipment | string> {
    const { incident, recipient } = record;
    const { number, sha256, signature } = version;
    const body = await shares.body(record, version);
    const bytes = Buffer.from(body);
    const facts = { inc: incident, rcp: recipient, ver: number };
    const isSame = createHash('sha256').update(bytes).digest('hex') === sha256;
    if (!isSame || signature === null || !keys.holds(bytes, signature, facts))
      return 'The bytes in the store are not those that were approved; ask for approval of a new version.';
    const mayBeThere =
      isSentAgain(version) ||
      sinceDelivered(record, number).some((one) => one.number < number && one.state !== 'delivered');
    return { incident, recipient, number, body, sha256, signature, mayBeThere, progress: version.progress };
  }

  function ended(record: SharingRecord, version: SharedVersion, delivery: Delivery): SharingRecord {
    const owe = (act: string, detail: Readonly<Record<string, unknown>>) => ({
      id: newItemId(),
      by: 'forwarder',
      act,
      detail: { recipient: record.recipient, version: version.number, ...detail },
    });
    if (delivery.outcome === 'delivered') {
      const refused = delivery.objects.filter(({ outcome }) => outcome === 'refused').length;
      const delivered = { at: isoNow(), accepted: delivery.objects.length - refused, refused };
      const done = { ...version, state: 'delivered' as const, delivered, problem: null, progress: null };
      return {
        ...replaced(record, done),
        dueAt: isoNow(),
        pending: [...record.pending, owe('sharing.delivered', delivered)],
      };
    }
    if (delivery.outcome === 'working')
      return { ...replaced(record, { ...version, problem: null }), dueAt: isoNow(delivery.afterMs) };
    const attempts = version.attempts + 1;
    const { reason } = delivery;
    const failed = { ...version, attempts, problem: reason.slice(0, 1_000) };
    const isOver = version.since !== null && now() - Date.parse(version.since) >= giveUpMs;
    if (delivery.outcome === 'refused' || isOver) {
      const dead = { ...failed, state: 'dead' as const };
      return {
        ...replaced(record, dead),
        dueAt: isoNow(),
        pending: [...record.pending, owe('sharing.dead', { reason })],
      };
    }
    return { ...replaced(record, failed), dueAt: isoNow(waitOf(attempts, random, delivery.afterMs)) };
  }

  /** What is due now, near its term first; and when something is due next. */
  async function look(busy: ReadonlySet<string>): Promise<{ due: StoredSharing[]; nextMs: number }> {
    const found: StoredSharing[] = [];
    let after: string | undefined;
    for (;;) {
      const page = await view.find('sharing', {
        where: { due: [1] },
        orderBy: { field: 'dueAt', descending: false },
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      const at = isoNow();
      const ready = page.records.filter(({ document }) => (document.dueAt ?? '') <= at);
      found.push(...ready.filter(({ id }) => !busy.has(id)));
      const next = page.records[ready.length];
      if (next || page.next === null || found.length >= PAGE) {
        const nextMs = next ? Date.parse(next.document.dueAt ?? at) - now() : Number.POSITIVE_INFINITY;
        const urgent = (one: StoredSharing) => one.document.deadline ?? DEADLINE_NONE;
        found.sort((a, b) => (urgent(a) < urgent(b) ? -1 : urgent(a) > urgent(b) ? 1 : 0));
        return { due: found, nextMs };
      }
      after = page.next;
    }
  }

  return {
    wake() {
      woken = true;
      rouse();
    },
    async work(lease, end) {
      const busy = new Map<string, Promise<void>>();
      const lost = new AbortController();
      const signal = AbortSignal.any([end, lost.signal]);
      const start = (stored: StoredSharing) => {
        const done = sendHead(stored, () => lease.check(), signal)
          .catch((error) => {
            if (isLost(error)) lost.abort(error);
            else if (!signal.aborted)
              log.error(
                { err: error, share: stored.id },
                'The outbox could not go on with an incident; it is tried again.',
              );
          })
          .finally(() => {
            busy.delete(stored.id);
            woken = true;
            rouse();
          });
        busy.set(stored.id, done);
      };
      while (!signal.aborted) {
        woken = false;
        let nextMs = lookMs;
        try {
          const found = await look(new Set(busy.keys()));
          for (const stored of found.due.slice(0, AT_ONCE - busy.size)) start(stored);
          nextMs = Math.min(lookMs, Math.max(0, found.nextMs));
        } catch (err) {
          if (!signal.aborted) log.warn({ err }, 'The outbox could not be read; it is tried again.');
        }
        // What was said while it looked must not be slept over.
        if (!woken && !signal.aborted) await sleep(nextMs, signal);
      }
      await Promise.allSettled(busy.values());
    },
  };

  function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(wakeUp, milliseconds);
      signal.addEventListener('abort', wakeUp, { once: true });
      rouse = wakeUp;
      function wakeUp() {
        clearTimeout(timer);
        signal.removeEventListener('abort', wakeUp);
        rouse = () => undefined;
        done();
      }
    });
  }
}

function replaced(record: SharingRecord, version: SharedVersion): SharingRecord {
  return { ...record, versions: record.versions.map((one) => (one.number === version.number ? version : one)) };
}

/** A version, and those that were let out before it, back to the last one that was delivered. */
function sinceDelivered({ versions }: SharingRecord, number: number): readonly SharedVersion[] {
  const left = versions.filter((one) => one.number <= number && one.decision !== null);
  return left.slice(
    Math.max(
      0,
      left.findLastIndex((one) => one.number < number && one.state === 'delivered'),
    ),
  );
}

/** Whether somebody had it sent once more after it was given up. */
function isSentAgain({ progress }: SharedVersion): boolean {
  return progress?.['again'] === true;
}

function isLost(error: unknown): boolean {
  return error instanceof HaidangError && error.code === 'HD_LEASE_LOST';
}
