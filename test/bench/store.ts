/**
 * The embedded store with many events: how fast it appends, what they take, and how long an analyst waits. Events are
 * real ones where `../shared/data` lies beside the project, else written here, each made different: seven days, 150
 * agencies, 3,000 hosts, 20,000 addresses. Prints one JSON document.
 * Usage: npm run bench:store [-- EVENTS [FOLDER]]
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { gunzipSync, zstdCompressSync } from 'node:zlib';
import { parseLine } from '../../collector/parsers/index.ts';
import type { EcsEvent } from '../../ecs/event.ts';
import { utcDay } from '../../ecs/event-id.ts';
import { parseKql } from '../../rules/query/kql.ts';
import type { AgencyId, CollectorId } from '../../server/identity.ts';
import { SYSTEM } from '../../server/identity.ts';
import { openEmbeddedStore } from '../../server/store/embedded/open.ts';
import type { IncomingBatch } from '../../server/store/event-store.ts';
import { accessLog, authLog, numbers } from '../e2e/logs.ts';

const total = Math.max(10_000, Number(process.argv[2] ?? 1_000_000));
const folder = process.argv[3] ?? (await mkdtemp(join(tmpdir(), 'haidang-bench-')));
const AGENCIES = 150;
const FRAME = 1_000;
const RARE = 'rarely47731';
/** Frames made before the clock runs. */
const CHUNK = 40;
const DAYS = 7;
const DAY_MS = 86_400_000;
const end = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const start = end - DAYS * DAY_MS;

/** One event to be copied: its JSON, and what is replaced in each copy. */
interface Pattern {
  readonly json: string;
  readonly time: string;
  readonly host: string;
  readonly address: string;
}

function patternOf(event: EcsEvent): Pattern {
  const { host, source } = event as { host?: { name?: string }; source?: { ip?: string } };
  return {
    json: JSON.stringify(event),
    time: JSON.stringify(event['@timestamp']),
    host: host?.name ?? '',
    address: source?.ip ?? '',
  };
}

function parsed(lines: readonly string[]): Pattern[] {
  const hint = {};
  return lines.map((line) => {
    const event = parseLine(line, 'auto', { now: end, timeZone: 'UTC' }, hint);
    event.event.original ??= line;
    return patternOf(event);
  });
}

/** A Windows event in ECS, as far as the store looks at it; the rest is in the original. */
function windowsEvent(line: string): Pattern {
  const raw = JSON.parse(line) as Record<string, unknown>;
  const text = (key: string) => (typeof raw[key] === 'string' ? (raw[key] as string) : undefined);
  const executable = text('Image') ?? text('NewProcessName');
  const failed = raw['EventID'] === 4625;
  return patternOf({
    '@timestamp': new Date(end).toISOString(),
    message: text('Message')?.split('\r\n')[0] ?? String(raw['EventID']),
    event: {
      kind: 'event',
      module: 'windows',
      dataset: `windows.${text('service') ?? 'system'}`,
      code: String(raw['EventID']),
      category: [executable ? 'process' : 'host'],
      type: [executable ? 'start' : 'info'],
      outcome: failed ? 'failure' : 'success',
      severity: Number(raw['SeverityValue'] ?? 2),
      original: line,
    },
    host: { name: text('Hostname') ?? 'host' },
    ...(executable
      ? {
          process: {
            executable,
            name: executable.split('\\').at(-1) ?? '',
            command_line: text('CommandLine') ?? executable,
          },
        }
      : {}),
    ...(text('SourceIp') ? { source: { ip: text('SourceIp') } } : {}),
    ...(text('TargetUserName') ? { user: { name: text('TargetUserName') } } : {}),
  } as EcsEvent);
}

function commandLines(count: number): string[] {
  const number = numbers(3);
  const programs = ['cmd.exe', 'powershell.exe', 'svchost.exe', 'winword.exe', 'certutil.exe'];
  return Array.from({ length: count }, (_, n) => {
    const program = programs[number(programs.length)] ?? 'cmd.exe';
    const Image = `C:\\Windows\\System32\\${program}`;
    const CommandLine = `${Image} /c start "ho so ${n}" C:\\Users\\user${number(900)}\\AppData\\Local\\Temp\\${number(1e6)}.tmp`;
    return JSON.stringify({
      EventID: 1,
      Image,
      CommandLine,
      Hostname: `PC-${number(400)}`,
      service: 'sysmon',
      SeverityValue: 2,
    });
  });
}

function patterns(): { readonly from: string; readonly of: readonly (readonly Pattern[])[] } {
  const shared = new URL('../../../shared/data/', import.meta.url);
  const unpack = (name: string) =>
    gunzipSync(readFileSync(new URL(name, shared)))
      .toString('utf8')
      .trim()
      .split('\n');
  if (existsSync(new URL('logs/auth.log.gz', shared))) {
    const auth = parsed(unpack('logs/auth.log.gz'));
    const access = parsed(unpack('logs/apache_access.log.gz'));
    return { from: 'real events', of: [unpack('sigma/events-windows.ndjson.gz').map(windowsEvent), access, auth] };
  }
  const written = { endsAt: end };
  return {
    from: 'written events',
    of: [commandLines(10_000).map(windowsEvent), parsed(accessLog(10_000, written)), parsed(authLog(10_000, written))],
  };
}

const sources = patterns();
const number = numbers(1);
const sequences = new Map<string, number>();
let made = 0;

function copy(pattern: Pattern, time: number, agency: number): string {
  let { json } = pattern;
  json = json.replace(pattern.time, JSON.stringify(new Date(time).toISOString()));
  if (pattern.host !== '') json = json.replaceAll(pattern.host, `h${agency}-${number(20)}`);
  if (pattern.address !== '') {
    const address = number(20_000);
    json = json.replaceAll(pattern.address, `203.${address >> 8}.${address & 255}.${1 + (address % 250)}`);
  }
  return json;
}

/** The next frame: of one agency's collector, its events close together. */
function nextFrame(): IncomingBatch {
  const agency = number(AGENCIES);
  const at = start + (made / total) * DAYS * DAY_MS;
  const day = utcDay(at);
  const collector = `c${String(1_000_000 + agency)}`;
  const first = (sequences.get(`${collector}${day}`) ?? 0) + 1;
  const events = Math.min(FRAME, total - made);
  const dayEnd = Date.parse(new Date(at).toISOString().slice(0, 10)) + DAY_MS - 1;
  const lines = Array.from({ length: events }, (_, n) => {
    // In the proportions 5 : 3 : 2, Windows, web, log-ins.
    const kind = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2][number(10)] ?? 0;
    const list = sources.of[kind] ?? [];
    let json = copy(list[number(list.length)] as Pattern, Math.min(dayEnd, Math.floor(at + n * 20)), agency);
    // Three events of all have a word of their own.
    if ((made + n) % Math.ceil(total / 3) === 7) json = json.replace('"original":"', `"original":"${RARE} `);
    const id = `${day}-${collector}-0a0b0c0d-${first + n}-${(made + n).toString(16).padStart(12, '0')}`;
    return json.replace('"event":{', `"event":{"id":"${id}",`);
  });
  sequences.set(`${collector}${day}`, first + events - 1);
  made += events;
  const source = {
    source: 'file:/var/log/all.log',
    read: first + events - 1,
    spooled: first + events - 1,
    dropped: {},
    unparsed: 0,
  };
  const header = {
    version: 1,
    collector,
    epoch: '0a0b0c0d',
    day,
    first,
    last: first + events - 1,
    spooledAt: new Date(at).toISOString(),
    sources: [source],
    runs: [[0, events]],
  };
  return {
    collector: collector as CollectorId,
    agency: `agency-${agency}` as AgencyId,
    receivedAt: new Date(at).toISOString(),
    body: zstdCompressSync(Buffer.from(`${JSON.stringify(header)}\n${lines.join('\n')}\n`)),
  };
}

const quiet = { info: () => {}, warn: console.error, error: console.error };
const { events, records } = await openEmbeddedStore({
  folder,
  log: quiet,
  now: () => end,
  limits: { milliseconds: 60_000 },
});
const delay = monitorEventLoopDelay({ resolution: 5 });
let seconds = 0;
let cpuMs = 0;
let frameBytes = 0;
let reported = performance.now();
while (made < total) {
  const frames: IncomingBatch[] = [];
  while (frames.length < CHUNK && made < total) frames.push(nextFrame());
  for (const { body } of frames) frameBytes += body.byteLength;
  delay.enable();
  const cpu = process.cpuUsage();
  const from = performance.now();
  const lanes = Array.from({ length: 4 }, async () => {
    for (let batch = frames.shift(); batch; batch = frames.shift()) {
      const { stored } = await events.append(batch);
      if (stored === 0) throw new Error('A frame was not stored.');
    }
  });
  await Promise.all(lanes);
  seconds += (performance.now() - from) / 1_000;
  const used = process.cpuUsage(cpu);
  cpuMs += (used.user + used.system) / 1_000;
  delay.disable();
  if (performance.now() - reported > 10_000) {
    reported = performance.now();
    console.error(`${made} of ${total} events, ${Math.round(made / seconds)} a second`);
  }
}

/** Median and slowest of some rounds in milliseconds, after one that opens what is needed. */
async function timed(ask: () => Promise<unknown>): Promise<readonly [median: number, slowest: number]> {
  await ask();
  const times: number[] = [];
  for (let round = 0; round < 7; round++) {
    const at = performance.now();
    await ask();
    times.push(performance.now() - at);
  }
  times.sort((a, b) => a - b);
  const rounded = (time = 0) => Math.round(time * 10) / 10;
  return [rounded(times[3]), rounded(times[6])];
}

const agency = 'agency-7' as AgencyId;
const one = events.as({ ...SYSTEM, agencies: [agency] });
const all = events.as(SYSTEM);
const week = { from: new Date(start).toISOString(), to: new Date(end).toISOString() };
const lastDay = { from: new Date(end - DAY_MS).toISOString(), to: week.to };
const always = parseKql('');
const figures = {
  newest100OfAgency: await timed(() => one.search({ range: week, condition: always, limit: 100 })),
  histogram24hBySeverity: await timed(() =>
    all.stackedHistogram({
      range: lastDay,
      condition: always,
      field: 'event.severity',
      intervalSeconds: 1_800,
      limit: 6,
    }),
  ),
  top20SourcesOfFailures7d: await timed(() =>
    all.topValues({ range: week, condition: parseKql('event.outcome: failure'), field: 'source.ip', limit: 20 }),
  ),
  rareWord: await timed(() => all.search({ range: week, condition: parseKql(RARE), limit: 100 })),
  wordsFarApart: await timed(() => all.search({ range: week, condition: parseKql('"203.66.7"'), limit: 100 })),
  rareAddress: await timed(() =>
    all.search({ range: week, condition: parseKql('source.ip: 203.5.220.1'), limit: 100 }),
  ),
  substringOfCommandLine: await timed(() =>
    all.search({ range: week, condition: parseKql('process.command_line: *invoke-mimi*'), limit: 100 }),
  ),
  countOfWeek: await timed(() => all.count({ range: week, condition: parseKql('event.outcome: failure') })),
};
const stored = (await events.days()).reduce((sum, day) => sum + day.events, 0);
await events.close();
await records.close();
const files = readdirSync(join(folder, 'events'));
const bytes = files.reduce((sum, name) => sum + statSync(join(folder, 'events', name)).size, 0);
const dropAt = performance.now();
for (const name of files.filter((name) => name.startsWith(utcDay(start)))) rmSync(join(folder, 'events', name));
const dropped = performance.now() - dropAt;
console.log(
  JSON.stringify({
    events: total,
    of: sources.from,
    stored,
    eventsPerSecond: Math.round(total / seconds),
    cpuMicrosecondsPerEvent: Math.round((cpuMs / total) * 1e5) / 100,
    bytesPerEvent: Math.round(bytes / total),
    frameBytesPerEvent: Math.round(frameBytes / total),
    eventLoopDelayP99Ms: Math.round(delay.percentile(99) / 1e5) / 10,
    peakRssMib: Math.round(process.resourceUsage().maxRSS / 1024),
    dayDropMs: Math.round(dropped * 10) / 10,
    milliseconds: figures,
  }),
);
if (!process.argv[3]) rmSync(folder, { recursive: true });
