import { join } from 'node:path';
import { startDetection } from '../../server/detection/detection.ts';
import { PACKS } from '../../server/detection/load-rules.ts';
import type { ImportJob } from '../../server/rules/import/schema.ts';
import { startLiveRules } from '../../server/rules/live-rules.ts';
import { HOST, openBench } from '../server/api/harness.ts';
import { silentLog } from '../server/rules/silent-log.ts';
import { batchOf, sshFailure } from '../server/store/frames.ts';

/**
 * For how long importing thousands of rules keeps a running server's main thread from all else:
 * `npm run bench:import -- RULES_DIR [enabled|draft]` prints one JSON line a step, with the longest processor time in a row.
 */
const [folder, as = 'enabled'] = process.argv.slice(2);
if (folder === undefined) {
  console.error('bench:import needs a folder of rules.');
  process.exit(2);
}
const TICK_MS = 2;
const bench = await openBench();
bench.local = true;
const detection = await startDetection({
  events: bench.events,
  records: bench.records,
  rules: bench.rules,
  log: silentLog,
  onAlertsChanged: () => undefined,
});
const live = await startLiveRules({
  registry: bench.rules,
  detection,
  records: bench.records,
  folders: [],
  log: silentLog,
});
let longest = 0;
let before = process.threadCpuUsage();
const timer = setInterval(() => {
  const { user, system } = process.threadCpuUsage(before);
  before = process.threadCpuUsage();
  longest = Math.max(longest, (user + system) / 1_000);
}, TICK_MS);
const ask = async (method: 'GET' | 'POST', path: string, payload?: object): Promise<ImportJob> => {
  const headers = { host: HOST, origin: `http://${HOST}`, ...(payload ? { 'content-type': 'application/json' } : {}) };
  const answer = await bench.app.inject({
    method,
    url: `/api/v1/rules${path}`,
    headers,
    ...(payload ? { payload } : {}),
  });
  if (answer.statusCode >= 300) throw new Error(answer.body);
  return answer.json();
};
const told = (step: string, job: ImportJob): void => {
  console.log(JSON.stringify({ step, state: job.state, counts: job.counts, longest_ms: Math.round(longest) }));
  longest = 0;
};
try {
  await bench.events.append(batchOf(Array.from({ length: 500 }, (_, at) => sshFailure(at, '198.51.100.9'))));
  longest = 0;
  const read = async (path: string): Promise<ImportJob> => {
    await ask('POST', '/imports', { path });
    for (;;) {
      await new Promise((done) => setTimeout(done, 100));
      const job = await ask('GET', '/imports/current');
      if (job.state !== 'running') return job;
    }
  };
  // What a route's first answer costs (its schema is compiled then) is told apart.
  told('few', await read(join(PACKS, 'mail')));
  told('read', await read(folder));
  const reason = 'measuring';
  told(as, await ask('POST', '/imports/current/take', { as, states: ['runs', 'no-data'], reason }));
} finally {
  clearInterval(timer);
  await live.stop();
  await detection.stop();
  await bench.close();
}
