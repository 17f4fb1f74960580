import type { Audit } from '../accounts/audit.ts';
import { DUTY_POLICY, type DutyPolicy } from '../accounts/duties.ts';
import type { AgencyBook } from '../agencies/names.ts';
import type { RuleBook } from '../alerts/queries.ts';
import type { Authority } from '../authority/authority.ts';
import type { Incidents } from '../incidents/incidents.ts';
import { startDuty } from '../leases/duty.ts';
import { Leases } from '../leases/leases.ts';
import type { Membership } from '../leases/membership.ts';
import type { Log } from '../log.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { OutboundPolicy } from '../system/outbound.ts';
import { openCandidates } from './candidate.ts';
import type { Channel } from './channels/channel.ts';
import { openChannel } from './channels/index.ts';
import { type Forwarder, openForwarder } from './forwarder.ts';
import { openSharingKeys, type PublicSharingKey } from './keys.ts';
import type { Recipient, SharingSettings } from './settings.ts';
import { openShares, type Shares } from './shares.ts';

/** Sharing with others: what leaves, who lets it leave, and the outbox. */
export interface Sharing {
  readonly settings: SharingSettings;
  readonly duties: DutyPolicy;
  readonly shares: Shares;
  readonly key: PublicSharingKey;
  readonly forwarder: Forwarder;
  /** Begins to send, on whichever of the servers has the lease. */
  start(membership: Pick<Membership, 'serve'> | undefined): void;
  stop(): Promise<void>;
}

export interface SharingOptions {
  readonly records: RecordStore;
  readonly incidents: Pick<Incidents, 'get'>;
  readonly agencies: AgencyBook;
  readonly rules: () => RuleBook;
  readonly audit: Audit;
  readonly authority: Pick<Authority, 'sign' | 'certificate'>;
  readonly data: string;
  readonly settings: SharingSettings;
  /** Which acts take two persons; both unless said. */
  readonly duties?: DutyPolicy;
  readonly log: Log;
  /** What of the state network may be asked; nothing unless given. */
  readonly outbound?: OutboundPolicy;
  readonly now?: () => number;
  readonly random?: () => number;
  /** Another way to the recipients than by the configuration. */
  readonly channelTo?: (recipient: Recipient) => Channel;
}

/** Name of the lease under which one server sends for all. */
export const FORWARDER_LEASE = 'forwarder';
/** Where one server has the store alone nobody else can take the lease; its token rises all the same. */
const SILENCE_MS = 8_000;
const EVERY_MS = 1_000;

/** Opens sharing; nothing leaves before `start`. */
export async function openSharing(options: SharingOptions): Promise<Sharing> {
  const { records, settings, data, log, audit, now, random, duties = DUTY_POLICY } = options;
  const keys = await openSharingKeys(options);
  const candidates = openCandidates({ ...options, keys });
  let forwarder: Forwarder | undefined;
  const shares = openShares({
    records,
    incidents: options.incidents,
    candidates,
    keys,
    settings,
    duties,
    audit,
    log,
    woken: () => forwarder?.wake(),
    ...(now ? { now } : {}),
  });
  const { outbound = { allowPrivate: [] } } = options;
  const channels = new Map<string, Channel>();
  const channelOf = (id: string): Channel | undefined => {
    const known = channels.get(id);
    const recipient = settings.recipients.find((one) => one.id === id);
    if (known || !recipient) return known;
    const opened = options.channelTo?.(recipient) ?? openChannel(recipient, { data, key: keys.public, outbound });
    channels.set(id, opened);
    return opened;
  };
  forwarder = openForwarder({
    records,
    shares,
    keys,
    channelOf,
    giveUpMs: settings.giveUpHours * 3_600_000,
    log,
    ...(now ? { now } : {}),
    ...(random ? { random } : {}),
  });
  const sending = forwarder;
  await shares.recover();
  let duty: ReturnType<typeof startDuty> | undefined;
  return {
    settings,
    duties,
    shares,
    key: keys.public,
    forwarder: sending,
    start(membership) {
      if (membership) {
        membership.serve(FORWARDER_LEASE, (lease, end) => sending.work(lease, end));
        return;
      }
      const leases = new Leases({ records, holder: 'alone', silence: SILENCE_MS });
      const work: Parameters<typeof startDuty>[0]['work'] = (lease, end) => sending.work(lease, end);
      duty = startDuty({ leases, name: FORWARDER_LEASE, work, log, everyMs: EVERY_MS });
    },
    async stop() {
      await duty?.stop();
      for (const channel of channels.values()) channel.close();
    },
  };
}
