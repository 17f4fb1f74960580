import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEvaluator } from '../../server/detection/evaluate.ts';
import { loadRules, PACKS } from '../../server/detection/load-rules.ts';
import { buildTable } from '../../server/indicators/build-table.ts';
import { openListWriter } from '../../server/indicators/list-files.ts';
import { ruleOfList } from '../../server/indicators/rule-of-list.ts';
import type { SharedIndicators } from '../../server/indicators/watch.ts';
import type { StoredBatch } from '../../server/store/event-store.ts';
import { batchOf, type Parsed } from '../server/store/frames.ts';

/**
 * Measures lists of indicators: `npm run bench:indicators -- [COUNT]` prints one JSON line with the memory of the whole
 * process, the time to load, and what one event costs, with and without an indicator in it.
 */
const count = Number(process.argv[2] ?? 1_000_000);
const EVENTS = 20_000;
const BATCH = 1_000;
const MIB = 1024 * 1024;

const hex = (at: number): string => createHash('sha256').update(String(at)).digest('hex');
const address = (at: number): string =>
  [11 + (at % 200), (at >>> 8) & 255, (at >>> 16) & 255, (at * 7) & 255].join('.');
const KINDS = [
  (at: number) => ({ type: 'network', value: address(at) }) as const,
  (at: number) => ({ type: 'domain', value: `${hex(at).slice(0, 12)}.example${at % 97}.vn` }) as const,
  (at: number) => ({ type: 'url', value: `host-${at}.example.vn/path/${hex(at).slice(0, 20)}?id=${at}` }) as const,
  (at: number) => ({ type: 'hash', value: hex(at) }) as const,
  (at: number) =>
    ({ type: 'network', value: `2001:db8:${(at & 0xffff).toString(16)}:${(at >>> 16).toString(16)}::/64` }) as const,
  (at: number) => ({ type: 'network', value: `100.${(at >>> 8) & 255}.${at & 255}.0/24` }) as const,
];

const folder = await mkdtemp(join(tmpdir(), 'haidang-bench-indicators-'));
try {
  const path = join(folder, 'list.tsv');
  const writer = await openListWriter(path);
  for (let at = 0; at < count; at++)
    writer.write({ ...(KINDS[at % KINDS.length] as (typeof KINDS)[number])(at), expires: 0, confidence: 50 });
  await writer.end();
  const before = process.memoryUsage().rss;
  const begun = process.cpuUsage();
  const built = await buildTable([path], Math.floor(Date.now() / 1_000));
  const loaded = process.cpuUsage(begun);
  const { rss, arrayBuffers } = process.memoryUsage();
  const peak = process.resourceUsage().maxRSS;
  const rules = (await loadRules([PACKS])).rules;
  const event = (at: number, isBad: boolean): Parsed => ({
    '@timestamp': new Date(Date.UTC(2026, 10, 20, 8, 0, at % 60)).toISOString(),
    message: `GET /news/${at}`,
    event: { kind: 'event', module: 'suricata', dataset: 'suricata.eve', category: ['network'] },
    source: { ip: `10.${at & 255}.${(at >>> 8) & 255}.7`, port: 40_000 },
    destination: {
      ip: isBad ? address((at % 1_000) * KINDS.length) : `192.0.2.${at & 255}`,
      domain: `mail${at % 500}.example.org`,
    },
    dns: { question: { name: `www${at % 300}.example.org` } },
    url: { full: `https://www.example.org/news/${at}?page=2` },
    process: { hash: { sha256: hex(-1 - (at % 100)) } },
  });
  const shared: SharedIndicators = { table: built.table, lists: ['bench'] };
  const own = ruleOfList(
    'bench',
    {
      name: 'bench',
      source: 'bench',
      tlp: 'clear',
      severity: 'high',
      format: 'csv',
      count,
      refused: 0,
      skipped: 0,
      expires: null,
      content: '',
      at: '',
      by: '',
    },
    undefined,
  );
  const cost = (isBad: boolean, withLists: boolean) => {
    const evaluator = withLists ? createEvaluator([...rules, own], shared) : createEvaluator(rules);
    const batches = Array.from({ length: EVENTS / BATCH }, (_, batch): StoredBatch => {
      const events = Array.from({ length: BATCH }, (__, at) => event(batch * BATCH + at, isBad));
      const first = batch * BATCH + 1;
      const { body, ...rest } = batchOf(events, { first });
      return {
        ...rest,
        body,
        firstSequence: first,
        lastSequence: first + BATCH - 1,
        lines: Uint32Array.from(events, (__, at) => at),
      };
    });
    let hits = 0;
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 4; round++) {
      hits = 0;
      const start = process.cpuUsage();
      for (const batch of batches) hits += evaluator.evaluate(batch).hits.get(own.id) ?? 0;
      const { user, system } = process.cpuUsage(start);
      best = Math.min(best, ((user + system) * 1_000) / EVENTS);
    }
    return { hits, nanoseconds: Math.round(best) };
  };
  const without = cost(false, false);
  const harmless = cost(false, true);
  const bad = cost(true, true);
  console.log(
    JSON.stringify({
      indicators: built.table.count,
      rss_mib: Math.round(rss / MIB),
      rss_before_mib: Math.round(before / MIB),
      table_mib: Math.round(arrayBuffers / MIB),
      load_cpu_s: Math.round((loaded.user + loaded.system) / 1e4) / 100,
      peak_rss_mib: Math.round(peak / 1024),
      rules: rules.length,
      ns_per_event_without: without.nanoseconds,
      ns_per_event: harmless.nanoseconds,
      hits: harmless.hits,
      ns_per_matching_event: bad.nanoseconds,
      matching_hits: bad.hits,
    }),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
