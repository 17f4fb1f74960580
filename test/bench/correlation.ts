import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRules } from '../../rules/sigma/parse.ts';
import { openGrouping, readsOf } from '../../server/alerts/grouping.ts';
import { createEvaluator } from '../../server/detection/evaluate.ts';
import { openEmbeddedStore } from '../../server/store/embedded/open.ts';
import type { StoredBatch } from '../../server/store/event-store.ts';
import { silentLog } from '../server/rules/silent-log.ts';
import { batchOf } from '../server/store/frames.ts';

/**
 * A correlation over many groups, with signals and alerts committed to a real store as detection does it:
 * `npm run bench:correlation -- [EVENTS] [GROUPS]` prints one JSON line. One group in a hundred crosses the threshold.
 */
const events = Number(process.argv[2] ?? 1_000_000);
const groups = Number(process.argv[3] ?? 100_000);
const BATCH = 1_000;
const MIB = 1024 * 1024;
const START = Date.UTC(2026, 10, 20, 8);

const RULES = `
title: Sign-in failed
id: 6a0b6a55-7d0c-4b8d-9f0e-0f2f0e1f0001
name: failed
logsource: { category: authentication }
detection:
  selection: { event.outcome: failure }
  condition: selection
---
title: Many failed sign-ins
id: 6a0b6a55-7d0c-4b8d-9f0e-0f2f0e1f0002
level: high
correlation:
  type: event_count
  rules: [failed]
  group-by: [source.ip]
  timespan: 10m
  condition: { gte: 20 }
haidang: { group_by: [source.ip] }
`;

const address = (group: number): string => [10, (group >>> 16) & 255, (group >>> 8) & 255, group & 255].join('.');
/** Most groups are seen evenly; one in a hundred is seen in bursts. */
function groupOf(at: number): number {
  return at % 10 === 0 ? 100 * Math.floor(at / 1_000) : Math.imul(at, 0x9e3779b1) >>> 0;
}

const folder = await mkdtemp(join(tmpdir(), 'haidang-bench-correlation-'));
try {
  const { rules } = parseRules(RULES, 'bench.yml');
  const store = await openEmbeddedStore({ folder, log: silentLog, now: () => START });
  const evaluator = createEvaluator(rules);
  const grouping = openGrouping({ rules, reads: readsOf(store.records, store.events), fresh: true });
  let matches = 0;
  let evaluating = 0;
  const alerts = new Set<string>();
  const begun = Date.now();
  const cpu = process.cpuUsage();
  let making = 0;
  for (let first = 0; first < events; first += BATCH) {
    const before = process.threadCpuUsage().user;
    const made = Array.from({ length: BATCH }, (_, index) => ({
      '@timestamp': new Date(START + (first + index) * 2).toISOString(),
      event: { kind: 'event', module: 'openssh', category: ['authentication'], outcome: 'failure' },
      host: { name: 'web-1' },
      source: { ip: address(groupOf(first + index) % groups) },
    }));
    const batch: StoredBatch = {
      ...batchOf(made, { first: first + 1 }),
      firstSequence: first + 1,
      lastSequence: first + BATCH,
      lines: Uint32Array.from(made, (_, at) => at),
    };
    const start = process.threadCpuUsage().user;
    making += start - before;
    const { cells } = evaluator.evaluate(batch);
    evaluating += process.threadCpuUsage().user - start;
    for (const { count } of cells) matches += count;
    const commit = await grouping.apply(cells, new Date(START).toISOString());
    for (const { id } of commit.alerts) alerts.add(id);
    await store.records.commitDetection({ cursor: first + BATCH, ...commit });
  }
  const seconds = (Date.now() - begun - making / 1_000) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  await store.records.close();
  await store.events.close();
  console.log(
    JSON.stringify({
      events,
      groups,
      matches,
      alerts: alerts.size,
      events_per_s: Math.round(events / seconds),
      cpu_us_per_event: Math.round((user + system - making) / events),
      evaluate_us_per_event: Math.round((evaluating / events) * 10) / 10,
      peak_rss_mib: Math.round((process.resourceUsage().maxRSS * 1024) / MIB),
    }),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
