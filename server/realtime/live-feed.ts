import { may } from '../accounts/permissions.ts';
import type { AgencyBook } from '../agencies/names.ts';
import { alertRows, type RuleBook } from '../alerts/queries.ts';
import { isShown } from '../alerts/seen.ts';
import type { AgencyId, Identity } from '../identity.ts';
import type { Log } from '../log.ts';
import type { AgencyRequestRecord } from '../requests/record.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import type { LiveMessage } from './schema.ts';

/** One connected console, as the feed sees it. */
export interface LiveClient {
  readonly identity: Identity;
  /** Bytes that wait to be sent. */
  buffered(): number;
  send(message: LiveMessage): void;
}

/** Sends changed alerts and requests to the consoles, each from where it stands. */
export interface LiveFeed {
  /** Something changed: look within 50 ms. */
  wake(): void;
  /** Adds a client that has seen everything up to a change number; the answer takes it away again. */
  join(client: LiveClient, since: number): () => void;
  clients(): number;
  /** Sends a notice to the consoles of a person who may see the agency; programs with a token get none. */
  announce(person: string, agency: AgencyId, message: Extract<LiveMessage, { type: 'notice' }>): void;
  stop(): void;
}

const COALESCE_MS = 40;
const TICK_MS = 15_000;
const PAGE = 200;
/** More changes than this at once are a new list, not a feed. */
const RESUME_MAX = 5_000;
/** A client with more than this unsent waits; once it has drained it starts anew. */
const BUFFER_MAX = 1024 * 1024;

interface Member {
  readonly client: LiveClient;
  seen: number;
  /** Fell behind: gets a `restart` as soon as its buffer has drained. */
  behind: boolean;
}

/** The feed over the record store. `tickMs` is how often an idle client hears that all is well. */
export function openLiveFeed(options: {
  readonly records: RecordStore;
  /** The rules in force; as a function where they may change. */
  readonly rules: RuleBook | (() => RuleBook);
  readonly agencies: AgencyBook;
  readonly log: Log;
  readonly tickMs?: number;
}): LiveFeed {
  const { records, rules, agencies, log, tickMs = TICK_MS } = options;
  const members = new Set<Member>();
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let again = false;
  let stopped = false;

  async function flush(tick: boolean): Promise<void> {
    const upTo = await records.lastChange();
    const pages = new Map<string, Promise<Page>>();
    await Promise.all([...members].map((member) => advance(member, upTo, pages, tick)));
  }

  async function advance(member: Member, upTo: number, pages: Map<string, Promise<Page>>, tick: boolean) {
    if (member.behind || member.client.buffered() > BUFFER_MAX) {
      member.behind = true;
      if (member.client.buffered() > 0) return;
      restart(member, upTo);
    }
    // A number from the future is a store that was restored from a backup: the client's list is of another time.
    if (member.seen > upTo) restart(member, upTo);
    let sent = 0;
    while (member.seen < upTo && members.has(member)) {
      const page = await load(member, upTo, pages);
      const mayRead = may(member.client.identity, 'requests.read');
      for (const message of page.messages) if (message.type !== 'request' || mayRead) member.client.send(message);
      sent += page.messages.length;
      member.seen = page.seen;
      if (!page.last && sent >= RESUME_MAX) restart(member, await records.lastChange());
      if (member.client.buffered() > BUFFER_MAX) return;
    }
    if (tick) member.client.send({ type: 'tick', change: member.seen, at: new Date().toISOString() });
  }

  /** Consoles with the same scope that stand at the same place share one query. */
  function load(member: Member, upTo: number, pages: Map<string, Promise<Page>>): Promise<Page> {
    const { agencies: scope } = member.client.identity;
    const key = `${scope === 'all' ? '*' : [...scope].sort().join(',')} ${member.seen}`;
    let page = pages.get(key);
    if (!page) {
      page = read(member.client.identity, member.seen, upTo);
      pages.set(key, page);
    }
    return page;
  }

  async function read(identity: Identity, since: number, upTo: number): Promise<Page> {
    const view = records.as(identity);
    const changed = await view.changesSince('alert', since, PAGE);
    // After the alerts: what changed before the last of these is not missing here.
    const asked = await view.changesSince('agency-request', since, PAGE);
    const isFull = { alerts: changed.length === PAGE, requests: asked.length === PAGE };
    const last = !isFull.alerts && !isFull.requests;
    const ofAlerts = changed.at(-1)?.change ?? since;
    // Up to here every alert is known, and with them every request that these pages hold.
    const known = isFull.alerts ? ofAlerts : Math.max(upTo, ofAlerts);
    const seen = isFull.requests ? Math.min(known, asked.at(-1)?.change ?? since) : known;
    const near = ({ change }: { readonly change: number }) => change <= seen;
    const shown = changed.filter((one) => near(one) && isShown(identity, one.document));
    const rows = await alertRows(shown, typeof rules === 'function' ? rules() : rules, agencies);
    const messages: Page['messages'][number][] = [
      ...rows.map((alert) => ({ type: 'alert' as const, change: alert.change, alert })),
      ...asked.filter(near).map(requestMessage),
    ];
    return { messages: messages.sort((a, b) => a.change - b.change), seen, last };
  }

  function restart(member: Member, change: number): void {
    member.behind = false;
    member.seen = change;
    member.client.send({ type: 'restart', change });
  }

  async function run(tick: boolean): Promise<void> {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      do {
        again = false;
        await flush(tick);
      } while (again && !stopped);
    } catch (error) {
      log.error({ err: error }, 'the live feed could not read changes; it tries again at the next tick');
    } finally {
      running = false;
    }
  }

  function wake(): void {
    if (timer || stopped || members.size === 0) return;
    timer = setTimeout(() => {
      timer = undefined;
      void run(false);
    }, COALESCE_MS);
  }

  const ticker = setInterval(() => void run(true), tickMs);
  ticker.unref();

  return {
    wake,
    join(client, since) {
      const member = { client, seen: since, behind: false };
      members.add(member);
      wake();
      return () => void members.delete(member);
    },
    clients: () => members.size,
    announce(person, agency, message) {
      for (const { client } of members) {
        const { kind, name, agencies: scope, limits } = client.identity;
        const isMeant = kind === 'user' && name === person && limits === undefined;
        // One that fell behind finds it in its list.
        if (!isMeant || !(scope === 'all' || scope.includes(agency)) || client.buffered() > BUFFER_MAX) continue;
        client.send(message);
      }
    },
    stop() {
      stopped = true;
      clearInterval(ticker);
      clearTimeout(timer);
      members.clear();
    },
  };
}

function requestMessage({ id, change, document }: Versioned<AgencyRequestRecord>): Page['messages'][number] {
  const { agency, state, subject, due } = document;
  return { type: 'request', change, id, agency, state, subject, due };
}

interface Page {
  readonly messages: readonly Extract<LiveMessage, { type: 'alert' | 'request' }>[];
  readonly seen: number;
  readonly last: boolean;
}
