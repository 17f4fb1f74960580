import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { parseRules } from '../../../rules/sigma/parse.ts';
import type { AlertDetected } from '../../../server/alerts/record.ts';
import type { Detection, DetectionOptions, LoadedRules } from '../../../server/detection/detection.ts';
import { SYSTEM } from '../../../server/identity.ts';
import type { EventStore } from '../../../server/store/event-store.ts';
import type { RecordStore } from '../../../server/store/record-store.ts';
import { openAnyStore } from '../store/any-store.ts';
import { batchOf, type Parsed, sshFailure } from '../store/frames.ts';
import { startAnyDetection } from './any-detection.ts';

const RULES = `
title: A failed SSH login
id: 6f8d0a55-6f2c-4c9f-9a0e-1d1a0c3d1001
name: ssh_failed
status: test
level: low
logsource: {product: linux, service: sshd}
detection:
  failed: {event.action: ssh_login, event.outcome: failure}
  condition: failed
---
title: Many failed SSH logins
id: 6f8d0a55-6f2c-4c9f-9a0e-1d1a0c3d1002
status: test
level: high
tags: [attack.credential-access, attack.t1110]
correlation:
  type: event_count
  rules: [ssh_failed]
  group-by: [source.ip]
  timespan: 1m
  condition: {gte: 10}
haidang:
  group_by: [host.name]
  gap: 24h
  sentence: {en: "{source.ip} failed {count} logins on {host.name}"}
---
title: Login as admin
id: 6f8d0a55-6f2c-4c9f-9a0e-1d1a0c3d1003
status: test
level: medium
logsource: {product: linux, service: sshd}
detection:
  admin: {user.name: admin}
  condition: admin
---
title: A login after many failed ones
id: 6f8d0a55-6f2c-4c9f-9a0e-1d1a0c3d1004
status: test
level: critical
correlation:
  type: temporal_ordered
  rules: [6f8d0a55-6f2c-4c9f-9a0e-1d1a0c3d1002, ssh_login]
  group-by: [source.ip]
  timespan: 1h
---
title: An SSH login
id: 6f8d0a55-6f2c-4c9f-9a0e-1d1a0c3d1005
name: ssh_login
status: test
level: low
logsource: {product: linux, service: sshd}
detection:
  login: {event.action: ssh_login, event.outcome: success}
  condition: login
`;

export const BRUTE_FORCE = '6f8d0a55-6f2c-4c9f-9a0e-1d1a0c3d1002';
export const ADMIN_LOGIN = '6f8d0a55-6f2c-4c9f-9a0e-1d1a0c3d1003';
export const LOGIN_AFTER_FAILURES = '6f8d0a55-6f2c-4c9f-9a0e-1d1a0c3d1004';
const NOW = Date.UTC(2026, 10, 20, 8, 0, 30);
const log = pino({ level: process.env['TEST_LOG'] ?? 'silent' });

/** The rules of these tests, parsed as a file of them would be. */
export function testRules(): LoadedRules {
  return parseRules(RULES, 'rules.yml');
}

/** A store, and detection over it, in a temporary folder. */
export class World {
  readonly folder: string;
  events!: EventStore;
  records!: RecordStore;
  #detection: Detection | undefined;
  readonly changed: string[] = [];
  #next = 1;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<World> {
    const world = new World(await mkdtemp(join(tmpdir(), 'hd-detection-')));
    await world.openStore();
    return world;
  }

  async openStore(): Promise<void> {
    ({ events: this.events, records: this.records } = await openAnyStore(join(this.folder, 'store'), () => NOW));
  }

  async detect(
    records: RecordStore = this.records,
    events: EventStore = this.events,
    rules: LoadedRules = testRules(),
    more: Pick<DetectionOptions, 'pauses'> = {},
  ): Promise<Detection> {
    this.#detection = await startAnyDetection({
      events,
      records,
      rules,
      log,
      ...more,
      onAlertsChanged: (ids) => this.changed.push(...ids),
    });
    return this.#detection;
  }

  /** Stores events as one frame, and tells detection where it runs. */
  async store(events: readonly Parsed[]): Promise<void> {
    const result = await this.events.append(batchOf(events, { first: this.#next }));
    this.#next += events.length;
    if (result.appended) this.#detection?.offer(result.appended);
  }

  /** The next events are numbered from here on: another process stored some meanwhile. */
  continueAt(next: number): void {
    this.#next = next;
  }

  /** Waits until all that is stored is evaluated. */
  async settled(): Promise<void> {
    const last = await this.events.lastSequence();
    while ((this.#detection?.state().cursor ?? 0) < last) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async alerts(): Promise<(AlertDetected & { id: string; version: number })[]> {
    const page = await this.records.as(SYSTEM).find('alert', { limit: 100 });
    return page.records
      .map(({ id, version, document }) => ({ id, version, ...document }))
      .sort((a, b) => a.rule.localeCompare(b.rule) || a.first.localeCompare(b.first));
  }

  async stopDetection(): Promise<void> {
    await this.#detection?.stop();
    this.#detection = undefined;
  }

  async close(): Promise<void> {
    await this.stopDetection();
    await this.events.close();
    await this.records.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Failed logins at a steady pace, `from` seconds after 08:00. */
export function failures(count: number, from = 0, every = 1, ip = '203.0.113.7', user = 'root'): Parsed[] {
  return Array.from({ length: count }, (_, at) => {
    const event = sshFailure(0, ip, user);
    return { ...event, '@timestamp': new Date(Date.UTC(2026, 10, 20, 8) + (from + at * every) * 1000).toISOString() };
  });
}

/** A successful login, `at` seconds after 08:00. */
export function success(at: number, ip = '203.0.113.7', user = 'hoa'): Parsed {
  const [event] = failures(1, at, 1, ip, user);
  if (!event) throw new Error('no event');
  return { ...event, event: { ...event.event, outcome: 'success' } };
}
