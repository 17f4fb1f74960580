import { hash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import type { EcsEvent } from '../../../ecs/event.ts';
import { formatEventId } from '../../../ecs/event-id.ts';
import type { FrameHeader } from '../../../ecs/wire.ts';
import type { AgencyId, CollectorId } from '../../../server/identity.ts';
import type { IncomingBatch } from '../../../server/store/event-store.ts';
import { decodeFrame, lineOfFrame } from '../../../server/store/frame.ts';

/** An event without its id: what a parser gives. */
export type Parsed = Omit<EcsEvent, 'event'> & { event?: Record<string, unknown> };

/** How a frame is made; all has defaults. */
export interface FrameOptions {
  readonly day?: string;
  readonly collector?: string;
  readonly epoch?: string;
  readonly first?: number;
  /** Source of each event; one name for all. */
  readonly source?: string | readonly string[];
  readonly header?: Partial<FrameHeader> & Readonly<Record<string, unknown>>;
}

export const DAY = '20261120';
export const COLLECTOR = 'c1aaaaaa';
export const EPOCH = '0a0b0c0d';
export const AGENCY_A = 'so-tai-chinh' as AgencyId;
export const AGENCY_B = 'so-y-te' as AgencyId;

/** The id that an event at a place in a frame must carry. */
export function idAt(sequence: number, original: string, options: FrameOptions = {}): string {
  const { day = DAY, collector = COLLECTOR, epoch = EPOCH } = options;
  return formatEventId({ day, collector, epoch, sequence, hash: hash('sha256', original).slice(0, 12) });
}

/** Gives events their ids and writes them as lines of JSON. */
export function toLines(events: readonly Parsed[], options: FrameOptions = {}): string[] {
  const first = options.first ?? 1;
  return events.map((event, at) => {
    const line: unknown = event.event?.['original'] ?? event.message;
    const original = typeof line === 'string' ? line : '';
    return JSON.stringify({ ...event, event: { original, ...event.event, id: idAt(first + at, original, options) } });
  });
}

/** The lines of a frame, as the store opens it. */
export function linesIn(body: Uint8Array): string[] {
  const frame = decodeFrame(body);
  return Array.from({ length: frame.starts.length - 1 }, (_, at) => lineOfFrame(frame, at));
}

/** Packs lines as a collector does. */
export function packLines(lines: readonly string[], options: FrameOptions = {}): Uint8Array {
  const { day = DAY, collector = COLLECTOR, epoch = EPOCH, first = 1, source = 'file:/var/log/auth.log' } = options;
  const names = typeof source === 'string' ? [source] : [...new Set(source)];
  const runs = typeof source === 'string' ? [[0, lines.length]] : source.map((name) => [names.indexOf(name), 1]);
  const header = {
    version: 1,
    collector,
    epoch,
    day,
    first,
    last: first + lines.length - 1,
    spooledAt: '2026-11-20T08:00:00.000Z',
    sources: names.map((name) => ({ source: name, read: 0, spooled: 0, dropped: {}, unparsed: 0 })),
    runs: lines.length === 0 ? [] : runs,
    ...options.header,
  };
  return zstdCompressSync([JSON.stringify(header), ...lines].join('\n'));
}

/** A batch as ingest hands it to the store. */
export function batchOf(
  events: readonly Parsed[],
  options: FrameOptions & { readonly agency?: AgencyId; readonly receivedAt?: string } = {},
): IncomingBatch {
  return batchOfLines(toLines(events, options), options);
}

/** The same from lines, so that some may be bad. */
export function batchOfLines(
  lines: readonly string[],
  options: FrameOptions & { readonly agency?: AgencyId; readonly receivedAt?: string } = {},
): IncomingBatch {
  return {
    agency: options.agency ?? AGENCY_A,
    collector: (options.collector ?? COLLECTOR) as CollectorId,
    receivedAt: options.receivedAt ?? '2026-11-20T08:00:01.000Z',
    body: packLines(lines, options),
  };
}

/** A failed ssh log-in, `second` seconds after 08:00 on the test's day. */
export function sshFailure(second: number, ip = '203.0.113.7', user = 'root'): Parsed {
  const time = new Date(Date.UTC(2026, 10, 20, 8, 0, second)).toISOString();
  const message = `Failed password for invalid user ${user} from ${ip} port ${40_000 + second} ssh2`;
  return {
    '@timestamp': time,
    message,
    event: {
      original: `Nov 20 08:00:00 cong-dvc sshd[${1000 + second}]: ${message}`,
      kind: 'event',
      module: 'system',
      dataset: 'system.auth',
      category: ['authentication'],
      action: 'ssh_login',
      outcome: 'failure',
    },
    host: { name: 'cong-dvc' },
    process: { name: 'sshd', pid: 1000 + second },
    source: { ip, port: 40_000 + second },
    user: { name: user },
  };
}
