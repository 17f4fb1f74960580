import type { AgencyBook } from '../agencies/names.ts';
import { alertRows, type RuleBook } from '../alerts/queries.ts';
import type { AlertRow } from '../alerts/schema.ts';
import { isShown } from '../alerts/seen.ts';
import type { Identity } from '../identity.ts';
import type { Log } from '../log.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { LiveMessage } from './schema.ts';

/** One connected console, as the feed sees it. */
export interface LiveClient {
  readonly identity: Identity;
  /** Bytes that wait to be sent. */
  buffered(): number;
  send(message: LiveMessage): void;
}

/** Sends changed alerts to the consoles, each from where it stands. */
export interface LiveFeed {
  /** Something changed: look within 50 ms. */
  wake(): void;
  /** Adds a client that has seen everything up to a change number; the answer takes it away again. */
  join(client: LiveClient, since: number): () => void;
  clients(): number;
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
      const page = await load(member, pages);
      for (const { change, alert } of page.rows) member.client.send({ type: 'alert', change, alert });
      sent += page.rows.length;
      member.seen = page.last ? Math.max(upTo, page.seen) : page.seen;
      if (!page.last && sent >= RESUME_MAX) restart(member, await records.lastChange());
      if (member.client.buffered() > BUFFER_MAX) return;
    }
    if (tick) member.client.send({ type: 'tick', change: member.seen, at: new Date().toISOString() });
  }

  /** Consoles with the same scope that stand at the same place share one query. */
  function load(member: Member, pages: Map<string, Promise<Page>>): Promise<Page> {
    const { agencies: scope } = member.client.identity;
    const key = `${scope === 'all' ? '*' : [...scope].sort().join(',')} ${member.seen}`;
    let page = pages.get(key);
    if (!page) {
      page = read(member.client.identity, member.seen);
      pages.set(key, page);
    }
    return page;
  }

  async function read(identity: Identity, since: number): Promise<Page> {
    const changed = await records.as(identity).changesSince('alert', since, PAGE);
    const shown = changed.filter(({ document }) => isShown(identity, document));
    const rows = await alertRows(shown, typeof rules === 'function' ? rules() : rules, agencies);
    return {
      rows: rows.map((alert) => ({ change: alert.change, alert })),
      seen: changed.at(-1)?.change ?? since,
      last: changed.length < PAGE,
    };
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
    stop() {
      stopped = true;
      clearInterval(ticker);
      clearTimeout(timer);
      members.clear();
    },
  };
}

interface Page {
  readonly rows: readonly { readonly change: number; readonly alert: AlertRow }[];
  readonly seen: number;
  readonly last: boolean;
}
