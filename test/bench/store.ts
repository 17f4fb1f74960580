import { readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { utcDay } from '../../ecs/event-id.ts';
import { parseKql } from '../../rules/query/kql.ts';
import { SYSTEM } from '../../server/identity.ts';
import { openEmbeddedStore } from '../../server/store/embedded/open.ts';
import { batchOf, type Parsed } from '../server/store/frames.ts';

/**
 * Measures the embedded store: `node test/bench/store.ts [events] [folder]` prints one JSON line. Events are made up,
 * with the proportions of a server in the open: failed log-ins, web requests, system lines.
 */
const total = Number(process.argv[2] ?? 200_000);
const SIZE = 1_000;
const start = Date.now() - 3_600_000;
const words = [
  'session',
  'opened',
  'closed',
  'disconnected',
  'invalid',
  'timeout',
  'daemon',
  'started',
  'backup',
  'tờ trình',
];

function made(n: number): Parsed {
  const time = new Date(start + n * 5).toISOString();
  const ip = `198.51.${(n * 7) % 200}.${(n * 13) % 250}`;
  const host = `srv-${n % 40}`;
  if (n % 3 === 0) {
    const user = `user${(n * 31) % 900}`;
    const message = `Failed password for invalid user ${user} from ${ip} port ${1024 + ((n * 17) % 60_000)} ssh2`;
    return {
      '@timestamp': time,
      message,
      event: {
        original: `${time} ${host} sshd[${n % 30_000}]: ${message}`,
        kind: 'event',
        module: 'system',
        dataset: 'system.auth',
        category: ['authentication'],
        type: ['start'],
        action: 'ssh_login',
        outcome: 'failure',
      },
      host: { name: host },
      process: { name: 'sshd', pid: n % 30_000 },
      source: { ip, port: 1024 + ((n * 17) % 60_000) },
      user: { name: user },
    };
  }
  if (n % 3 === 1) {
    const path = `/dich-vu/${(n * 11) % 5_000}/ho-so.html`;
    const status = n % 17 === 0 ? 404 : 200;
    const agent =
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36';
    return {
      '@timestamp': time,
      event: {
        original: `${ip} - - [${time}] "GET ${path} HTTP/1.1" ${status} ${(n * 97) % 90_000} "-" "${agent}"`,
        kind: 'event',
        module: 'nginx',
        dataset: 'nginx.access',
        category: ['web'],
        type: ['access'],
        outcome: status < 400 ? 'success' : 'failure',
      },
      host: { name: host },
      source: { ip },
      http: {
        request: { method: 'GET' },
        version: '1.1',
        response: { status_code: status, body: { bytes: (n * 97) % 90_000 } },
      },
      url: { original: path, path },
      user_agent: { original: agent },
    };
  }
  const message = `${words[n % words.length]} ${words[(n * 7) % words.length]} unit-${n % 500}.service id ${(n * 7_919) % 1_000_003}`;
  return {
    '@timestamp': time,
    message,
    event: {
      original: `${time} ${host} systemd[1]: ${message}`,
      kind: 'event',
      module: 'system',
      dataset: 'system.syslog',
    },
    host: { name: host },
    process: { name: 'systemd', pid: 1 },
  };
}

const folder = process.argv[3] ?? (await mkdtemp(join(tmpdir(), 'haidang-bench-')));
const quiet = { info: () => {}, warn: console.error, error: console.error };
const { events, records } = await openEmbeddedStore({ folder, log: quiet });
const frames = Array.from({ length: Math.ceil(total / SIZE) }, (_, frame) =>
  batchOf(
    Array.from({ length: SIZE }, (_, at) => made(frame * SIZE + at)),
    { first: frame * SIZE + 1, day: utcDay(start), source: 'file:/var/log/all.log' },
  ),
);
const frameBytes = frames.reduce((sum, { body }) => sum + body.byteLength, 0);

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const cpu = process.cpuUsage();
const from = performance.now();
const queue = [...frames];
const lanes = Array.from({ length: 4 }, async () => {
  for (let batch = queue.shift(); batch; batch = queue.shift()) await events.append(batch);
});
await Promise.all(lanes);
const seconds = (performance.now() - from) / 1_000;
const used = process.cpuUsage(cpu);
delay.disable();

async function timed(ask: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const at = performance.now();
    await ask();
    times.push(performance.now() - at);
  }
  return Math.round((times.sort((a, b) => a - b)[2] ?? 0) * 10) / 10;
}

const view = events.as(SYSTEM);
const range = { from: new Date(start - 1).toISOString(), to: new Date(start + total * 5 + 1).toISOString() };
const page = (kql: string) => timed(() => view.search({ range, condition: parseKql(kql), limit: 100 }));
const latencyMs = {
  newest100: await page(''),
  failures100: await page('event.outcome: failure and event.dataset: system.auth'),
  oneAddress100: await page('source.ip: 198.51.7.13'),
  rareWord: await page('704221'),
  commonWord100: await page('failed'),
  substring100: await page('url.path: *4999*'),
  count: await timed(() => view.count({ range, condition: parseKql('event.outcome: failure') })),
  histogram60: await timed(() =>
    view.histogram({ range, condition: parseKql(''), intervalSeconds: Math.ceil((total * 5) / 60_000) }),
  ),
  recountFull: await timed(() => events.recount(0, { full: true })),
  recount: await timed(() => events.recount(total)),
};
await events.close();
await records.close();
const bytes = readdirSync(join(folder, 'events')).reduce(
  (sum, name) => sum + statSync(join(folder, 'events', name)).size,
  0,
);
console.log(
  JSON.stringify({
    events: total,
    eventsPerSecond: Math.round(total / seconds),
    cpuMicrosecondsPerEvent: Math.round(((used.user + used.system) / total) * 100) / 100,
    bytesPerEvent: Math.round(bytes / total),
    frameBytesPerEvent: Math.round(frameBytes / total),
    eventLoopDelayP99Ms: Math.round(delay.percentile(99) / 1e5) / 10,
    latencyMs,
  }),
);
if (!process.argv[3]) await rm(folder, { recursive: true });
