import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { secretKeysPath } from '../../../server/accounts/secret-box.ts';
import { openOpenSearchStore } from '../../../server/store/opensearch/open.ts';
import { settledLedger } from '../../e2e/exactly-once.ts';
import { Installation, until } from '../../e2e/harness.ts';
import { accessLog, authLog } from '../../e2e/logs.ts';
import { OPENSEARCH_3 } from '../store/opensearch-install.ts';
import { requireOpenSearch, startOpenSearch, type TestNode } from '../store/opensearch-node.ts';
import { type LeaseBench, leaseCases } from './lease-cases.ts';

// Whole servers use the names of a real installation: they get a cluster of their own.
delete process.env['OPENSEARCH_URL'];
requireOpenSearch(OPENSEARCH_3);

const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const endsAt = Date.now() - 3_600_000;
const lines = [...authLog(3_000, { endsAt }), ...accessLog(1_000, { endsAt })];
/** How often each fault is tried; more than once to measure. */
const ROUNDS = Number(process.env['HAIDANG_TEST_TAKEOVERS'] ?? 1);
/** Lines of one fault. */
const part = Math.floor(lines.length / (2 * ROUNDS));
const SLEEP_MS = 60_000;
const KEY = `${randomBytes(6).toString('hex')} ${randomBytes(32).toString('base64')}\n`;
const text = (some: readonly string[]) => `${some.join('\n')}\n`;

/** Alert groups without what depends on the clock. */
async function alertsOf(installation: Installation): Promise<string[]> {
  const { out } = await installation.cli(['alert', 'list', '--json']);
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const { rule, agency, count, first, last } = JSON.parse(line);
      return JSON.stringify([rule, agency, count, first, last]);
    })
    .toSorted();
}

/** Starts it, however long a busy machine takes. */
async function start(installation: Installation): Promise<void> {
  await installation
    .up()
    .catch(() =>
      until('it is ready', async () => ((await fetch(`${installation.url}/readyz`)).ok ? true : undefined), 240_000),
    );
}

function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

describe('with OpenSearch', { timeout: 1_200_000 }, () => {
  let node: TestNode;
  const installations: Installation[] = [];

  beforeAll(async () => {
    node = await startOpenSearch(OPENSEARCH_3);
  }, 700_000);
  afterAll(async () => {
    for (const installation of installations) await installation.remove();
    await node?.stop();
  });

  describe('leases', () => {
    const bench: LeaseBench = { records: undefined as never };
    let number = 0;
    beforeEach(async () => {
      const { events, records } = await openOpenSearchStore({
        ...node.address,
        prefix: `leases-${++number}`,
        log: quiet,
      });
      bench.records = records;
      return () => Promise.all([events.close(), records.close()]);
    });
    leaseCases('OpenSearch', bench);
  });

  async function install(
    name: string | undefined,
    source = 'all.log',
  ): Promise<{ installation: Installation; log: string }> {
    const shared = name === undefined ? {} : { OPENSEARCH_URL: node.url, HAIDANG_NODE: name };
    const installation = await Installation.create({
      inputs: (folder) => [{ type: 'file', paths: [join(folder, source)], from: 'start' }],
      env: shared,
    });
    installations.push(installation);
    const log = join(installation.folder, 'all.log');
    writeFileSync(log, '');
    if (name !== undefined) {
      // Servers of one store have one key of secrets.
      const key = secretKeysPath(installation.data);
      mkdirSync(dirname(key), { recursive: true, mode: 0o700 });
      writeFileSync(key, KEY, { mode: 0o600 });
    }
    return { installation, log };
  }

  const search = async (index: string, body: object) => {
    await node.ask('POST', `/haidang-${index}/_refresh`);
    const answer = await node.ask('POST', `/haidang-${index}/_search`, body);
    return answer.body as { hits: { total: { value: number }; hits: { _source: Record<string, number> }[] } };
  };
  const storedBy = async (name: string) =>
    (await search('batches', { size: 1, query: { term: { node: name } }, sort: [{ first: 'desc' }] })).hits.hits[0]
      ?._source['last'] ?? 0;
  const storedInAll = async () => (await search('events', { size: 0, track_total_hits: true })).hits.total.value;
  const evaluatedOf = async (name: string) => {
    const { body } = await node.ask('GET', `/haidang-counters/_doc/detection:${name}`);
    return (body['_source'] as { value: number } | undefined)?.value ?? 0;
  };
  /** Entries that are in alerts are let go of. */
  const ungrouped = async () =>
    (await search('matches', { size: 0, track_total_hits: true, query: { term: { kind: 'entry' } } })).hits.total.value;
  const drained = async (name: string) => {
    const { body } = await node.ask('GET', `/haidang-records/_doc/lease:server:${name}`);
    const lease = JSON.parse((body['_source'] as { document: string }).document) as { drained: boolean };
    return lease.drained && (await evaluatedOf(name)) >= (await storedBy(name));
  };
  const within = (what: string, holds: () => Promise<boolean>) =>
    until(what, async () => ((await holds()) ? true : undefined), 240_000);
  /** Another server has done what was left to do; gives the milliseconds until it was evaluated, and until it was in alerts. */
  const takenOver = async (name: string) => {
    const from = Date.now();
    await within(`what ${name} stored is evaluated by another`, () => drained(name));
    const evaluatedAfterMs = Date.now() - from;
    await within('all is in alerts', async () => (await ungrouped()) === 0);
    return { evaluatedAfterMs, inAlertsAfterMs: Date.now() - from };
  };

  test('what a killed server, and one that sleeps, left is evaluated by the other; the alerts are those of a calm day', async () => {
    const calm = await install(undefined);
    writeFileSync(calm.log, text(lines));
    await start(calm.installation);
    await until('all is evaluated', () => settledLedger(calm.installation, lines.length), 700_000);
    const expected = await alertsOf(calm.installation);
    await calm.installation.end('SIGTERM');

    const servers = { one: await install('one'), other: await install('other') };
    await start(servers.one.installation);
    await start(servers.other.installation);
    let given = 0;
    /** Lines of one agency by both servers in turn, so that none of them alone sees what makes an alert. */
    const give = async () => {
      const some = lines.slice(given, given + part);
      given += some.length;
      const before = await storedInAll();
      for (const [at, { log }] of [servers.one, servers.other].entries())
        appendFileSync(log, text(some.filter((_, line) => line % 2 === at)));
      await within('some of it is stored', async () => (await storedInAll()) > before + part / 10);
    };

    for (let round = 0; round < ROUNDS; round++) {
      await give();
      await servers.one.installation.end('SIGKILL');
      console.log(JSON.stringify({ killed: await takenOver('one') }));
      await start(servers.one.installation);
      await within('all is stored', async () => (await storedInAll()) === given);

      await give();
      const { installation } = servers.other;
      const slept = installation.pid;
      process.kill(slept, 'SIGSTOP');
      const from = Date.now();
      console.log(JSON.stringify({ stopped: await takenOver('other') }));
      await new Promise((done) => setTimeout(done, Math.max(0, SLEEP_MS - (Date.now() - from))));
      process.kill(slept, 'SIGCONT');
      await until('the one that slept ends', () => (hasEnded(slept) ? true : undefined), 240_000);
      await start(installation);
      await within('all is stored', async () => (await storedInAll()) === given);
    }
    await within('all is evaluated', async () => {
      const left = await Promise.all(
        Object.keys(servers).map(async (name) => (await storedBy(name)) - (await evaluatedOf(name))),
      );
      return left.every((count) => count <= 0) && (await ungrouped()) === 0;
    });
    expect(await alertsOf(servers.one.installation)).toEqual(expected);
    expect(await storedInAll()).toBe(lines.length);
  });
});
