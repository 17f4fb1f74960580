import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync, zstdCompressSync } from 'node:zlib';
import { parseLine } from '../../collector/parsers/index.ts';
import type { EcsEvent } from '../../ecs/event.ts';
import { utcDay } from '../../ecs/event-id.ts';
import type { AgencyId, CollectorId } from '../../server/identity.ts';
import type { IncomingBatch } from '../../server/store/event-store.ts';
import { accessLog, authLog, numbers } from '../e2e/logs.ts';

const AGENCIES = 150;
const FRAME = 1_000;
const DAYS = 7;
export const DAY_MS = 86_400_000;
/** A word that three events have. */
export const RARE = 'rarely47731';
/** The events are of the week before this moment, milliseconds. */
export const END: number = Math.floor(Date.now() / DAY_MS) * DAY_MS;
export const START: number = END - DAYS * DAY_MS;

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
    const event = parseLine(line, 'auto', { now: END, timeZone: 'UTC' }, hint);
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
    '@timestamp': new Date(END).toISOString(),
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

/** What copies are made of: Windows, web and log-in events. */
export interface Patterns {
  readonly from: string;
  readonly of: readonly (readonly Pattern[])[];
}

/** The events that are copied: real ones, where they lie beside the project. */
export function patterns(): Patterns {
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
  const written = { endsAt: END };
  return {
    from: 'written events',
    of: [commandLines(10_000).map(windowsEvent), parsed(accessLog(10_000, written)), parsed(authLog(10_000, written))],
  };
}

/** Makes frames of copies, each different; the same for the same total, so that two stores get the same events. */
export class FrameMaker {
  /** Events so far. */
  made = 0;
  readonly #total: number;
  readonly #patterns: Patterns;
  readonly #number: (below: number) => number = numbers(1);
  readonly #sequences = new Map<string, number>();

  constructor(total: number, from: Patterns) {
    this.#total = total;
    this.#patterns = from;
  }

  /** The next frame: of one agency's collector, its events close together. */
  next(): IncomingBatch {
    const agency = this.#number(AGENCIES);
    const at = START + (this.made / this.#total) * DAYS * DAY_MS;
    const day = utcDay(at);
    const collector = `c${String(1_000_000 + agency)}`;
    const first = (this.#sequences.get(`${collector}${day}`) ?? 0) + 1;
    const events = Math.min(FRAME, this.#total - this.made);
    const dayEnd = Date.parse(new Date(at).toISOString().slice(0, 10)) + DAY_MS - 1;
    const lines = Array.from({ length: events }, (_, n) => {
      const time = Math.min(dayEnd, Math.floor(at + n * 20));
      const id = `${day}-${collector}-0a0b0c0d-${first + n}-${(this.made + n).toString(16).padStart(12, '0')}`;
      return this.#line(this.made + n, time, agency, id);
    });
    this.#sequences.set(`${collector}${day}`, first + events - 1);
    this.made += events;
    const position = first + events - 1;
    const source = { source: 'file:/var/log/all.log', read: position, spooled: position, dropped: {}, unparsed: 0 };
    const header = {
      version: 1,
      collector,
      epoch: '0a0b0c0d',
      day,
      first,
      last: position,
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

  #line(at: number, time: number, agency: number, id: string): string {
    // In the proportions 5 : 3 : 2, Windows, web, log-ins.
    const kind = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2][this.#number(10)] ?? 0;
    const list = this.#patterns.of[kind] ?? [];
    let json = this.#copy(list[this.#number(list.length)] as Pattern, time, agency);
    // Three events of all have a word of their own.
    if (at % Math.ceil(this.#total / 3) === 7) json = json.replace('"original":"', `"original":"${RARE} `);
    return json.replace('"event":{', `"event":{"id":"${id}",`);
  }

  #copy(pattern: Pattern, time: number, agency: number): string {
    let { json } = pattern;
    json = json.replace(pattern.time, JSON.stringify(new Date(time).toISOString()));
    if (pattern.host !== '') json = json.replaceAll(pattern.host, `h${agency}-${this.#number(20)}`);
    if (pattern.address !== '') {
      const address = this.#number(20_000);
      json = json.replaceAll(pattern.address, `203.${address >> 8}.${address & 255}.${1 + (address % 250)}`);
    }
    return json;
  }
}
