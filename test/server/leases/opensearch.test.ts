import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openOpenSearchStore } from '../../../server/store/opensearch/open.ts';
import { settledLedger } from '../../e2e/exactly-once.ts';
import { Installation, until } from '../../e2e/harness.ts';
import { accessLog, authLog } from '../../e2e/logs.ts';
import { OPENSEARCH_3, requireOpenSearch, startOpenSearch, type TestNode } from '../store/opensearch-node.ts';
import { type LeaseBench, leaseCases } from './lease-cases.ts';

// Whole servers use the names of a real installation: they get a cluster of their own.
delete process.env['OPENSEARCH_URL'];
requireOpenSearch(OPENSEARCH_3);

const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const endsAt = Date.now() - 3_600_000;
const lines = [...authLog(6_000, { endsAt }), ...accessLog(2_000, { endsAt })];
const half = lines.length / 2;
const text = (part: readonly string[]) => `${part.join('\n')}\n`;

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
  }, 300_000);
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
  const evaluatedOf = async (name: string) => {
    const { body } = await node.ask('GET', `/haidang-counters/_doc/detection:${name}`);
    return (body['_source'] as { value: number } | undefined)?.value ?? 0;
  };
  /** All that was written is stored and evaluated; the machine may be busy with more than this. */
  const settled = (name: string, count: number) =>
    until(
      `${count} events are evaluated`,
      async () => ((await evaluatedOf(name)) >= count ? true : undefined),
      240_000,
    );
  const takenOver = (name: string) =>
    until(
      `the other server has evaluated what ${name} stored`,
      async () => {
        const { body } = await node.ask('GET', `/haidang-records/_doc/lease:server:${name}`);
        const lease = JSON.parse((body['_source'] as { document: string }).document) as { drained: boolean };
        return lease.drained && (await evaluatedOf(name)) >= (await storedBy(name)) ? true : undefined;
      },
      240_000,
    );

  test('what a killed server, and one that sleeps, left is evaluated by the other; the alerts are those of a calm day', async () => {
    const calm = await install(undefined);
    writeFileSync(calm.log, text(lines));
    await start(calm.installation);
    await until('all is evaluated', () => settledLedger(calm.installation, lines.length), 300_000);
    const expected = await alertsOf(calm.installation);
    await calm.installation.end('SIGTERM');

    const one = await install('one');
    const other = await install('other', 'nothing.log');
    await start(one.installation);
    await start(other.installation);

    appendFileSync(one.log, text(lines.slice(0, half)));
    await until('some events are stored', async () => ((await storedBy('one')) > 500 ? true : undefined), 240_000);
    await one.installation.end('SIGKILL');
    const killed = Date.now();
    await takenOver('one');
    console.log(JSON.stringify({ killedServerTakenOverAfterMs: Date.now() - killed }));
    await start(one.installation);
    await settled('one', half);

    const before = await storedBy('one');
    appendFileSync(one.log, text(lines.slice(half)));
    await until(
      'some more are stored',
      async () => ((await storedBy('one')) > before + 500 ? true : undefined),
      240_000,
    );
    const slept = one.installation.pid;
    process.kill(slept, 'SIGSTOP');
    const stopped = Date.now();
    await takenOver('one');
    console.log(JSON.stringify({ sleepingServerTakenOverAfterMs: Date.now() - stopped }));
    process.kill(slept, 'SIGCONT');
    await until('the one that slept ends', () => (hasEnded(slept) ? true : undefined), 240_000);
    await start(one.installation);
    await settled('one', lines.length);

    expect(await alertsOf(other.installation)).toEqual(expected);
    const { hits } = await search('events', { size: 0, track_total_hits: true });
    expect(hits.total.value).toBe(lines.length);
  });
});
