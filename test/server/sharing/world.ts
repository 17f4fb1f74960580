import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { openAudit } from '../../../server/accounts/audit.ts';
import { openAgencyBook } from '../../../server/agencies/names.ts';
import { type AgencyId, type Identity, SYSTEM } from '../../../server/identity.ts';
import { type Incidents, openIncidents } from '../../../server/incidents/incidents.ts';
import { type TaxiiPatience, taxiiChannel } from '../../../server/sharing/channels/taxii.ts';
import type { SharingRecord } from '../../../server/sharing/record.ts';
import { NO_SHARING, type Recipient, type SharingSettings } from '../../../server/sharing/settings.ts';
import { openSharing, type Sharing } from '../../../server/sharing/sharing.ts';
import type { RecordStore } from '../../../server/store/record-store.ts';
import { openAnyStore } from '../store/any-store.ts';

const silent = pino({ level: 'silent' });
/** Two people of the center. */
export const LAN: Identity = { kind: 'user', name: 'lan', role: 'analyst', agencies: 'all' };
export const MINH: Identity = { kind: 'user', name: 'minh', role: 'lead', agencies: 'all' };
/** Waits that fit a test. */
export const QUICK: Partial<TaxiiPatience> = { pendingMs: 40, tries: 3, pollMs: 5, mostPollMs: 10 };

type TaxiiSettings = Extract<Recipient['channel'], { kind: 'taxii' }>;

/** A recipient at a TAXII stand-in. */
export function taxiiRecipient(root: string, change: Partial<TaxiiSettings> = {}): Recipient {
  const none = {
    user: undefined,
    passwordFile: undefined,
    caFile: undefined,
    certificateFile: undefined,
    keyFile: undefined,
  };
  const channel = { kind: 'taxii' as const, root, collection: 'inbox', ...none, ...change };
  return { id: 'a05', name: 'Trung tâm quốc gia', tlp: 'amber+strict', channel };
}

/** Sharing over a store of its own, without a server around it. */
export interface World {
  readonly sharing: Sharing;
  readonly incidents: Incidents;
  readonly records: RecordStore;
  /** Makes an incident by hand. */
  incident(title: string): Promise<string>;
  /** Changes its title, has it asked for by one and approved by the other; gives the number of the version. */
  share(id: string, title?: string): Promise<number>;
  record(id: string): Promise<SharingRecord | undefined>;
  close(): Promise<void>;
}

/** Opens it in a folder; `quick` shortens the waits between attempts. */
export async function openWorld(
  folder: string,
  settings: Partial<SharingSettings> & Pick<SharingSettings, 'recipients'>,
  options: { readonly patience?: Partial<TaxiiPatience>; readonly now?: () => number } = {},
): Promise<World> {
  const { events, records } = await openAnyStore(join(folder, 'store'));
  const audit = openAudit(records);
  const incidents = openIncidents({
    ...{ records, events, audit, log: silent, data: folder },
    titleOf: ({ ruleTitle }) => ruleTitle,
    woken: () => undefined,
  });
  await incidents.relay.recover();
  const view = records.as(SYSTEM);
  if (!(await view.get('agency', 'so-y-te'))) {
    const contact = { person: '', phone: '', email: '', address: '' };
    const createdAt = '2026-01-01T00:00:00.000Z';
    await view.create('agency', 'so-y-te', { name: 'Sở Y tế', contact, securityLevel: 3, createdAt });
  }
  const sharing = await openSharing({
    ...{ records, incidents, audit, log: silent, data: folder },
    agencies: openAgencyBook(records),
    rules: () => new Map(),
    authority: { sign: (text) => Buffer.from(text).toString('base64'), certificate: 'test' },
    settings: { ...NO_SHARING, reporterId: 'soc-thu', reporterName: 'SOC thử', ...settings },
    // Waits of seconds become waits of milliseconds: what is tried is the order of things, not patience.
    random: () => 0.001,
    channelTo: ({ channel }) => {
      if (channel.kind !== 'taxii') throw new Error('only TAXII here');
      return taxiiChannel(channel, { patience: { ...QUICK, ...options.patience } });
    },
    ...(options.now ? { now: options.now } : {}),
  });
  return {
    sharing,
    incidents,
    records,
    async incident(title) {
      const made = await incidents.create(LAN, { alerts: [], title, agencies: ['so-y-te' as AgencyId] });
      await incidents.change(LAN, made.id, { addIndicator: '203.0.113.7' });
      return made.id;
    },
    async share(id, title) {
      if (title !== undefined) {
        const { document } = await incidents.get(LAN, id);
        await incidents.change(LAN, id, { version: document.revision, set: { title } });
      }
      const { number, revision, sha256 } = await sharing.shares.preview(LAN, id, 'a05', false);
      const asked = { recipient: 'a05', version: revision, sha256, textsRead: true, minimal: false };
      await sharing.shares.request(LAN, id, asked);
      await sharing.shares.approve(MINH, { incident: id, recipient: 'a05', number }, sha256);
      return number;
    },
    record: async (id) => (await sharing.shares.get(id, 'a05'))?.document,
    async close() {
      await sharing.stop();
      await events.close();
      await records.close();
    },
  };
}

/** Waits until something is so; says what it waited for where it never is. */
export async function untilSo<T>(what: string, probe: () => Promise<T | undefined>, milliseconds = 60_000): Promise<T> {
  for (const end = Date.now() + milliseconds; Date.now() < end; ) {
    const found = await probe();
    if (found !== undefined) return found;
    await sleep(20);
  }
  throw new Error(`waited ${milliseconds} ms in vain: ${what}`);
}
