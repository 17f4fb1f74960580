import type { IncomingMessage } from 'node:http';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Detection, startDetection } from '../../../server/detection/detection.ts';
import { type Grouper, startGrouper } from '../../../server/detection/grouper.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { type KeptLease, keepLease } from '../../../server/leases/keep.ts';
import { Leases } from '../../../server/leases/leases.ts';
import { openOpenSearchStore } from '../../../server/store/opensearch/open.ts';
import { ADMIN_LOGIN, BRUTE_FORCE, LOGIN_AFTER_FAILURES, testRules } from '../detection/world.ts';
import { type BusyProxy, startBusyProxy } from '../store/busy-proxy.ts';
import { batchOf, type Parsed, sshFailure } from '../store/frames.ts';
import { requireOpenSearch, startOpenSearch, type TestNode } from '../store/opensearch-node.ts';

requireOpenSearch();

const log = pino({ level: process.env['TEST_LOG'] ?? 'silent' });
const NOW = Date.UTC(2026, 10, 20, 9);
const SILENCE = 40;

let node: TestNode;
let proxy: BusyProxy;

beforeAll(async () => {
  node = await startOpenSearch();
  proxy = await startBusyProxy(node.url);
}, 700_000);
afterAll(async () => {
  await proxy?.stop();
  await node?.stop();
});

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`Waited in vain: ${what}.`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** A server as far as it stores, evaluates and groups. */
class Server {
  readonly name: string;
  readonly #url: string;
  readonly #prefix: string;
  store!: Awaited<ReturnType<typeof openOpenSearchStore>>;
  detection!: Detection;
  grouper: Grouper | undefined;
  lease: KeptLease | undefined;
  #next = 1;
  #clock = 0;

  constructor(name: string, prefix: string, url = node.url) {
    this.name = name;
    this.#prefix = prefix;
    this.#url = url;
  }

  async open(): Promise<this> {
    const { name } = this;
    this.store = await openOpenSearchStore({
      url: this.#url,
      prefix: this.#prefix,
      node: name,
      now: () => NOW,
      log,
    });
    return this;
  }

  async evaluate(): Promise<void> {
    this.detection = await startDetection({
      ...this.store,
      rules: testRules(),
      log,
      onAlertsChanged: () => {},
      onMatches: () => this.grouper?.wake(),
    });
  }

  /** Stores a frame of a collector that sends to this server. */
  async take(events: readonly Parsed[]): Promise<void> {
    const first = this.#next;
    this.#next += events.length;
    const batch = batchOf(events, { collector: `c1aaaaa${this.name}`, first });
    const { appended } = await this.store.events.append(batch);
    if (appended) this.detection.offer(appended);
  }

  /** Takes the lease, from a holder who is silent if need be, and groups. */
  async group(armed = () => {}): Promise<void> {
    const { matches } = this.store.records;
    if (!matches) throw new Error('This store has no match log.');
    const records = this.store.records;
    const leases = new Leases({ records, holder: this.name, silence: SILENCE, now: () => this.#clock });
    await until('the lease is free', async () => {
      this.#clock += SILENCE / 4;
      const lease = await leases.tryAcquire('grouping');
      if (lease) this.lease = keepLease(lease, 3_600_000, log);
      return lease !== undefined;
    });
    const lease = this.lease;
    if (!lease) throw new Error('There is no lease.');
    armed();
    const grouper = startGrouper({
      ...this.store,
      matches,
      rules: testRules().rules,
      lease,
      log,
      onAlertsChanged: () => {},
      onGrouped: (done) => this.detection?.grouped(done[this.name]),
    });
    this.grouper = grouper;
  }

  /** All that it stored is in alerts. */
  settled(): Promise<void> {
    return until(`all that ${this.name} stored is in alerts`, () => this.detection.state().lagEvents === 0);
  }

  async alerts(): Promise<string[]> {
    const { records } = await this.store.records.as(SYSTEM).find('alert', { limit: 1_000 });
    return records
      .map(({ document: { rule, group, count, first, last, status } }) =>
        JSON.stringify([rule, group, count, first, last, status]),
      )
      .sort();
  }

  async stop(): Promise<void> {
    await this.grouper?.stop();
    await this.detection?.stop();
    await Promise.all([this.store.events.close(), this.store.records.close()]);
  }
}

/** Failed log-ins of one address, a second apart, dealt in turn. */
function dealt(from: number, count: number, ip: string): [Parsed[], Parsed[]] {
  const all = Array.from({ length: count }, (_, at) => sshFailure(from + at, ip));
  return [all.filter((_, at) => at % 2 === 0), all.filter((_, at) => at % 2 === 1)];
}

const countOf = (alerts: readonly string[], rule: string) =>
  alerts.map((text) => JSON.parse(text)).flatMap(([of, , count]) => (of === rule ? [count] : []));

describe('servers that share a cluster', { timeout: 600_000 }, () => {
  let number = 0;
  const pair = async (urlOfFirst = node.url) => {
    const prefix = `grouping-${process.pid}-${++number}`;
    const [a, b] = [new Server('a', prefix, urlOfFirst), new Server('b', prefix)];
    await a.open();
    await b.open();
    return [a, b, prefix] as const;
  };

  it('count what came by any of them as one, on whichever groups', async () => {
    const [a, b] = await pair();
    await a.evaluate();
    await b.evaluate();
    const [one, other] = dealt(0, 12, '203.0.113.7');
    await a.take(one);
    await b.take(other);
    await a.group();
    await Promise.all([a.settled(), b.settled()]);
    expect(countOf(await b.alerts(), BRUTE_FORCE)).toEqual([12]);

    // Five more by each, and a log-in that comes by the other; then the one that groups is gone.
    const [five, six] = dealt(12, 10, '203.0.113.7');
    await a.take(five);
    await b.take(six);
    await Promise.all([a.settled(), b.settled()]);
    expect(countOf(await b.alerts(), BRUTE_FORCE)).toEqual([22]);
    await a.grouper?.stop();
    await a.take([sshFailure(30, '203.0.113.7', 'admin')]);
    await b.take([
      sshFailure(31, '203.0.113.7', 'admin'),
      { ...sshFailure(40, '203.0.113.7'), event: { ...sshFailure(40).event, outcome: 'success' } },
    ]);
    await b.group();
    await Promise.all([a.settled(), b.settled()]);
    const alerts = await a.alerts();
    expect(countOf(alerts, BRUTE_FORCE)).toEqual([24]);
    expect(countOf(alerts, ADMIN_LOGIN)).toEqual([2]);
    expect(countOf(alerts, LOGIN_AFTER_FAILURES)).toEqual([25]);
    // The one that lost the lease without knowing it writes nothing more.
    await expect(a.lease?.check()).rejects.toMatchObject({ code: 'HD_LEASE_LOST' });
    await Promise.all([a.stop(), b.stop()]);
  });

  it('count a stretch once, wherever the one that groups is cut off', async () => {
    const [a, b, prefix] = await pair();
    await a.evaluate();
    await b.evaluate();
    const grouping = await new Server('c', prefix, proxy.url).open();
    let cuts = 0;
    for (const kind of ['cut', 'cut-answer'] as const) {
      for (let at = 1; ; at++) {
        const ip = `203.0.113.${++cuts}`;
        const user = `user-${cuts}`;
        // Some of it is in an alert already, so that there is something to count twice.
        const [some, more] = dealt(0, 12, ip);
        await a.take(some);
        await b.take(more);
        await b.group();
        await Promise.all([a.settled(), b.settled()]);
        await b.grouper?.stop();
        const [late, later] = dealt(12, 10, ip);
        await a.take([...late, sshFailure(0, ip, 'admin')]);
        await b.take([...later, sshFailure(3_700, ip, 'admin'), sshFailure(1, ip, user)]);
        await until('all is evaluated', () => [a, b].every(({ detection }) => detection.state().unevaluated === 0));
        let writes = 0;
        let isCut = false;
        await grouping.group(() => {
          proxy.trouble = (asked) => {
            if (!isCut && isWrite(asked) && ++writes === at) {
              isCut = true;
              return kind;
            }
            return isCut ? 'cut' : undefined;
          };
        });
        const begun = Date.now();
        await until('it is cut off, or done', () => isCut || Date.now() - begun > 4_000);
        await grouping.grouper?.stop();
        const wasCut = isCut;
        proxy.trouble = () => undefined;
        await b.group();
        await Promise.all([a.settled(), b.settled()]);
        await b.grouper?.stop();
        const counts = {
          bruteForce: countOf(await b.alerts(), BRUTE_FORCE),
          admin: countOf(await b.alerts(), ADMIN_LOGIN),
        };
        expect([kind, at, counts]).toEqual([kind, at, { bruteForce: [24 * cuts], admin: [2 * cuts] }]);
        if (!wasCut) break;
      }
    }
    // Signals, alerts, their numbers and the step itself, each once lost on the way there and once on the way back.
    expect(cuts).toBeGreaterThanOrEqual(8);
    await Promise.all([a.stop(), b.stop(), grouping.stop()]);
  });
});

/** Of what grouping asks: the requests that change something. */
function isWrite({ method, url = '' }: IncomingMessage): boolean {
  if (url.startsWith('/_bulk')) return true;
  return method === 'PUT' && !url.includes('/_mapping') && !url.includes('_template');
}
